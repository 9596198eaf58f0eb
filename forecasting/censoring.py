"""What would have been asked for in hours that were full.

In a full hour the record says only that demand was at least what was in use: it is censored, in the sense of Tobin
(1958). What demand may have been follows from the hours that were not full: demand is a level that moves slowly plus a
shape that repeats with the seasons plus errors that persist, in the logarithm of one plus demand over its mean, where
its swings are about as large at every level. The unknown values, the level and shape, and the errors are drawn in turn,
each given the others (data augmentation, Tanner and Wong, 1987; for Tobit models Chib, 1992), so what comes out is a
draw from what demand may have been, not its mean: as restless as the hours that are known, and never below use.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from demand.history import FloatArray, Panel
from forecasting.seasonal_basis import basis
from forecasting.tobit import TobitFit, fit_tobit

SWEEPS = 60
"""Rounds of draws; the last one counts."""

LONGEST = 2688
"""Steps that are drawn together, sixteen weeks of hours; a longer history is drawn in parts, since shapes change."""

HIGHEST = 4.0
"""How many times what was in use demand may have been at most. A normal error in logarithms has no end of its own."""

LEAST_DEVIATION = 0.02
"""How much a series is taken to vary at least, in logarithms, when all that is known of it is a flat ceiling."""

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Uncensored:
    """History as it would have been without ceilings.

    Attributes:
        panel: a draw of demand where use was at a ceiling, and what is recorded elsewhere.
        censored: the buckets at a ceiling, shape (n_series, n_steps).
    """

    panel: Panel
    censored: BoolArray


def uncensor(panel: Panel, censored: BoolArray, seed: int) -> Uncensored:
    """Draw what would have been asked for in censored buckets.

    Args:
        panel: what was in use.
        censored: the buckets in which demand was at least that, shape (n_series, n_steps).
        seed: of the draws; every series has its own, by its place in the panel.
    """
    censored = censored & ~np.isnan(panel.values)
    values = panel.values.copy()
    edges = np.linspace(0, panel.n_steps, -(-panel.n_steps // LONGEST) + 1).astype(int)
    for number, (first, stop) in enumerate(pairwise(edges.tolist())):
        rows = np.flatnonzero(censored[:, first:stop].any(axis=1))
        if len(rows):
            part = panel.between(first, stop).select(rows.tolist())
            values[rows, first:stop] = _draw(part, censored[rows, first:stop], np.random.default_rng([seed, number]))
    return Uncensored(replace(panel, values=values), censored)


@dataclass(frozen=True)
class _Cells:
    """Unknown cells of which no two are neighbours in time, with the range of what each may be."""

    rows: IntArray
    steps: IntArray
    lowest: FloatArray
    highest: FloatArray


@dataclass(frozen=True)
class _Scale:
    """To and from logarithms, in deviations of each series' own from its own mean; shapes (n_series, 1)."""

    mean: FloatArray
    middle: FloatArray
    deviation: FloatArray

    @classmethod
    def of(cls, values: FloatArray) -> "_Scale":
        mean = np.nanmean(values, axis=1, keepdims=True)
        mean = np.where(mean > 0, mean, 1.0)
        logs = np.log1p(values / mean)
        deviation = np.maximum(np.nanstd(logs, axis=1, keepdims=True), LEAST_DEVIATION)
        return cls(mean, np.nanmean(logs, axis=1, keepdims=True), deviation)

    def inside(self, values: FloatArray) -> FloatArray:
        return np.asarray((np.log1p(values / self.mean) - self.middle) / self.deviation)

    def outside(self, logs: FloatArray) -> FloatArray:
        return np.asarray(np.expm1(logs * self.deviation + self.middle) * self.mean)


def _draw(panel: Panel, censored: BoolArray, rng: np.random.Generator) -> FloatArray:
    scale = _Scale.of(panel.values)
    logs = scale.inside(panel.values)
    shape = basis(panel.granularity, panel.n_steps)
    learned = fit_tobit(logs, censored, shape)
    centre = learned.draw(rng) @ shape.inputs.T
    lowest = np.where(censored, logs - centre, -np.inf)
    highest = np.where(censored, scale.inside(HIGHEST * panel.values) - centre, np.inf)
    unknown = censored | np.isnan(logs)
    errors = np.where(unknown, np.clip(0.0, lowest, highest), logs - centre)
    waves = [_cells(unknown, parity, lowest, highest) for parity in (0, 1)]
    for _ in range(SWEEPS):
        for cells in waves:
            mean, width = _given_neighbours(errors, cells, learned)
            errors[cells.rows, cells.steps] = _truncated_normal(mean, width, cells, rng)
    drawn = scale.outside(centre + errors)
    return np.where(censored, np.maximum(drawn, panel.values), panel.values)


def _cells(unknown: BoolArray, parity: int, lowest: FloatArray, highest: FloatArray) -> _Cells:
    rows, steps = np.nonzero(unknown)
    own = steps % 2 == parity
    rows, steps = rows[own], steps[own]
    return _Cells(rows, steps, lowest[rows, steps], highest[rows, steps])


def _given_neighbours(errors: FloatArray, cells: _Cells, learned: TobitFit) -> tuple[FloatArray, FloatArray]:
    """Mean and deviation of an error given those before and after it, of a first-order autoregression."""
    last = errors.shape[1] - 1
    has_before, has_after = cells.steps > 0, cells.steps < last
    before = np.where(has_before, errors[cells.rows, np.maximum(cells.steps - 1, 0)], 0.0)
    after = np.where(has_after, errors[cells.rows, np.minimum(cells.steps + 1, last)], 0.0)
    carried = learned.persistence[cells.rows]
    fresh = learned.deviation[cells.rows] * np.sqrt(1 - carried**2)
    precision = np.where(has_before, 1.0, 1 - carried**2) + np.where(has_after, carried**2, 0.0)
    return carried * (before + after) / precision, fresh / np.sqrt(precision)


def _truncated_normal(centre: FloatArray, width: FloatArray, cells: _Cells, rng: np.random.Generator) -> FloatArray:
    """Draws from normal distributions between bounds; by symmetry the tail that is computed is always the lower one."""
    low, high = (cells.lowest - centre) / width, (cells.highest - centre) / width
    flip = low > 0
    low, high = np.where(flip, -high, low), np.where(flip, -low, high)
    below, upto = ndtr(low), ndtr(high)
    drawn = ndtri(below + rng.random(len(centre)) * (upto - below))
    drawn = np.clip(np.where(flip, -drawn, drawn), np.where(flip, -high, low), np.where(flip, -low, high))
    return np.asarray(np.clip(centre + width * drawn, cells.lowest, cells.highest))
