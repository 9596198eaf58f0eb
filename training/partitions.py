"""Which series are trained together, and up to which bucket."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

import pandas as pd

from demand.calendar import Granularity, buckets, floor, number, previous
from demand.series import SeriesKey
from training.ports import Extent, Partition

_ORDER = tuple(Granularity)


def partitions(
    extents: Mapping[int, Extent],
    granularity: Granularity,
    size: int,
    keys: Mapping[int, SeriesKey] | None = None,
) -> tuple[Partition, ...]:
    """Split series into partitions of at most `size` whose histories end at a common cut-off.

    A series that is a little late is forecast from the common cut-off, over missing values; one whose history ended
    long before is forecast from its own end. Series on a coarser grid than asked for are left out, and those whose
    history does not hold a whole bucket yet.

    Args:
        extents: how far each stored series reaches.
        granularity: width of the buckets to forecast.
        size: how many series a partition holds at most; partitions of one cut-off are about equally large.
        keys: the identity of each series; kin, which learn from each other, are kept together where they are given.
    """
    cut_offs = {
        series_id: cut_off
        for series_id, extent in extents.items()
        if _ORDER.index(extent.granularity) <= _ORDER.index(granularity)
        and (cut_off := _last_whole_bucket(extent, granularity)) >= _first_whole_bucket(extent, granularity)
    }
    return tuple(
        Partition(tuple(sorted(part)), granularity, cut_offs[newest])
        for grid in _grids(cut_offs, granularity)
        for newest, cohort in _cohorts(grid, cut_offs, granularity)
        for part in _split(cohort, size, keys or {})
    )


def _split(cohort: list[int], size: int, keys: Mapping[int, SeriesKey]) -> Iterator[list[int]]:
    """As few parts as the size allows, with kin side by side, and none so small that a series is left without any."""
    ordered = sorted(cohort, key=lambda series_id: (_kind(keys.get(series_id, SeriesKey())), series_id))
    count = -(-len(ordered) // size)
    ends = [-(-len(ordered) * part // count) for part in range(count + 1)]
    for first, stop in pairwise(ends):
        yield ordered[first:stop]


def _kind(key: SeriesKey) -> tuple[str, ...]:
    """What kin have in common, what matters most first."""
    return (key.workload.value, key.accelerator, key.region, key.provider)


def _grids(cut_offs: Mapping[int, pd.Timestamp], granularity: Granularity) -> list[list[int]]:
    """Series whose buckets start together: weeks may start on any weekday, everything else has one grid."""
    if granularity is not Granularity.WEEK:
        return [list(cut_offs)]
    return [[s for s, cut_off in cut_offs.items() if cut_off.weekday() == weekday] for weekday in range(7)]


def _cohorts(
    series_ids: list[int], cut_offs: Mapping[int, pd.Timestamp], granularity: Granularity
) -> Iterator[tuple[int, list[int]]]:
    """Series whose histories end about together, led by the one that reaches furthest."""
    numbers = {series_id: number(cut_offs[series_id], granularity) for series_id in series_ids}
    waiting = sorted(series_ids, key=numbers.__getitem__, reverse=True)
    while waiting:
        newest = waiting[0]
        oldest = numbers[newest] - granularity.rhythm.lateness
        late = [series_id for series_id in waiting if numbers[series_id] < oldest]
        yield newest, sorted(waiting[: len(waiting) - len(late)])
        waiting = late


def _last_whole_bucket(extent: Extent, granularity: Granularity) -> pd.Timestamp:
    """The last bucket of the wanted width that is over where the history ends."""
    if granularity is extent.granularity:
        return extent.last
    end = buckets(extent.last, 2, extent.granularity)[-1]
    return previous(_bucket_of(end, extent, granularity), granularity)


def _first_whole_bucket(extent: Extent, granularity: Granularity) -> pd.Timestamp:
    """The first bucket of the wanted width whose beginning the history holds."""
    if granularity is extent.granularity:
        return extent.first
    bucket = _bucket_of(extent.first, extent, granularity)
    begins_before = _bucket_of(previous(extent.first, extent.granularity), extent, granularity) == bucket
    return buckets(bucket, 2, granularity)[-1] if begins_before else bucket


def _bucket_of(start: pd.Timestamp, extent: Extent, granularity: Granularity) -> pd.Timestamp:
    """The bucket of the wanted width that a bucket of the history starts in."""
    return start if granularity is extent.granularity else floor(pd.DatetimeIndex([start]), granularity)[0]
