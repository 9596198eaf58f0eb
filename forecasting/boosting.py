"""Gradient-boosted trees over lags and calendar: one quantile model for all series of a panel.

A tree cannot add a level to a shape, so each series first chooses, per stretch of leads, the simple guess that was off
the least in the past (the last value, the same hour of yesterday, a mean ...). The trees then learn the quantiles of
what is left, in units of the usual seasonal change, from samples of all series together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from demand.history import FloatArray, Panel
from forecasting.features import FeatureSource, IntArray, Moments, feature_source
from forecasting.quantiles import QuantileForecast, check_levels, interpolate, proper

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingRegressor as Trees

STRETCHES = (6, 24, 72, 168, 336)
"""Leads up to which one guess is used; a last stretch follows."""

PRIOR = 20
"""Samples' worth of a series' mean error over all leads that is added to its error in each stretch."""

_AT_ONCE = 100_000
"""Moments that are forecast at once, to bound memory."""


@dataclass(frozen=True)
class GlobalBoosting:
    """Direct forecasts of every lead by quantile regression trees (Friedman, 2001).

    Attributes:
        name: the name of the model.
        levels: quantile levels that are learned; others are interpolated.
        samples: most samples to learn from; each series gives the same number.
        iterations: trees per level.
        learning_rate: share of each tree's correction that is kept.
        leaves: most leaves of a tree.
        leaf_samples: fewest samples in a leaf.
    """

    budget_seconds: ClassVar[float | None] = None
    across_series: ClassVar[bool] = True
    description: ClassVar[str] = "Quantile regression trees over lags and calendar, learned from all series together."

    name: str = "boosting"
    levels: tuple[float, ...] = (0.1, 0.5, 0.9)
    samples: int = 8_000
    iterations: int = 50
    learning_rate: float = 0.1
    leaves: int = 8
    leaf_samples: int = 30

    def minimum_history(self, panel: Panel) -> int:
        """Two of the shortest seasons, or a year of weeks."""
        return min(2 * panel.granularity.rhythm.whole_seasons[0], 52)

    def fit(self, history: Panel, *, seed: int) -> "FittedBoosting":
        """Remember the history; the trees are grown for the leads that are asked for."""
        return FittedBoosting(self, history, seed)

    def roll(
        self, history: Panel, stops: Sequence[int], horizon: int, levels: Sequence[float], *, seed: int
    ) -> list[QuantileForecast]:
        """Learn from what lies before the first stop, and forecast from each stop with the history up to it."""
        ordered = check_levels(levels)
        known = history.between(0, stops[0])
        observed, minimum = (~np.isnan(known.values)).sum(axis=1), self.minimum_history(history)
        rows = np.flatnonzero(observed >= minimum)
        failures = {
            int(row): f"{observed[row]} observed values are fewer than the {minimum} that the model needs"
            for row in np.flatnonzero(observed < minimum)
        }
        values = np.full((len(stops), history.n_series, horizon, len(ordered)), np.nan)
        if len(rows):
            with threadpool_limits(limits=1, user_api="openmp"):  # samples are few; threads cost more than they save
                grown = self._grow(known, rows, horizon, seed)
                for at, stop in enumerate(stops):
                    learned = grown.quantiles(history.between(0, stop), rows, horizon)
                    values[at, rows] = interpolate(learned, self.levels, np.asarray(ordered))
        return [QuantileForecast(ordered, each, failures) for each in values]

    def _grow(self, history: Panel, rows: IntArray, horizon: int, seed: int) -> "Grown":
        source = feature_source(history)
        reach = int(horizon + history.n_steps - _after_last(history.values)[rows].min())
        samples = sample_moments(history, rows, (reach, self.samples), seed)
        truth = history.values[samples.rows, samples.targets]
        anchors = choose_anchors(source, samples, truth)
        start, unit = anchors.of(source, samples), source.scale(samples)
        inputs, targets = source.features(samples, start), (truth - start) / unit
        return Grown(anchors, tuple(self._trees(level, inputs, targets, seed) for level in self.levels))

    def _trees(self, level: float, inputs: FloatArray, targets: FloatArray, seed: int) -> "Trees":
        from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415 - it takes a second to import

        trees = HistGradientBoostingRegressor(
            loss="quantile",
            quantile=level,
            learning_rate=self.learning_rate,
            max_iter=self.iterations,
            max_leaf_nodes=self.leaves,
            min_samples_leaf=self.leaf_samples,
            early_stopping=False,
            random_state=seed % 2**32,
        )
        return trees.fit(inputs, targets)


@dataclass(frozen=True)
class FittedBoosting:
    """The model with the history it forecasts from."""

    model: GlobalBoosting
    history: Panel
    seed: int

    def predict(self, horizon: int, levels: Sequence[float]) -> QuantileForecast:
        """Quantiles of the `horizon` buckets after the history."""
        (only,) = self.model.roll(self.history, [self.history.n_steps], horizon, levels, seed=self.seed)
        return only


@dataclass(frozen=True)
class Grown:
    """What was learned: how each series is anchored, and one set of trees per level."""

    anchors: "Anchors"
    trees: "tuple[Trees, ...]"

    def quantiles(self, history: Panel, rows: IntArray, horizon: int) -> FloatArray:
        """The learned quantiles of the `horizon` buckets after a history, shape (n_rows, horizon, n_learned)."""
        source, after = feature_source(history), _after_last(history.values)
        blocks = []
        for block in np.array_split(rows, -(-len(rows) * horizon // _AT_ONCE)):
            tails = history.n_steps - after[block]
            leads = (tails[:, None] + np.arange(1, horizon + 1)).ravel()
            ahead = Moments(np.repeat(block, horizon), np.repeat(after[block], horizon), leads)
            start, unit = self.anchors.of(source, ahead), source.scale(ahead)
            asked = source.features(ahead, start)
            rest = np.stack([tree.predict(asked) for tree in self.trees], axis=-1)
            blocks.append(proper(start[:, None] + rest * unit[:, None]).reshape(len(block), horizon, -1))
        return np.concatenate(blocks)


def _after_last(values: FloatArray) -> IntArray:
    """Position after the last observation of each series, 0 where there is none."""
    return np.asarray(np.where(np.isnan(values), 0, np.arange(1, values.shape[1] + 1)).max(axis=1, initial=0))


@dataclass(frozen=True)
class Anchors:
    """Which guess each series starts from, per stretch of leads: shape (n_series, n_stretches)."""

    choice: npt.NDArray[np.int64]

    def of(self, source: FeatureSource, moments: Moments) -> FloatArray:
        """The chosen guess at each moment."""
        chosen = self.choice[moments.rows, np.searchsorted(STRETCHES, moments.leads)]
        return np.take_along_axis(source.guesses(moments), chosen[:, None], axis=1)[:, 0]


def choose_anchors(source: FeatureSource, samples: Moments, truth: FloatArray) -> Anchors:
    """The guess with the least mean absolute error per series and stretch of leads."""
    errors = np.abs(source.guesses(samples) - truth[:, None]) / source.scale(samples)[:, None]
    shape = (source.panel.n_series, len(STRETCHES) + 1)
    cell = samples.rows * shape[1] + np.searchsorted(STRETCHES, samples.leads)
    size = shape[0] * shape[1]
    counts = np.bincount(cell, minlength=size).reshape(shape)[..., None]
    sums = np.stack([np.bincount(cell, error, size).reshape(shape) for error in errors.T], axis=-1)
    overall = sums.sum(axis=1, keepdims=True) / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return Anchors(((sums + PRIOR * overall) / (counts + PRIOR)).argmin(axis=-1))


def sample_moments(panel: Panel, rows: IntArray, limits: tuple[int, int], seed: int) -> Moments:
    """Random moments of the past whose outcome is known, the same number for every series that has as many.

    Args:
        panel: the history.
        rows: series to sample, each with at least two observations.
        limits: longest lead, and most samples in all.
        seed: of the draws.
    """
    reach, most = limits
    generator = np.random.default_rng(seed)
    season = panel.granularity.rhythm.whole_seasons[0]
    parts = []
    for row in rows:
        known = np.flatnonzero(~np.isnan(panel.values[row]))
        earliest = known[0] + min(season, (known[-1] - known[0]) // 2) + 1
        outcomes = known[known >= earliest]
        wanted = min(max(most // len(rows), 1), len(outcomes) * reach)
        targets = outcomes[generator.integers(0, len(outcomes), size=wanted)]
        longest = np.minimum(targets - earliest + 1, reach)
        leads = 1 + np.floor(generator.random(wanted) * longest).astype(np.int64)
        parts.append(np.stack([np.full(wanted, row), targets - leads + 1, leads]))
    return Moments(*np.concatenate(parts, axis=1))
