"""Finding the ceilings that a history met, where nobody has told what they were.

A series that meets a ceiling comes back to the same value again and again, from different values below, stays there
for hours, and hardly ever goes higher. Ordinary series have a highest value too, but they do not stay at it; those that
move in whole steps stay at every step about as often; those that seldom move have no values in between. All of that
is asked for here, so that few ceilings are found where there is none.
"""

import numpy as np
import numpy.typing as npt

from demand.history import FloatArray, Panel

HAIR = 0.002
"""How far apart values may lie, as a share of the ceiling, and still count as the same."""

FEWEST_VISITS = 5
"""How often the series must have come to the ceiling from below."""

LEAST_SHARE = 0.02
"""Least share of the known buckets, while the ceiling held, that lie at it."""

MOST_ABOVE = 0.01
"""Largest share of them that may lie above: records are not perfect."""

LONGEST_STAY = 3
"""Buckets that the longest visit must have lasted at least."""

CROWDING = 4.0
"""How many times more buckets lie at the ceiling than at any other value in the upper half below it."""

LEAST_BETWEEN = 0.1
"""Least share of the known buckets that lie in the upper half below the ceiling: a series that jumps between rest and
one size is not cut off."""

FEWEST_VALUES = 8
"""Distinct values, a hair apart, that it must have had there."""

MOST_CANDIDATES = 12
"""Values that are looked at, those that were stayed at most often first."""

BoolArray = npt.NDArray[np.bool_]


def find_ceilings(panel: Panel) -> FloatArray:
    """The ceilings that each series met, infinite where none is found, shape (n_series, n_steps).

    A ceiling holds from its first visit, and on until the series goes clearly above it or the history ends; several
    follow each other where capacity grew.
    """
    return np.stack([_ceilings_of(row) for row in panel.values])


def _ceilings_of(values: FloatArray) -> FloatArray:
    found = np.full(len(values), np.inf)
    first = 0
    while first < len(values):
        ceiling = _next_ceiling(values, first)
        if ceiling is None:
            break
        level, begin, end = ceiling
        found[begin:end] = level
        first = end
    return found


def _next_ceiling(values: FloatArray, first: int) -> tuple[float, int, int] | None:
    """Level, first bucket and end of the earliest ceiling that was met from this bucket on."""
    spans = []
    for level in _candidates(values[first:]):
        at = np.flatnonzero(np.abs(values[first:] - level) <= HAIR * level)
        begin = first + int(at[0])
        end = _end_of(values, level, begin)
        if end > first and _is_ceiling(values[begin:end], level):
            spans.append((level, begin, end))
    return min(spans, key=lambda span: (span[1], -span[0])) if spans else None


def _candidates(values: FloatArray) -> list[float]:
    """Values that the series stayed at for a while, above its median."""
    known = values[~np.isnan(values)]
    if not len(known):
        return []
    flat = np.abs(np.diff(values)) <= HAIR * np.abs(values[1:])
    twice = flat[1:] & flat[:-1]
    stays = values[2:][twice & (values[2:] > max(float(np.median(known)) * 0.8, 0.0))]
    places = np.round(np.log(stays) / HAIR)
    distinct, counts = np.unique(places, return_counts=True)
    common = distinct[np.argsort(-counts, kind="stable")][:MOST_CANDIDATES]
    return [float(np.median(stays[places == place])) for place in common]


def _end_of(values: FloatArray, level: float, begin: int) -> int:
    """Where the series has left the ceiling for good: the first bucket above it with which too many lie above."""
    above = values[begin:] > level * (1 + HAIR)
    share = np.cumsum(above) / np.arange(1, len(above) + 1)
    broken = np.flatnonzero(above & (share > MOST_ABOVE))
    return begin + int(broken[0]) if len(broken) else len(values)


def _is_ceiling(values: FloatArray, level: float) -> bool:
    """Whether what lies in this stretch looks cut off at the level."""
    known = ~np.isnan(values)
    at = np.abs(values - level) <= HAIR * level
    visits, longest = _visits(at)
    between = values[(values >= 0.5 * level) & (values < level * (1 - HAIR))]
    _, counts = np.unique(np.round(np.log(between) / (2 * HAIR)), return_counts=True)
    return bool(
        visits >= FEWEST_VISITS
        and longest >= LONGEST_STAY
        and at.sum() >= LEAST_SHARE * known.sum()
        and len(between) >= LEAST_BETWEEN * known.sum()
        and len(counts) >= FEWEST_VALUES
        and at.sum() >= CROWDING * counts.max(initial=0)
    )


def _visits(at: BoolArray) -> tuple[int, int]:
    """How many separate stays there are, and how many buckets the longest has."""
    edges = np.diff(np.concatenate([[0], at.astype(np.int64), [0]]))
    lengths = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
    return len(lengths), int(lengths.max(initial=0))
