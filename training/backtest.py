"""How well each model would have done: rolling origins over the recent past."""

from collections.abc import Collection, Iterator, Mapping
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
        naive: those of the seasonal naive, shape (n_series, n_origins).
        coverage: share of actuals inside the 10 %-90 % band, shape (n_models, n_series).
        errors: actual minus median at the predicted buckets, oldest first, shape (n_models, n_series, n_steps).
    """

    models: tuple[str, ...]
    losses: FloatArray
    naive: FloatArray
    coverage: FloatArray
    errors: FloatArray


def backtest(
    trials: Mapping[Forecaster, Collection[int]],
    panel: Panel,
    windows: Windows,
    seed: int,
    on: joblib.Parallel,
    progress: Progress,
) -> Backtest:
    """Forecast every window with every model from nothing but the context before it.

    A series is tried with a model at an origin only if it had the history that the model asks for by then.

    Args:
        trials: per model, the series to try it on; the seasonal naive must be among the models.
        panel: the history.
        windows: what to forecast.
        seed: seed of every draw.
        on: processes to work on.
        progress: told how far the work is.
    """
    names = tuple(model.name for model in trials)
    deciles = np.full((len(names), panel.n_series, windows.steps, len(DECILES)), np.nan)
    work = list(_work(trials, panel, windows))
    progress("backtest", 0, len(work))
    for done, (fit, values, _) in enumerate(run(work, seed, on), start=1):
        steps = slice(fit.first, fit.first + windows.horizon)
        deciles[names.index(fit.model.name), list(fit.rows), steps] = values
        progress("backtest", done, len(work))
    actual = panel.values[:, panel.n_steps - windows.steps :]
    losses = np.stack([_losses(panel, windows, quantiles) for quantiles in deciles])
    return Backtest(
        models=names,
        losses=losses,
        naive=losses[names.index(SeasonalNaive().name)],
        coverage=np.stack([_coverage(actual, quantiles) for quantiles in deciles]),
        errors=actual - deciles[..., len(DECILES) // 2],
    )


def _work(trials: Mapping[Forecaster, Collection[int]], panel: Panel, windows: Windows) -> Iterator[Fit]:
    context = panel.granularity.rhythm.context
    for origin in range(windows.origins):
        first = origin * windows.horizon
        stop = panel.n_steps - windows.steps + first
        history = panel.between(stop - context, stop)
        known = (~np.isnan(history.values)).sum(axis=1)
        for model, rows in trials.items():
            enough = [row for row in rows if known[row] >= model.minimum_history(panel)]
            yield from fits(model, history, enough, windows.horizon, DECILES, first=first)


def _losses(panel: Panel, windows: Windows, quantiles: FloatArray) -> FloatArray:
    """Losses per series and origin; one scale per series, so that a launch weighs no more than what follows it."""
    actual = panel.values[:, panel.n_steps - windows.steps :]
    scale = seasonal_scale(panel.values, panel.granularity.rhythm.naive_season)
    losses = np.full((panel.n_series, windows.origins), np.nan)
    for origin in range(windows.origins):
        steps = slice(origin * windows.horizon, (origin + 1) * windows.horizon)
        losses[:, origin] = scaled_quantile_loss(actual[:, steps], quantiles[:, steps], DECILES, scale)
    return losses


def _coverage(actual: FloatArray, deciles: FloatArray) -> FloatArray:
    tried = np.where(np.isnan(deciles[..., 0]), np.nan, actual)
    return coverage(tried, deciles[..., 0], deciles[..., -1])
