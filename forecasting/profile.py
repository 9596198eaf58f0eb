"""Level times shape: one level per period, forecast by ridge regression, and a shape within the period that stays.

A series is cut into whole periods (days where it is hourly, weeks where it is daily) that end where its history ends.
What varies from period to period is one number, the level; what happens within is the shape, the usual share of each
place. The level is forecast in a variance-stabilised space (`level_ridge`). Paths are bootstrapped: the level's
residuals along the periods, and whole past periods' departures from the shape, recent ones more often, so that a path
keeps the rhythm of a real one. What the last bucket was above or below its level and shape fades along the horizon.

The idea is that of FLAIR (Honda, 2026, arXiv:2605.07222). Here all series of a panel are worked on at once, the shape
knows its place in the cycle of periods (the weekday), and level and shape weigh recent periods more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from forecasting.level_ridge import Levels, level_paths
from forecasting.preparation import prepare
from forecasting.quantiles import QuantileForecast, check_levels, proper

_AT_ONCE = 64
"""Series that are drawn together, to bound memory."""

_PERIODS = {Granularity.HOUR: (24, 7), Granularity.DAY: (7, 1), Granularity.WEEK: (1, 1), Granularity.MONTH: (1, 12)}
"""Buckets in a period, and periods in a cycle."""


@dataclass(frozen=True)
class Profile:
    """Level and shape of each series by itself, all series at once.

    Attributes:
        name: the name of the model.
        paths: bootstrap paths per series that the quantiles are taken from.
        periods: periods of history that are looked at.
        shape_memory: periods after which a period counts half in the shape; places of the cycle remember a cycle times
            as long.
        shape_prior: cycles of history that a place of the cycle needs before its own shape counts as much as the
            shape of all periods.
        noise_memory: periods after which departures from the shape are drawn half as often.
    """

    budget_seconds: ClassVar[float | None] = None
    across_series: ClassVar[bool] = False
    description: ClassVar[str] = "Level by ridge regression on its own past, times a shape within the day or week."

    name: str = "profile"
    paths: int = 200
    periods: int = 104
    shape_memory: float = 5.0
    shape_prior: float = 8.0
    noise_memory: float = 6.0

    def minimum_history(self, panel: Panel) -> int:
        """Four periods, and never fewer than eight buckets."""
        return max(4 * _PERIODS[panel.granularity][0], 8)

    def fit(self, history: Panel, *, seed: int) -> "FittedProfile":
        """Remember the history; level and shape are found when it is known how far to look ahead."""
        return FittedProfile(self, history, seed)


@dataclass(frozen=True)
class FittedProfile:
    """The model with the history it forecasts from."""

    model: Profile
    history: Panel
    seed: int

    def predict(self, horizon: int, levels: Sequence[float]) -> QuantileForecast:
        """Quantiles of the `horizon` buckets after the history."""
        ordered = check_levels(levels)
        minimum = self.model.minimum_history(self.history)
        observed = (~np.isnan(self.history.values)).sum(axis=1)
        values = np.full((self.history.n_series, horizon, len(ordered)), np.nan)
        failures = {
            int(row): f"{observed[row]} observed values are fewer than the {minimum} that the model needs"
            for row in np.flatnonzero(observed < minimum)
        }
        for rows in self._alike(np.flatnonzero(observed >= minimum)):
            values[rows] = self._quantiles(self.history.values[rows], horizon, ordered)
        return QuantileForecast(ordered, values, failures)

    def _alike(self, rows: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.int64]]:
        """Series of as many periods as each other, a few at a time: so none is drawn otherwise for its company."""
        known = ~np.isnan(self.history.values[rows])
        spans = known.shape[1] - known.argmax(axis=1) - known[:, ::-1].argmax(axis=1)
        periods = np.minimum(spans // _PERIODS[self.history.granularity][0], self.model.periods)
        for count in np.unique(periods):
            alike = rows[periods == count]
            yield from np.array_split(alike, -(-len(alike) // _AT_ONCE))

    def _quantiles(self, rows: FloatArray, horizon: int, levels: tuple[float, ...]) -> FloatArray:
        period, cycle = _PERIODS[self.history.granularity]
        folded = fold(rows, period, self.model.periods)
        reach = horizon + int(folded.tails.max())
        drawn = self._paths(folded, cycle, reach)
        ordered = proper(_path_quantiles(drawn, levels).astype(np.float64))
        steps = folded.tails[:, None] + np.arange(horizon)
        return np.take_along_axis(ordered, steps[..., None], axis=1) * folded.scales[:, None, None]

    def _paths(self, folded: "Folded", cycle: int, reach: int) -> npt.NDArray[np.float32]:
        """Bootstrap paths in units of each series' scale, shape (n_series, n_paths, reach)."""
        model, (n_series, n_periods, period) = self.model, folded.values.shape
        ahead = -(-reach // period)
        shapes = cycle_shapes(folded, cycle, model.shape_memory, model.shape_prior)
        # drawn period after period, so that a longer reach begins with the same paths
        of_levels, of_shapes = np.random.default_rng(self.seed).spawn(2)
        past = Levels(folded.levels, folded.known, cycle)
        levels = level_paths(past, ahead, of_levels.random((ahead, model.paths)))
        usual = shapes[:, (np.arange(n_periods) - n_periods) % cycle]
        busy = (folded.known & (folded.levels > 0))[..., None]
        departures = np.where(busy, folded.shares - usual, 0.0).astype(np.float32)
        chance = folded.known.any(axis=0) * 0.5 ** (np.arange(n_periods)[::-1] / model.noise_memory)
        drawn = of_shapes.choice(n_periods, size=(ahead, model.paths), p=chance / chance.sum()).T
        places = shapes[:, np.arange(ahead) % cycle].astype(np.float32)
        paths = np.maximum(places[:, None] + departures[:, drawn], 0.0)
        paths *= levels.astype(np.float32)[..., None]
        paths = paths.reshape(n_series, model.paths, -1)[..., :reach]
        faded: npt.NDArray[np.float32] = _fading(departures * folded.levels[..., None], reach).astype(np.float32)
        return np.asarray(paths + faded[:, None])


@dataclass(frozen=True)
class Folded:
    """Series cut into whole periods that end at each series' last observation.

    Attributes:
        values: in units of the series' mean level, zero where a series had not begun; (n_series, n_periods, period).
        known: which periods lie within the history in whole, shape (n_series, n_periods).
        levels: mean of each period, shape (n_series, n_periods).
        scales: the mean level, in the unit of demand, shape (n_series,).
        tails: buckets of the panel after each series' last observation.
    """

    values: FloatArray
    known: npt.NDArray[np.bool_]
    levels: FloatArray
    scales: FloatArray
    tails: npt.NDArray[np.int64]

    @property
    def shares(self) -> FloatArray:
        """Values relative to the level of their period, zero where there is none; shape as the values."""
        level = self.levels[..., None]
        return np.divide(self.values, level, out=np.zeros_like(self.values), where=level > 0)


def fold(rows: FloatArray, period: int, most: int) -> Folded:
    """Cut series into periods, gaps filled.

    Args:
        rows: at least one observation each, NaN where missing, shape (n_series, n_steps).
        period: buckets in a period.
        most: periods to keep at most.
    """
    prepared = [prepare(row, period) for row in rows]
    n_periods = min(max(len(each.values) for each in prepared) // period, most)
    table = np.full((len(rows), n_periods * period), np.nan)
    for row, each in enumerate(prepared):
        kept = each.values[-n_periods * period :]
        table[row, n_periods * period - len(kept) :] = kept
    folded = table.reshape(len(rows), n_periods, period)
    known = ~np.isnan(folded).any(axis=2)
    values = np.where(known[..., None], folded, 0.0)
    scales, tails = np.array([each.scale for each in prepared]), np.array([each.tail for each in prepared])
    return Folded(values, known, values.mean(axis=2), scales, tails)


def cycle_shapes(folded: Folded, cycle: int, memory: float, prior: float) -> FloatArray:
    """The usual share of each place, by place in the cycle, the first being that of the first period ahead.

    A place of the cycle has few periods of its own, so its shape is averaged with that of all periods, which counts
    as much as `prior` average periods.

    Returns:
        Shape (n_series, cycle, period); one everywhere for a series that was always zero.
    """
    n_periods = folded.known.shape[1]
    age = np.arange(n_periods)[::-1]
    recent = folded.known * 0.5 ** (age / memory)
    total = (recent * folded.levels).sum(axis=1)[:, None]
    shape = np.einsum("sd,sdp->sp", recent, folded.values)
    shape = np.divide(shape, total, out=np.ones_like(shape), where=total > 0)
    lasting = folded.known * 0.5 ** (age / (memory * cycle))
    level = (lasting * folded.levels).sum(axis=1) / np.maximum(lasting.sum(axis=1), np.finfo(float).tiny)
    place = (np.arange(n_periods) - n_periods) % cycle == np.arange(cycle)[:, None]
    own = place.astype(float) @ (lasting[..., None] * folded.values)
    weight = (place.astype(float) @ (lasting * folded.levels)[..., None])[..., 0]
    added = prior * np.where(level > 0, level, 1.0)[:, None]
    return np.asarray((own + added[..., None] * shape[:, None]) / (weight + added)[..., None])


def _path_quantiles(paths: npt.NDArray[np.float32], levels: tuple[float, ...]) -> npt.NDArray[np.float32]:
    """Quantiles over paths of shape (n_series, n_paths, n_steps), linear between them; several times np.quantile."""
    ordered = np.sort(np.ascontiguousarray(np.swapaxes(paths, 1, 2)), axis=-1)
    place = np.asarray(levels) * (ordered.shape[-1] - 1)
    below = place.astype(np.int64)
    above = np.minimum(below + 1, ordered.shape[-1] - 1)
    share = (place - below).astype(np.float32)
    return np.asarray(ordered[..., below] * (1 - share) + ordered[..., above] * share)


def _fading(departures: FloatArray, reach: int) -> FloatArray:
    """The last departure, fading by the lag-one autocorrelation of departures, shape (n_series, reach)."""
    row = departures.reshape(len(departures), -1)
    energy = (row[:, :-1] ** 2).sum(axis=1)
    products = (row[:, 1:] * row[:, :-1]).sum(axis=1)
    kept = np.clip(np.divide(products, energy, out=np.zeros_like(energy), where=energy > 0), 0.0, 0.98)
    return np.asarray(row[:, -1:] * kept[:, None] ** np.arange(1, reach + 1))
