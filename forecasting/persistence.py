"""Persistence: demand stays where it is, and leaves as often and as far as it has left before.

Reserved and autoscaled capacity stands still between decisions. Its changes over a span of time are mostly zero and
now and then large, which no Gaussian band and no smooth trend describes; the changes it has made over spans of the same
length do (the persistence forecast of meteorology, with the empirical distribution of its own errors).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from demand.history import FloatArray, Panel
from forecasting.quantiles import QuantileForecast, check_levels, proper

IntArray = npt.NDArray[np.int64]

LAGS = 24
"""Spans at which changes are looked up at most; those between are interpolated."""

MOST_CHANGES = 512
"""Changes that quantiles of one span are taken from; more are thinned out evenly, as neighbours say the same."""

_FEWEST = 8
"""Observations below which the past says nothing of how far a series moves."""


@dataclass(frozen=True)
class Persistence:
    """The last value, plus quantiles of the changes over as many buckets as it is ahead.

    Changes over more than half of the history are too few to tell; there they grow with the square root of the span
    from the longest one that is known.
    """

    budget_seconds: ClassVar[float | None] = None
    across_series: ClassVar[bool] = False
    name: ClassVar[str] = "persistence"
    description: ClassVar[str] = "Stays at the last value, and leaves it as often and as far as in the past."

    def minimum_history(self, panel: Panel) -> int:  # noqa: ARG002 - the rhythm does not matter
        """A handful of observations."""
        return _FEWEST

    def fit(self, history: Panel, *, seed: int) -> "FittedPersistence":  # noqa: ARG002 - nothing is drawn
        """Find where each series stands."""
        known = ~np.isnan(history.values)
        first, last = known.argmax(axis=1), history.n_steps - 1 - known[:, ::-1].argmax(axis=1)
        return FittedPersistence(history.values, first, last, known.sum(axis=1))


@dataclass(frozen=True)
class FittedPersistence:
    """Where each series stands, and its past.

    Attributes:
        history: shape (n_series, n_steps).
        first: position of the first observation of each series, shape (n_series,).
        last: position of its last one.
        count: how many it has.
    """

    history: FloatArray
    first: IntArray
    last: IntArray
    count: IntArray

    def predict(self, horizon: int, levels: Sequence[float]) -> QuantileForecast:
        """Quantiles of the `horizon` buckets after the history."""
        ordered = check_levels(levels)
        values = np.full((len(self.history), horizon, len(ordered)), np.nan)
        ends = np.stack([self.first, self.last], axis=1)
        for first, last in np.unique(ends, axis=0):
            rows = np.flatnonzero((ends == (first, last)).all(axis=1) & (self.count >= _FEWEST))
            past = self.history[rows, first : last + 1]
            spans = np.arange(1, horizon + 1) + self.history.shape[1] - 1 - last
            values[rows] = past[:, -1:, None] + _changes_over(spans, past, ordered)
        failures = {
            int(row): f"{self.count[row]} observations do not say how far the series moves"
            for row in np.flatnonzero(np.isnan(values).any(axis=(1, 2)))
        }
        return QuantileForecast(ordered, proper(values), failures)


def _changes_over(spans: IntArray, past: FloatArray, levels: Sequence[float]) -> FloatArray:
    """Quantiles of the changes over any spans, shape (n_series, n_spans, n_levels); NaN where there is none.

    Args:
        spans: in buckets, ascending.
        past: series that begin and end with an observation, shape (n_series, n_steps).
        levels: probabilities.
    """
    longest = max(1, min(int(spans[-1]), past.shape[1] // 2))
    lags = np.unique(np.round(np.geomspace(1, longest, LAGS)).astype(int))
    changes = _filled(np.stack([_changes(past, lag, levels) for lag in lags], axis=1))
    above = np.clip(np.searchsorted(lags, spans), 0, len(lags) - 1)
    below = np.maximum(above - 1, 0)
    share = np.clip((spans - lags[below]) / np.maximum(lags[above] - lags[below], 1), 0, 1)[:, None]
    inside = changes[:, below] + share * (changes[:, above] - changes[:, below])
    return np.asarray(inside * np.sqrt(np.maximum(spans / longest, 1.0))[:, None])


def _filled(changes: FloatArray) -> FloatArray:
    """Lags without any change take those of the lag before, or of the first that has some; along axis 1."""
    known = ~np.isnan(changes).any(axis=2)
    source = np.maximum.accumulate(np.where(known, np.arange(known.shape[1]), -1), axis=1)
    source = np.where(source < 0, known.argmax(axis=1)[:, None], source)
    return np.take_along_axis(changes, source[..., None], axis=1)


def _changes(past: FloatArray, lag: int, levels: Sequence[float]) -> FloatArray:
    """Quantiles of the changes over `lag` buckets, shape (n_series, n_levels); NaN where there is none."""
    every = max(-(-(past.shape[1] - lag) // MOST_CHANGES), 1)
    ordered = np.sort(past[:, lag::every] - past[:, :-lag:every], axis=1)  # unknown ones come last
    count = (~np.isnan(ordered)).sum(axis=1, keepdims=True)
    place = np.clip(np.asarray(levels) * count - 0.5, 0, np.maximum(count - 1, 0))
    below = np.floor(place).astype(int)
    above = np.minimum(below + 1, np.maximum(count - 1, 0))
    low, high = (np.take_along_axis(ordered, at, axis=1) for at in (below, above))
    return np.asarray(low + (place - below) * (high - low))
