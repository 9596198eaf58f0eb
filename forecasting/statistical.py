"""Classical models of single series: a wrapper around those of statsforecast."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from demand.history import FloatArray, Panel
from forecasting.local import forecast_alone
from forecasting.preparation import Prepared
from forecasting.quantiles import QuantileForecast

Build = Callable[[], Any]
"""Makes a statsforecast model, whose `forecast(y=, h=, level=)` fits and forecasts in one call."""


def build(estimator: str, season: int | list[int]) -> Any:
    """A statsforecast model by the name of its class, for a season, or several, in buckets."""
    from statsforecast import models  # noqa: PLC0415 - importing it takes a second that only a fit is to pay

    return getattr(models, estimator)(season_length=season)


@dataclass(frozen=True)
class Statistical:
    """A statsforecast model, fitted to each series alone. Its draws, where it makes any, are seeded by the library.

    Attributes:
        name: the name of the model.
        build: makes the estimator; called once per series, so no state is shared.
        minimum: observed buckets that a series needs.
        description: what it does, in a sentence.
        budget_seconds: what one series may take.
    """

    across_series: ClassVar[bool] = False
    name: str
    build: Build
    minimum: int
    description: str = "A classical model of each series alone."
    budget_seconds: float = 10.0

    def minimum_history(self, panel: Panel) -> int:  # noqa: ARG002 - set where the model is listed for its rhythm
        """Observed buckets that a series needs."""
        return self.minimum

    def fit(self, history: Panel, *, seed: int) -> "FittedStatistical":  # noqa: ARG002 - the library seeds its draws
        """Remember the history; these models fit and forecast in one go."""
        return FittedStatistical(self, history)


@dataclass(frozen=True)
class FittedStatistical:
    """A statistical model with the history it forecasts from."""

    model: Statistical
    history: Panel

    def predict(self, horizon: int, levels: Sequence[float]) -> QuantileForecast:
        """Quantiles of the `horizon` buckets after the history."""
        return forecast_alone(self.history, horizon, levels, self.model.minimum, self._forecast_one)

    def _forecast_one(self, series: Prepared, horizon: int, levels: tuple[float, ...]) -> FloatArray:
        bands = [round(abs(2 * level - 1) * 100, 9) for level in levels]
        with warnings.catch_warnings():
            # statsforecast and scipy warn of poor fits, which the backtest and the guards find by the result
            warnings.simplefilter("ignore")
            wanted = sorted({band for band in bands if band > 0}) or [80.0]
            result = self.model.build().forecast(y=series.values, h=horizon, level=wanted)
        columns = [
            result["mean"] if band == 0 else result[f"{'lo' if level < 0.5 else 'hi'}-{band}"]
            for level, band in zip(levels, bands, strict=True)
        ]
        return np.stack([np.asarray(column, dtype=float) for column in columns], axis=-1)
