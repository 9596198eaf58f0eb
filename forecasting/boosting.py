"""Gradient-boosted trees over lags and calendar: one quantile model for all series of a panel.

A tree cannot add a level to a shape, so each series first chooses, per stretch of leads, the simple guess that was off
the least in the past (the last value, the same hour of yesterday, a mean ...). The trees then learn the quantiles of
what is left, in units of the usual seasonal change, from samples of all series together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from demand.history import FloatArray, Panel
from forecasting.features import FeatureSource, IntArray, Moments, feature_source
from forecasting.quantiles import QuantileForecast, check_levels, interpolate, proper

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

    across_series: ClassVar[bool] = True
    description: ClassVar[str] = "Quantile regression trees over lags and calendar, learned from all series together."

    name: str = "boosting"
    levels: tuple[float, ...] = (0.05, 0.2, 0.5, 0.8, 0.95)
    samples: int = 16_000
    iterations: int = 50
    learning_rate: float = 0.1
    leaves: int = 8
    leaf_samples: int = 150

    def minimum_history(self, panel: Panel) -> int:
        """Two of the shortest seasons, or a year of weeks."""
        return min(2 * panel.granularity.rhythm.whole_seasons[0], 52)

    def fit(self, history: Panel, *, seed: int) -> "FittedBoosting":
        """Remember the history; the trees are grown for the leads that are asked for."""
        return FittedBoosting(self, history, seed)


@dataclass(frozen=True)
class FittedBoosting:
    """The model with the history it forecasts from."""

    model: GlobalBoosting
    history: Panel
    seed: int

    def predict(self, horizon: int, levels: Sequence[float]) -> QuantileForecast:
        """Quantiles of the `horizon` buckets after the history."""
        ordered = check_levels(levels)
        observed = (~np.isnan(self.history.values)).sum(axis=1)
        minimum = self.model.minimum_history(self.history)
        values = np.full((self.history.n_series, horizon, len(ordered)), np.nan)
        failures = {
            int(row): f"{observed[row]} observed values are fewer than the {minimum} that the model needs"
            for row in np.flatnonzero(observed < minimum)
        }
        rows = np.flatnonzero(observed >= minimum)
        if len(rows):
            with threadpool_limits(limits=1, user_api="openmp"):  # samples are few; threads cost more than they save
                learned = np.concatenate(list(self._learned(rows, horizon)))
            values[rows] = interpolate(learned, self.model.levels, np.asarray(ordered))
        return QuantileForecast(ordered, values, failures)

    def _learned(self, rows: IntArray, horizon: int) -> Iterator[FloatArray]:
        values = self.history.values
        source = feature_source(self.history)
        after = np.where(np.isnan(values), 0, np.arange(1, values.shape[1] + 1)).max(axis=1)
        reach = int(horizon + self.history.n_steps - after[rows].min())
        samples = sample_moments(self.history, rows, (reach, self.model.samples), self.seed)
        truth = values[samples.rows, samples.targets]
        anchors = choose_anchors(source, samples, truth)
        start, unit = anchors.of(source, samples), source.scale(samples)
        inputs = source.features(samples, start)
        trees = [self._tree(level, inputs, (truth - start) / unit) for level in self.model.levels]
        for block in np.array_split(rows, -(-len(rows) * horizon // _AT_ONCE)):
            tails = self.history.n_steps - after[block]
            leads = (tails[:, None] + np.arange(1, horizon + 1)).ravel()
            ahead = Moments(np.repeat(block, horizon), np.repeat(after[block], horizon), leads)
            start, unit = anchors.of(source, ahead), source.scale(ahead)
            asked = source.features(ahead, start)
            rest = np.stack([tree.predict(asked) for tree in trees], axis=-1)
            yield proper(start[:, None] + rest * unit[:, None]).reshape(len(block), horizon, -1)

    def _tree(self, level: float, inputs: FloatArray, targets: FloatArray) -> HistGradientBoostingRegressor:
        trees = HistGradientBoostingRegressor(
            loss="quantile",
            quantile=level,
            learning_rate=self.model.learning_rate,
            max_iter=self.model.iterations,
            max_leaf_nodes=self.model.leaves,
            min_samples_leaf=self.model.leaf_samples,
            early_stopping=False,
            random_state=self.seed % 2**32,
        )
        return trees.fit(inputs, targets)


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
