"""How a change comes about over time, as its average in each bucket.

Demand is an average level over a bucket, so a change that begins within one counts there in part. All times are days
since 1970, and per path, so that dates may be uncertain.
"""

import numpy as np
import pandas as pd

from demand.calendar import buckets
from demand.history import FloatArray
from demand.paths import DemandPaths

_NANOSECONDS_PER_DAY = 86_400_000_000_000
_FROM_TENTH_TO_NINE_TENTHS = 2 * float(np.log(9))
_SHORTEST_DAYS = 1 / 86_400


def to_days(instant: pd.Timestamp) -> float:
    """Days since 1970, UTC."""
    return float(instant.as_unit("ns").value) / _NANOSECONDS_PER_DAY


def edges_of(paths: DemandPaths) -> FloatArray:
    """Where the buckets of the paths begin, and where the last ends, in days since 1970, shape (n_steps + 1,)."""
    grid = buckets(paths.start, paths.values.shape[2] + 1, paths.granularity)
    return np.asarray(grid.as_unit("ns").asi8, dtype=float) / _NANOSECONDS_PER_DAY


def step(edges: FloatArray, at: FloatArray) -> FloatArray:
    """A change that happens at once: the share of each bucket that lies after it.

    Args:
        edges: of the buckets, shape (n_steps + 1,).
        at: when it happens, shape (n_paths,).

    Returns:
        Shares in [0, 1], shape (n_paths, n_steps).
    """
    after = np.clip(edges[None, 1:] - at[:, None], 0, np.diff(edges))
    return np.asarray(after / np.diff(edges))


def ramp(edges: FloatArray, at: FloatArray, days: float) -> FloatArray:
    """A change that grows evenly from nothing to all of it.

    Args:
        edges: of the buckets, shape (n_steps + 1,).
        at: when it begins, shape (n_paths,).
        days: how long it takes; 0 is a step.

    Returns:
        Averages in [0, 1], shape (n_paths, n_steps).
    """
    if days < _SHORTEST_DAYS:
        return step(edges, at)
    since = np.maximum(edges[None, :] - at[:, None], 0)
    grown = np.where(since < days, since**2 / (2 * days), since - days / 2)
    return np.asarray(np.diff(grown, axis=1) / np.diff(edges))


def logistic(edges: FloatArray, middle: FloatArray, days: float) -> FloatArray:
    """An adoption that spreads from those who have it to those who do not.

    Args:
        edges: of the buckets, shape (n_steps + 1,).
        middle: when one half has it, shape (n_paths,).
        days: from one tenth to nine tenths; 0 is a step.

    Returns:
        Averages in [0, 1], shape (n_paths, n_steps).
    """
    if days < _SHORTEST_DAYS:
        return step(edges, middle)
    steepness = _FROM_TENTH_TO_NINE_TENTHS / days
    spread = np.logaddexp(0, steepness * (edges[None, :] - middle[:, None])) / steepness
    return np.asarray(np.clip(np.diff(spread, axis=1) / np.diff(edges), 0, 1))
