"""What a model of a single series needs: a history without gaps, of ordinary size, that ends in an observation."""

from dataclasses import dataclass

import numpy as np

from demand.history import FloatArray

SHORT_GAP = 3
"""Gaps up to this many buckets are bridged by a straight line, longer ones from the season before."""


@dataclass(frozen=True)
class Prepared:
    """One series from its first to its last observation, divided by its mean level.

    Attributes:
        values: no value missing, mean level one (or all zero), shape (n_steps,).
        observed: the same with NaN in the gaps.
        scale: what the values were divided by, in the unit of demand.
        first: position of the first observation in the panel.
        tail: how many buckets of the panel come after the last observation.
        cap: what the series will not grow beyond, divided like the values; NaN where that is not known.
    """

    values: FloatArray
    observed: FloatArray
    scale: float
    first: int
    tail: int
    cap: float = np.nan


def prepare(row: FloatArray, season: int, cap: float = np.nan) -> Prepared:
    """Prepare one series.

    Args:
        row: values with at least one observation, NaN where missing, shape (n_steps,).
        season: length of the season that long gaps are filled from, in buckets.
        cap: what the series will not grow beyond, in the unit of demand; NaN where that is not known.
    """
    known = np.flatnonzero(~np.isnan(row))
    first, last = int(known[0]), int(known[-1])
    level = float(np.abs(row[known]).mean())
    scale = level if level > 0 else 1.0
    observed = row[first : last + 1] / scale
    return Prepared(fill_gaps(observed, season), observed, scale, first, len(row) - 1 - last, cap / scale)


def fill_gaps(values: FloatArray, season: int) -> FloatArray:
    """Fill inner gaps: short ones with a straight line, longer ones with what was one season earlier.

    Where a long gap begins before one season is known, the straight line is used there too.

    Args:
        values: first and last are known, shape (n_steps,).
        season: length of the season in buckets.
    """
    missing = np.isnan(values)
    known = np.flatnonzero(~missing)
    filled = np.interp(np.arange(len(values)), known, values[known])
    for gap in np.flatnonzero(np.diff(known) - 1 > SHORT_GAP):
        for step in range(max(known[gap] + 1, season), known[gap + 1]):
            filled[step] = filled[step - season]
    return filled
