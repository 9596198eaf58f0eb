"""Reading stored history into panels."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pandas as pd
from sqlalchemy import Connection, select

from demand.calendar import Granularity, buckets, step_of
from demand.errors import Invalid
from demand.history import Panel, panel_from_long
from service.store.bulk import read_columns
from service.store.instants import from_hours
from service.store.series import SeriesRepository, StoredSeries
from service.store.versions import newest_hour, values

_BY_WIDTH = list(Granularity)
_LONGEST_HOURS = {Granularity.HOUR: 1, Granularity.DAY: 24, Granularity.WEEK: 168, Granularity.MONTH: 31 * 24}


def read_panel(
    connection: Connection,
    series_ids: Sequence[int],
    granularity: Granularity,
    *,
    as_of: datetime | None,
    last: int | None,
) -> Panel:
    """The history of some series on one grid; see `ObservationRepository.panel`."""
    series = SeriesRepository(connection).get_all(series_ids)
    parts = []
    for own in dict.fromkeys(each.granularity for each in series):
        positions = [position for position, each in enumerate(series) if each.granularity is own]
        members = [series[position] for position in positions]
        if _BY_WIDTH.index(own) > _BY_WIDTH.index(granularity):
            raise Invalid(
                f"series {members[0].id} ({members[0].key}) is stored by the {own}; ask for {own} or coarser buckets"
            )
        span = None if last is None else (last + 2) * _LONGEST_HOURS[granularity]
        part = _read_own(connection, members, as_of, span)
        if part is not None:
            parts.append((positions, part.coarser(granularity)))
    if not parts:
        raise Invalid("none of these series had any observation then; ingest some first, or ask for a later state")
    panel = parts[0][1] if len(parts[0][0]) == len(series) else _aligned(series, parts)
    return panel if last is None else panel.last(last)


def _read_own(
    connection: Connection, series: Sequence[StoredSeries], as_of: datetime | None, span_hours: int | None
) -> Panel | None:
    """Series of one granularity on their own grid; None if nothing is known of any of them."""
    ids = [each.id for each in series]
    source = values(connection, ids, as_of)
    statement = select(source.c.series_id, source.c.hour, source.c.value)
    if span_hours is not None:
        newest = newest_hour(connection, ids, as_of)
        statement = statement.where(source.c.hour > (newest or 0) - span_hours)
    found, hours, levels = read_columns(connection, statement, ("i4", "i4", "f8"))
    if not len(hours):
        return None
    order = np.argsort(ids)
    rows = order[np.searchsorted(np.array(ids)[order], found)]
    keys, units = [each.key for each in series], [each.unit for each in series]
    return panel_from_long(keys, units, series[0].granularity, (rows, from_hours(hours), levels))


def _aligned(series: Sequence[StoredSeries], parts: Sequence[tuple[list[int], Panel]]) -> Panel:
    """One panel of parts that were read apart, because their series are stored by buckets of different widths."""
    start = min(panel.start for _, panel in parts)
    granularity = parts[0][1].granularity
    ends = pd.DatetimeIndex([panel.end for _, panel in parts])
    table = np.full((len(series), int(step_of(ends, start, granularity).max())), np.nan)
    for positions, panel in parts:
        first = int(step_of(pd.DatetimeIndex([panel.start]), start, granularity)[0])
        if buckets(start, first + 1, granularity)[-1] != panel.start:
            raise Invalid(
                f"weeks that start at {panel.start.isoformat()} and at {start.isoformat()} do not share a grid; "
                "ask for these series apart"
            )
        table[positions, first : first + panel.n_steps] = panel.values
    return Panel(tuple(each.key for each in series), tuple(each.unit for each in series), granularity, start, table)
