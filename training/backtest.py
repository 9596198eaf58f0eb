"""How well each model would have done: rolling origins over the recent past."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import joblib
import numpy as np

from demand.history import FloatArray, Panel
from forecasting.forecaster import Forecaster
from forecasting.metrics import coverage, scaled_quantile_loss, seasonal_scale
from forecasting.quantiles import DECILES
from forecasting.seasonal_naive import SeasonalNaive
from training.fitting import Fit, fits, run
from training.ports import Progress


@dataclass(frozen=True)
class Windows:
    """Rolling origins one horizon apart, the last one ending where the history ends."""

    horizon: int
    origins: int

    @property
    def steps(self) -> int:
        """How many of the last buckets are predicted."""
        return self.horizon * self.origins

    @classmethod
    def over(cls, n_steps: int, horizon: int, origins: int) -> "Windows":
        """At most `origins` windows in the last two fifths of the history, shorter ones where it is too short."""
        room = int(n_steps * 0.4)
        if room >= 2 * horizon:
            return cls(horizon, min(origins, room // horizon))
        return cls(room // 2, 2) if room >= 2 else cls(0, 0)


@dataclass(frozen=True)
class Backtest:
    """Scores of models on the past; NaN where a model could not be tried.

    Attributes:
        models: names of the models.
        losses: scaled quantile loss, shape (n_models, n_series, n_origins).
        naive: the same of the seasonal naive with Gaussian intervals, shape (n_series, n_origins).
        coverage: share of actuals inside the 10 %-90 % band, shape (n_models, n_series).
        errors: actual minus median at the predicted buckets, oldest first, shape (n_models, n_series, n_steps).
    """

    models: tuple[str, ...]
    losses: FloatArray
    naive: FloatArray
    coverage: FloatArray
    errors: FloatArray


def backtest(
    models: Sequence[Forecaster], panel: Panel, windows: Windows, seed: int, on: joblib.Parallel, progress: Progress
) -> Backtest:
    """Forecast every window with every model from nothing but what came before it.

    A series is tried with a model at an origin only if it had the history that the model asks for by then.
    """
    names = tuple(model.name for model in models)
    deciles = np.full((len(models), panel.n_series, windows.steps, len(DECILES)), np.nan)
    work = list(_work(models, panel, windows))
    progress("backtest", 0, len(work))
    for done, (fit, values, _) in enumerate(run(work, seed, on), start=1):
        steps = slice(fit.first, fit.first + windows.horizon)
        deciles[names.index(fit.model.name), list(fit.rows), steps] = values
        progress("backtest", done, len(work))
    actual = panel.values[:, panel.n_steps - windows.steps :]
    return Backtest(
        models=names,
        losses=np.stack([_losses(panel, windows, quantiles) for quantiles in deciles]),
        naive=_losses(panel, windows, _naive(panel, windows, seed)),
        coverage=np.stack([_coverage(actual, quantiles) for quantiles in deciles]),
        errors=actual - deciles[..., len(DECILES) // 2],
    )


def _work(models: Sequence[Forecaster], panel: Panel, windows: Windows) -> Iterator[Fit]:
    for origin in range(windows.origins):
        history = panel.between(0, _stop(panel, windows, origin))
        known = (~np.isnan(history.values)).sum(axis=1)
        for model in models:
            rows = np.flatnonzero(known >= model.minimum_history(panel)).tolist()
            yield from fits(model, history, rows, windows.horizon, DECILES, first=origin * windows.horizon)


def _stop(panel: Panel, windows: Windows, origin: int) -> int:
    return panel.n_steps - windows.steps + origin * windows.horizon


def _naive(panel: Panel, windows: Windows, seed: int) -> FloatArray:
    naive = SeasonalNaive()
    parts = [
        naive.fit(panel.between(0, _stop(panel, windows, origin)), seed=seed).predict(windows.horizon, DECILES).values
        for origin in range(windows.origins)
    ]
    return np.concatenate([np.empty((panel.n_series, 0, len(DECILES))), *parts], axis=1)


def _losses(panel: Panel, windows: Windows, quantiles: FloatArray) -> FloatArray:
    season = panel.granularity.rhythm.naive_season
    losses = np.full((panel.n_series, windows.origins), np.nan)
    for origin in range(windows.origins):
        stop = _stop(panel, windows, origin)
        steps = slice(origin * windows.horizon, (origin + 1) * windows.horizon)
        actual = panel.values[:, stop : stop + windows.horizon]
        scale = seasonal_scale(panel.values[:, :stop], season)
        losses[:, origin] = scaled_quantile_loss(actual, quantiles[:, steps], DECILES, scale)
    return losses


def _coverage(actual: FloatArray, deciles: FloatArray) -> FloatArray:
    tried = np.where(np.isnan(deciles[..., 0]), np.nan, actual)
    return coverage(tried, deciles[..., 0], deciles[..., -1])
