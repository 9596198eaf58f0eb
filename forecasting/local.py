"""Local models: each series is forecast alone, and one that fails does not stop the others."""

from collections.abc import Callable, Sequence

import numpy as np

from demand.history import FloatArray, Panel
from forecasting.preparation import Prepared, prepare
from forecasting.quantiles import QuantileForecast, check_levels, proper

ForecastOne = Callable[[Prepared, int, tuple[float, ...]], FloatArray]
"""Quantiles of one prepared series from its last observation on, shape (horizon, n_levels)."""


def forecast_alone(
    panel: Panel, horizon: int, levels: Sequence[float], minimum: int, forecast_one: ForecastOne
) -> QuantileForecast:
    """Forecast every series of a panel by itself.

    A series ends at its last observation, so what is missing after it is forecast too and then left out.

    Args:
        panel: the history.
        horizon: buckets after the end of the panel.
        levels: probabilities in (0, 1).
        minimum: observed buckets that a series needs; one that has fewer is named in the failures.
        forecast_one: the model of one series; whatever it raises is a failure of that series.
    """
    ordered = check_levels(levels)
    values = np.full((panel.n_series, horizon, len(ordered)), np.nan)
    failures: dict[int, str] = {}
    season = panel.granularity.rhythm.whole_seasons[0]
    caps = np.full(panel.n_series, np.nan) if panel.caps is None else panel.caps
    for row, history in enumerate(panel.values):
        observed = int((~np.isnan(history)).sum())
        if observed < max(minimum, 1):
            failures[row] = f"{observed} observed values are fewer than the {max(minimum, 1)} that the model needs"
            continue
        series = prepare(history, season, float(caps[row]))
        try:
            result = forecast_one(series, horizon + series.tail, ordered)[series.tail :] * series.scale
        except Exception as error:  # noqa: BLE001 - third-party models raise anything, and other series must go on
            failures[row] = f"the fit failed: {type(error).__name__}: {error}"
            continue
        if np.isfinite(result).all():
            values[row] = proper(result)
        else:
            failures[row] = "the fit gave values that are not finite"
    return QuantileForecast(ordered, values, failures)
