"""Which series are trained together, and up to which bucket."""

from collections.abc import Iterator, Mapping

import pandas as pd

from demand.calendar import Granularity, buckets, floor
from training.ports import Extent, Partition

_ORDER = tuple(Granularity)


def partitions(extents: Mapping[int, Extent], granularity: Granularity, size: int) -> tuple[Partition, ...]:
    """Split series into partitions of at most `size` whose histories end at a common cut-off.

    A series that is a little late is forecast from the common cut-off, over missing values; one whose history ended
    long before is forecast from its own end. Series on a coarser grid than asked for are left out.

    Args:
        extents: how far each stored series reaches.
        granularity: width of the buckets to forecast.
        size: how many series a partition holds at most.
    """
    cut_offs = {
        series_id: _last_whole_bucket(extent, granularity)
        for series_id, extent in extents.items()
        if _ORDER.index(extent.granularity) <= _ORDER.index(granularity)
    }
    patience = pd.Timedelta(hours=granularity.rhythm.lateness * granularity.rhythm.hours)
    return tuple(
        Partition(tuple(cohort[first : first + size]), granularity, cut_offs[newest])
        for grid in _grids(cut_offs, granularity)
        for newest, cohort in _cohorts(grid, cut_offs, patience)
        for first in range(0, len(cohort), size)
    )


def _grids(cut_offs: Mapping[int, pd.Timestamp], granularity: Granularity) -> list[list[int]]:
    """Series whose buckets start together: weeks may start on any weekday, everything else has one grid."""
    if granularity is not Granularity.WEEK:
        return [list(cut_offs)]
    return [[s for s, cut_off in cut_offs.items() if cut_off.weekday() == weekday] for weekday in range(7)]


def _cohorts(
    series_ids: list[int], cut_offs: Mapping[int, pd.Timestamp], patience: pd.Timedelta
) -> Iterator[tuple[int, list[int]]]:
    """Series whose histories end about together, led by the one that reaches furthest."""
    waiting = sorted(series_ids, key=lambda series_id: cut_offs[series_id], reverse=True)
    while waiting:
        newest = waiting[0]
        late = [series_id for series_id in waiting if cut_offs[series_id] < cut_offs[newest] - patience]
        yield newest, sorted(waiting[: len(waiting) - len(late)])
        waiting = late


def _last_whole_bucket(extent: Extent, granularity: Granularity) -> pd.Timestamp:
    """The last bucket of the wanted width that the history covers in whole, or that it ends in if there is none."""
    if granularity is extent.granularity:
        return extent.last
    end = buckets(extent.last, 2, extent.granularity)[-1]
    bucket = floor(pd.DatetimeIndex([end]), granularity)[0]
    return floor(pd.DatetimeIndex([bucket - pd.Timedelta(hours=1)]), granularity)[0]
