"""Additive trend and seasons with changepoints: a wrapper around Prophet (Taylor and Letham, 2018)."""

import logging
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from demand.calendar import Granularity, buckets
from demand.history import FloatArray, Panel
from forecasting.local import forecast_alone
from forecasting.preparation import Prepared
from forecasting.quantiles import QuantileForecast
from forecasting.stable_space import HEADROOM

_LOGGERS = ("cmdstanpy", "prophet", "prophet.models", "prophet.plot")
_YEARLY_HARMONICS = {Granularity.DAY: 10, Granularity.WEEK: 10, Granularity.MONTH: 5}
"""Prophet's default of 10; months have at most six harmonics a year, so 5 there."""


@dataclass(frozen=True)
class AdditiveTrend:
    """Prophet on each series alone, its draws seeded and its temporary files removed.

    A season is used from twice its length of history on, as Prophet does by default. Where a cap is known, the trend is
    logistic towards it, with its floor at zero, and what is drawn stays as close below it as in `StableSpace`; else it
    is piecewise linear. Holidays and other regressors are not handed to Prophet: `forecasting.adjustment` takes their
    effects out of the history before any model sees it, and puts them back into the forecast.

    Attributes:
        name: the name of the model.
        samples: predictive samples that the quantiles are taken from.
        budget_seconds: what one series may take.
    """

    across_series: ClassVar[bool] = False
    description: ClassVar[str] = (
        "Prophet: a trend, piecewise linear or logistic below a known cap, plus seasons, with sampled uncertainty."
    )
    name: str = "prophet"
    samples: int = 1000
    budget_seconds: float = 10.0

    def minimum_history(self, panel: Panel) -> int:
        """Two of the shortest seasons, or a year of weeks."""
        return min(2 * panel.granularity.rhythm.whole_seasons[0], 52)

    def fit(self, history: Panel, *, seed: int) -> "FittedAdditiveTrend":
        """Remember the history; each series is fitted when it is forecast."""
        return FittedAdditiveTrend(self, history, seed)


@dataclass(frozen=True)
class FittedAdditiveTrend:
    """The model with the history it forecasts from."""

    model: AdditiveTrend
    history: Panel
    seed: int

    def predict(self, horizon: int, levels: Sequence[float]) -> QuantileForecast:
        """Quantiles of the `horizon` buckets after the history."""
        minimum = self.model.minimum_history(self.history)
        with _quiet():
            return forecast_alone(self.history, horizon, levels, minimum, self._forecast_one)

    def _forecast_one(self, series: Prepared, horizon: int, levels: tuple[float, ...]) -> FloatArray:
        n_steps = len(series.observed)
        first = self.history.index[series.first]
        dates = buckets(first, n_steps + horizon, self.history.granularity).tz_localize(None)
        times = pd.DataFrame({"ds": dates, "cap": series.cap, "floor": 0.0})
        past = times[:n_steps].assign(y=series.observed)
        model = _prophet(self.history.granularity, dates[n_steps - 1] - dates[0], self.model.samples)
        model.growth = "logistic" if np.isfinite(series.cap) else "linear"
        with tempfile.TemporaryDirectory() as folder, _global_seed(self.seed):
            model.fit(past, seed=self.seed % 2**31 + 1, output_dir=folder)
            samples = model.predictive_samples(times[n_steps:])["yhat"]
        highest = series.cap * (1 + HEADROOM) if np.isfinite(series.cap) else np.inf
        return np.asarray(np.quantile(np.clip(samples, 0.0, highest), levels, axis=1).T)


def _prophet(granularity: Granularity, span: pd.Timedelta, samples: int) -> Any:
    from prophet import Prophet  # noqa: PLC0415 - importing it logs, and takes half a second that others need not pay

    fine = granularity is Granularity.HOUR
    yearly = _YEARLY_HARMONICS.get(granularity, 10) if span >= pd.Timedelta(days=730) else False
    return Prophet(
        daily_seasonality=fine and span >= pd.Timedelta(days=2),
        weekly_seasonality=granularity in (Granularity.HOUR, Granularity.DAY) and span >= pd.Timedelta(weeks=2),
        yearly_seasonality=yearly,
        uncertainty_samples=samples,
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the loggers of the library, and its warnings of deprecations elsewhere, silent for a while."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [logger.disabled for logger in loggers]
    try:
        for logger in loggers:
            logger.disabled = True
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled


@contextmanager
def _global_seed(seed: int) -> Iterator[None]:
    """Seed numpy's global generator, which Prophet draws from, and put its state back afterwards."""
    before = np.random.get_state()  # noqa: NPY002 - there is no other way to seed Prophet
    try:
        np.random.seed(seed % 2**32)  # noqa: NPY002
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002
