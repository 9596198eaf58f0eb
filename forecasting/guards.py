"""What stands between a model and its reader: no forecast leaves that is missing, broken or beyond belief."""

import numpy as np
import numpy.typing as npt

from demand.history import Panel
from forecasting.quantiles import QuantileForecast, proper

MEDIAN_REACH = 2.0
UPPER_REACH = 5.0
UPPER_LEVEL = 0.95

GROWING_YEARS = 1.0
"""Years for which demand may grow as fast as e-fold a year; the range of a short history says nothing of that."""

_HOURS_A_YEAR = 8766


def guarded(
    forecast: QuantileForecast, panel: Panel, fallback: QuantileForecast
) -> tuple[QuantileForecast, dict[int, str]]:
    """The forecast with the rows that cannot be believed replaced by those of the fallback.

    A random walk of n steps is expected to range over 1.6 times its standard deviation at step n (Feller, 1951), so
    over the h steps that follow, the range of the history times max(1, sqrt(h / n)), called reach here, is already
    a 95 % quantile of it. A median more than two reaches above everything the series ever had, or a 95 % quantile
    more than five above, therefore says that the fit went wrong (quantile loss punishes that without bound, while
    below there is zero). A reach is at least what growth by a factor of e in a year adds to the highest value, for
    a year at most: the range of a few months says nothing of a year. Where the fallback itself goes higher, as for
    a series that never varied, it is the limit.

    Args:
        forecast: what the model says.
        panel: the history that it was fitted to.
        fallback: a forecast of the same series and steps at the same levels, such as the seasonal naive's.

    Returns:
        A forecast without crossing or negative quantiles, with failures only where the fallback fails too; and why,
        per row that was replaced.
    """
    reasons = dict(forecast.failures)
    finite: npt.NDArray[np.bool_] = np.asarray(np.isfinite(forecast.values).all(axis=(1, 2)))
    values = np.where(finite[:, None, None], forecast.values, 0.0)
    candidate = QuantileForecast(forecast.levels, proper(values))
    beyond = _beyond_belief(candidate, panel, fallback)
    for row in np.flatnonzero(~finite):
        reasons.setdefault(int(row), "the forecast is not finite")
    for row in np.flatnonzero(beyond & finite):
        highest = float(candidate.values[row].max())
        reasons.setdefault(int(row), f"the forecast reaches {highest:g}, far above all of the history")
    replaced = np.isin(np.arange(len(values)), list(reasons))
    chosen = np.where(replaced[:, None, None], fallback.at(forecast.levels), candidate.values)
    unknown = ~np.isfinite(chosen).all(axis=(1, 2))
    chosen[unknown] = np.nan
    failures = {int(row): fallback.failures.get(int(row), reasons[int(row)]) for row in np.flatnonzero(unknown)}
    return QuantileForecast(forecast.levels, chosen, failures), reasons


def _beyond_belief(forecast: QuantileForecast, panel: Panel, fallback: QuantileForecast) -> npt.NDArray[np.bool_]:
    known = ~np.isnan(panel.values)
    highest = np.where(known, panel.values, -np.inf).max(axis=1, initial=0.0)
    lowest = np.where(known, panel.values, np.inf).min(axis=1, initial=np.inf)
    span = np.where(np.isfinite(lowest), highest - lowest, 0.0)
    horizon = forecast.values.shape[1]
    reach = span * np.sqrt(np.maximum(1.0, horizon / np.maximum(known.sum(axis=1), 1)))
    years = min(horizon * panel.granularity.rhythm.hours / _HOURS_A_YEAR, GROWING_YEARS)
    reach = np.maximum(reach, np.expm1(years) * highest)
    beyond = np.zeros(len(forecast.values), dtype=bool)
    for level, reaches in ((0.5, MEDIAN_REACH), (UPPER_LEVEL, UPPER_REACH)):
        own, other = forecast.at([level])[..., 0], fallback.at([level])[..., 0]
        limit = np.maximum((highest + reaches * reach)[:, None], np.nan_to_num(other)) * (1 + 1e-9)
        beyond |= (own > limit).any(axis=1)
    return beyond
