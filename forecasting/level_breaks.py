"""Level breaks: a clear step to another level that lasts, as when a fleet moves or a tenant leaves."""

from dataclasses import dataclass

import numpy as np

from demand.calendar import Granularity
from demand.history import FloatArray

BLOCK = {Granularity.HOUR: 24, Granularity.DAY: 7, Granularity.WEEK: 4, Granularity.MONTH: 3}
"""Buckets whose median is one block: whole short seasons, so that none stands out by its place in one."""

BEFORE, AFTER = 14, 7
"""Blocks that are needed on either side of a break: of hours, two weeks of days before it and one after it."""

SMALLEST_FACTOR, LARGEST_FACTOR = 1.3, 8.0
"""Steps below the first are not worth changing a history for; those beyond the last are launches or ends."""

CLEARNESS = 4.0
"""How many times the usual distance of a block from the level of its side the step must be."""

SHARPNESS = 0.7
"""The share of the step that must happen within one block."""

OWN_SIDE = 0.95
"""The share of the blocks of either side that must lie on it, seen from the middle of the step."""

BETTER_THAN_TREND = 0.6
"""Two levels must leave at most this share of what a straight line leaves unexplained."""

DAYS = 7

_EDGE = 3
_MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True)
class LevelBreak:
    """A step from one lasting level to another.

    Attributes:
        step: the first bucket of the new level, as a position in the history.
        factor: the new level as a multiple of the old one.
    """

    step: int
    factor: float


def level_break(values: FloatArray, granularity: Granularity) -> LevelBreak | None:
    """The level break of a series, if it has a clear one.

    The series is looked at as logarithms of the medians of blocks, and split where two levels describe it best. That
    is a break if the step is large, stands out from the noise, has nearly all blocks on their own sides, happens within
    one block, and describes the series far better than a straight line does; so trends, seasons, bursts and slow
    wandering make none. A series that is ever idle for most of a block never has one.

    Args:
        values: shape (n_steps,), NaN where missing.
        granularity: the width of a bucket.
    """
    width = BLOCK[granularity]
    known = np.flatnonzero(~np.isnan(values))
    first = int(known[0]) if len(known) else len(values)
    count = (len(values) - first) // width
    if count < BEFORE + AFTER:
        return None
    offset = len(values) - count * width
    blocks = _medians(values[offset:].reshape(count, width))
    if np.isnan(blocks).mean() > 1 - OWN_SIDE or not (blocks[~np.isnan(blocks)] > 0).all():
        return None
    levels = np.log(_filled(blocks))
    if granularity is Granularity.HOUR:
        levels = _without_week(levels)
    if np.ptp(levels) < np.log(SMALLEST_FACTOR):
        return None
    place = _best_split(levels)
    step = float(np.median(levels[place:]) - np.median(levels[:place]))
    if not _is_clear(levels, place, step):
        return None
    start = offset + place * width
    return LevelBreak(start + _within(values[start - width : start + width], blocks, place), float(np.exp(step)))


def _without_week(levels: FloatArray) -> FloatArray:
    """Daily levels without what is usual for their weekday, seen against the week around each."""
    padded = np.pad(levels, DAYS // 2, mode="edge")
    around = np.median(np.lib.stride_tricks.sliding_window_view(padded, DAYS), axis=1)
    own = np.array([np.median((levels - around)[day::DAYS]) for day in range(DAYS)])
    return np.asarray(levels - np.resize(own - own.mean(), len(levels)))


def _best_split(levels: FloatArray) -> int:
    """Where two means describe the levels best by least squares, outliers drawn in so that they do not decide."""
    calm = np.clip(levels, *np.quantile(levels, [1 - OWN_SIDE, OWN_SIDE]))
    places = np.arange(BEFORE, len(levels) - AFTER + 1)
    before = np.cumsum(calm)[places - 1]
    return int(places[np.argmax(before**2 / places + (calm.sum() - before) ** 2 / (len(levels) - places))])


def _is_clear(levels: FloatArray, place: int, step: float) -> bool:
    size = abs(step)
    if not np.log(SMALLEST_FACTOR) <= size <= np.log(LARGEST_FACTOR):
        return False
    before, after = levels[:place], levels[place:]
    low, high = np.median(before), np.median(after)
    middle, sign = (low + high) / 2, np.sign(step)
    own = min(float((sign * (before - middle) < 0).mean()), float((sign * (after - middle) > 0).mean()))
    distances = np.concatenate([before - low, after - high])
    noise = _MAD_TO_SIGMA * float(np.median(np.abs(distances)))
    # The block before may hold the step itself.
    edge = sign * (np.median(after[:_EDGE]) - np.median(before[-_EDGE - 1 : -1]))
    steps = np.arange(len(levels))
    line = np.polynomial.Polynomial.fit(steps, levels, 1)(steps)
    return bool(
        own >= OWN_SIDE
        and size >= CLEARNESS * noise
        and edge >= SHARPNESS * size
        and np.abs(distances).sum() <= BETTER_THAN_TREND * np.abs(levels - line).sum()
    )


def _within(around: FloatArray, blocks: FloatArray, place: int) -> int:
    """Where in the two blocks around a split the step is, counted from the split: what leaves the least distance."""
    low, high = np.log(np.nanmedian(blocks[:place])), np.log(np.nanmedian(blocks[place:]))
    levels = np.log(np.where(around > 0, around, np.nan))
    excess = np.nan_to_num(np.abs(levels - low) - np.abs(levels - high))
    costs = np.concatenate([[0.0], np.cumsum(excess)])
    return int(np.argmin(costs)) - len(around) // 2


def _medians(blocks: FloatArray) -> FloatArray:
    """The median of each block, NaN where less than half of it is known."""
    enough = (~np.isnan(blocks)).mean(axis=1) >= 0.5
    medians = np.full(len(blocks), np.nan)
    medians[enough] = np.nanmedian(blocks[enough], axis=1)
    return medians


def _filled(blocks: FloatArray) -> FloatArray:
    """The blocks, with the few that are missing as the one before or, at the start, after."""
    known = np.flatnonzero(~np.isnan(blocks))
    return np.asarray(blocks[known[np.maximum(np.searchsorted(known, np.arange(len(blocks)), side="right") - 1, 0)]])
