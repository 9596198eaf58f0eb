"""What stands between a model and its reader: no forecast leaves that is missing, broken or beyond belief."""

import numpy as np
import numpy.typing as npt

from demand.history import FloatArray, Panel
from forecasting.quantiles import QuantileForecast, proper

MEDIAN_REACH = 2.0
UPPER_REACH = 5.0
UPPER_LEVEL = 0.95

LIMITS = ((0.5, MEDIAN_REACH), (UPPER_LEVEL, UPPER_REACH))

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
    below there is zero). A row with such a median is replaced; where only its upper quantiles explode, as those of a
    growth rate that few observations tell, they are cut off there. A reach is at least what growth by a factor of e
    in a year adds to the highest value, for a year at most: the range of a few months says nothing of a year. Where
    the fallback itself goes higher, as for a series that never varied, it is the limit.

    Args:
        forecast: what the model says.
        panel: the history that it was fitted to.
        fallback: a forecast of the same series and steps at the same levels, such as the seasonal naive's.

    Returns:
        A forecast without crossing or negative quantiles, with failures only where the fallback fails too, and with a
        note where quantiles were cut off; and why, per row that was replaced.
    """
    reasons = dict(forecast.failures)
    finite: npt.NDArray[np.bool_] = np.asarray(np.isfinite(forecast.values).all(axis=(1, 2)))
    values = np.where(finite[:, None, None], forecast.values, 0.0)
    candidate = QuantileForecast(forecast.levels, proper(values))
    middle, upper = (_limit(panel, fallback, level, reaches) for level, reaches in LIMITS)
    beyond = np.asarray((candidate.at([0.5])[..., 0] > middle).any(axis=1))
    exploding = np.asarray((candidate.at([UPPER_LEVEL])[..., 0] > upper).any(axis=1))
    for row in np.flatnonzero(~finite):
        reasons.setdefault(int(row), "the forecast is not finite")
    for row in np.flatnonzero(beyond & finite):
        highest = float(candidate.values[row].max())
        reasons.setdefault(int(row), f"the forecast reaches {highest:g}, far above all of the history")
    replaced = np.isin(np.arange(len(values)), list(reasons))
    cut = np.where(exploding[:, None, None], np.minimum(candidate.values, upper[..., None]), candidate.values)
    chosen = np.where(replaced[:, None, None], fallback.at(forecast.levels), cut)
    unknown = ~np.isfinite(chosen).all(axis=(1, 2))
    chosen[unknown] = np.nan
    failures = {int(row): fallback.failures.get(int(row), reasons[int(row)]) for row in np.flatnonzero(unknown)}
    notes = {
        int(row): f"its upper quantiles exploded and are cut off at {upper[row].max():g}"
        for row in np.flatnonzero(exploding & ~replaced)
    }
    return QuantileForecast(forecast.levels, chosen, failures, notes), reasons


def _limit(panel: Panel, fallback: QuantileForecast, level: float, reaches: float) -> FloatArray:
    """How high a quantile may be and still be believed, shape (n_series, n_steps)."""
    known = ~np.isnan(panel.values)
    highest = np.where(known, panel.values, -np.inf).max(axis=1, initial=0.0)
    lowest = np.where(known, panel.values, np.inf).min(axis=1, initial=np.inf)
    span = np.where(np.isfinite(lowest), highest - lowest, 0.0)
    horizon = fallback.values.shape[1]
    reach = span * np.sqrt(np.maximum(1.0, horizon / np.maximum(known.sum(axis=1), 1)))
    years = min(horizon * panel.granularity.rhythm.hours / _HOURS_A_YEAR, GROWING_YEARS)
    reach = np.maximum(reach, np.expm1(years) * highest)
    other = np.nan_to_num(fallback.at([level])[..., 0])
    return np.asarray(np.maximum((highest + reaches * reach)[:, None], other) * (1 + 1e-9))
