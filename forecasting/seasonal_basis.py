"""A level that moves slowly plus a shape that repeats with the seasons, as inputs of one regression for many series."""

from dataclasses import dataclass

import numpy as np

from demand.calendar import Granularity
from demand.history import FloatArray

HARMONICS = 8
"""Waves per season; a shape with more detail than that is left to the errors."""

WAVE_SIZE = 1.5
"""How large the first wave of a season is expected to be, in deviations of the series; wave k is expected k times
smaller, so that detail which the data does not show is not made up."""

LEVEL_STEP = 1.0
"""How much the level is expected to change from one knot to the next, in deviations of the series."""

KNOT_SEASONS = 7
"""Shortest seasons between two knots of the level."""

_ANY_LEVEL = 10.0


@dataclass(frozen=True)
class Basis:
    """Inputs of a regression, and what is expected of their coefficients.

    Attributes:
        inputs: shape (n_steps, n_inputs).
        precision: inverse of the covariance that is expected of the coefficients, shape (n_inputs, n_inputs).
    """

    inputs: FloatArray
    precision: FloatArray


def basis(granularity: Granularity, n_steps: int) -> Basis:
    """The inputs for series on this grid: a level with knots, and waves of every season."""
    waves, sizes = _waves(granularity, n_steps)
    hats = _hats(granularity, n_steps)
    count = hats.shape[1]
    changes = np.diff(np.eye(count), axis=0)
    precision = np.diag(np.concatenate([np.full(count, _ANY_LEVEL**-2), sizes**-2]))
    precision[:count, :count] += changes.T @ changes / LEVEL_STEP**2
    return Basis(np.concatenate([hats, waves], axis=1), precision)


def _waves(granularity: Granularity, n_steps: int) -> tuple[FloatArray, FloatArray]:
    """Sines and cosines, and the size that is expected of each."""
    step = np.arange(n_steps)
    columns: list[FloatArray] = []
    sizes: list[float] = []
    for season in granularity.rhythm.seasons:
        for wave in range(1, min(HARMONICS, int(season // 2)) + 1):
            angle = 2 * np.pi * wave * step / season
            columns += [np.sin(angle), np.cos(angle)]
            sizes += [WAVE_SIZE / wave] * 2
    return np.stack(columns, axis=1), np.array(sizes)


def _hats(granularity: Granularity, n_steps: int) -> FloatArray:
    """Piecewise linear functions, each one at its own knot and zero at all others."""
    spacing = KNOT_SEASONS * granularity.rhythm.whole_seasons[0]
    count = max(-(-n_steps // spacing), 1) + 1
    position = np.arange(n_steps)[:, None] / spacing
    return np.asarray(np.maximum(1 - np.abs(position - np.arange(count)), 0.0))
