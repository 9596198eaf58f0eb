"""How well each model would have done: rolling origins over the recent past."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from forecasting.ensemble import IntArray, Trials
from forecasting.forecaster import Forecaster
from forecasting.metrics import scaled_quantile_loss, seasonal_scale
from forecasting.quantiles import DECILES
from training.fitting import Fit, Rolling, Workers, fits, forecasts_in
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
    """What models said of the past; NaN where one could not be tried.

    Attributes:
        models: names of the models, the seasonal naive first.
        windows: what was forecast.
        granularity: of the buckets.
        deciles: shape (n_models, n_series, n_steps, 9), oldest bucket first.
        actual: outcomes, shape (n_series, n_steps).
        scale: mean absolute seasonal difference of each series, shape (n_series,).
        able: which models have the history they ask for by the end of the panel, shape (n_models, n_series).
        failures: why, per model and row of the panel that could not be forecast.
    """

    models: tuple[str, ...]
    windows: Windows
    granularity: Granularity
    deciles: FloatArray
    actual: FloatArray
    scale: FloatArray
    able: npt.NDArray[np.bool_]
    failures: Mapping[tuple[str, int], str]

    @property
    def outcomes(self) -> FloatArray:
        """The outcomes that models can be compared on: those the seasonal naive could forecast, shape as `actual`."""
        return np.where(np.isnan(self.deciles[0, ..., 0]), np.nan, self.actual)

    @property
    def losses(self) -> FloatArray:
        """Scaled quantile loss, shape (n_models, n_series, n_origins)."""
        return np.stack([self.loss(each) for each in self.deciles])

    def loss(self, deciles: FloatArray) -> FloatArray:
        """Scaled quantile loss of any forecast of the same buckets, shape (n_series, n_origins)."""
        losses = np.full((len(self.actual), self.windows.origins), np.nan)
        for origin in range(self.windows.origins):
            steps = slice(origin * self.windows.horizon, (origin + 1) * self.windows.horizon)
            losses[:, origin] = scaled_quantile_loss(self.actual[:, steps], deciles[:, steps], DECILES, self.scale)
        return losses

    def trials(self) -> Trials:
        """What weights are learned from.

        A model that a series had too little history for at an earlier origin would have been replaced by the naive
        there, so it is scored as the naive. One that a series has too little history for even now, or that failed, is
        not among the trials of that series.
        """
        naive = np.nan_to_num(self.deciles[0])
        tried = np.where(np.isnan(self.deciles).any(axis=3, keepdims=True), naive, self.deciles)
        usable = self.able.copy()
        for model, row in self.failures:
            usable[self.models.index(model), row] = False
        usable[0] = True
        quantiles = np.where(usable[..., None, None], tried, np.nan)
        origin = np.repeat(np.arange(self.windows.origins), self.windows.horizon)
        stretch = np.tile(stretches(self.granularity, self.windows.horizon), self.windows.origins)
        return Trials(quantiles, self.outcomes, DECILES, origin, stretch)


def stretches(granularity: Granularity, horizon: int) -> IntArray:
    """Which stretch of the horizon each of its steps belongs to, shape (horizon,)."""
    return np.searchsorted(np.asarray(granularity.rhythm.stretches), np.arange(1, horizon + 1))


def backtest(
    models: Sequence[Forecaster], panel: Panel, windows: Windows, seed: int, workers: Workers, progress: Progress
) -> Backtest:
    """Forecast every window with every model from nothing but the context before it.

    A series is tried with a model at an origin only if it had the history that the model asks for by then.

    Args:
        models: what to try, the seasonal naive first.
        panel: the history.
        windows: what to forecast.
        seed: seed of every draw.
        workers: where to fit.
        progress: told how far the work is.
    """
    names = tuple(model.name for model in models)
    deciles = np.full((len(names), panel.n_series, windows.steps, len(DECILES)), np.nan)
    failed: list[tuple[int, str, int, str]] = []
    work = list(_work(models, panel, windows)) if windows.steps else []
    done, total = 0, forecasts_in(work)
    progress("backtest", done, total)
    for made in workers.run(work, seed):
        name, steps = made.fit.model.name, slice(made.fit.first, made.fit.first + made.values.shape[1])
        deciles[names.index(name), list(made.fit.rows), steps] = made.values
        failed += [(-made.fit.first, name, row, reason) for row, reason in made.failures.items()]
        done += forecasts_in([made.fit])
        progress("backtest", done, total)
    return Backtest(
        models=names,
        windows=windows,
        granularity=panel.granularity,
        deciles=deciles,
        actual=panel.values[:, panel.n_steps - windows.steps :],
        scale=seasonal_scale(panel.values, panel.granularity.rhythm.naive_season),
        able=np.stack([_known(panel) >= model.minimum_history(panel) for model in models]),
        # Of several origins the first is told, in whatever order they were done.
        failures={(name, row): reason for _, name, row, reason in sorted(failed)},
    )


def _known(panel: Panel) -> IntArray:
    return np.asarray((~np.isnan(panel.values)).sum(axis=1))


def _work(models: Sequence[Forecaster], panel: Panel, windows: Windows) -> Iterator[Fit]:
    context = panel.granularity.rhythm.context
    before = panel.n_steps - windows.steps
    for model in models:
        if isinstance(model, Rolling):
            start = max(before - context, 0)
            stops = tuple(before - start + origin * windows.horizon for origin in range(windows.origins))
            history = panel.between(start, panel.n_steps)
            enough = _enough(model, panel.between(start, before))
            if enough:
                yield Fit(model, history, enough, enough, windows.horizon, DECILES, stops)
            continue
        for origin in range(windows.origins):
            stop = before + origin * windows.horizon
            history = panel.between(stop - context, stop)
            for fit in fits(model, history, _enough(model, history), windows.horizon, DECILES):
                yield replace(fit, first=origin * windows.horizon)


def _enough(model: Forecaster, history: Panel) -> tuple[int, ...]:
    return tuple(np.flatnonzero(_known(history) >= model.minimum_history(history)).tolist())
