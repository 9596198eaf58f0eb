"""Reading what came true of some series in a stretch of time, whatever else is stored."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sqlalchemy import Connection, select

from demand.calendar import Granularity, buckets, step_of
from demand.errors import Invalid
from demand.history import FloatArray, Panel
from service.store.bulk import read_columns
from service.store.ids import among
from service.store.instants import from_hours, to_hour, to_hours
from service.store.series import SeriesRepository, StoredSeries
from service.store.tables import OBSERVATION, SERIES

_BY_WIDTH = list(Granularity)


def read_stretch(
    connection: Connection, series_ids: Sequence[int], granularity: Granularity, start: pd.Timestamp, n_steps: int
) -> Panel:
    """The present values of some series in consecutive buckets; NaN where nothing is known.

    A bucket that is wider than those of its series is known where at least half of them are, and once they have all
    passed: half a day is no day.

    Args:
        connection: the connection of the unit of work.
        series_ids: the stored series, one row each in this order.
        granularity: the width of the buckets.
        start: the first bucket.
        n_steps: how many buckets.

    Raises:
        SeriesNotFound: there is no such series.
        Invalid: a series is stored by wider buckets.
    """
    series = SeriesRepository(connection).get_all(series_ids)
    table = np.full((len(series), n_steps), np.nan)
    for own in dict.fromkeys(each.granularity for each in series):
        rows = [row for row, each in enumerate(series) if each.granularity is own]
        members = [series[row] for row in rows]
        if _BY_WIDTH.index(own) > _BY_WIDTH.index(granularity):
            raise Invalid(
                f"series {members[0].id} ({members[0].key}) is stored by the {own}; ask for {own} or coarser buckets"
            )
        table[rows] = _read(connection, members, granularity, buckets(start, n_steps + 1, granularity))
    keys, units = tuple(each.key for each in series), tuple(each.unit for each in series)
    return Panel(keys, units, granularity, start, table)


def newest_hours(connection: Connection, series_ids: Sequence[int]) -> dict[int, int]:
    """The last hour of which a value of each series is stored; series without any are left out."""
    last = select(OBSERVATION.c.hour).where(OBSERVATION.c.series_id == SERIES.c.id)
    newest = last.order_by(OBSERVATION.c.hour.desc()).limit(1).correlate(SERIES).scalar_subquery()
    statement = select(SERIES.c.id, newest.label("hour"))
    rows = connection.execute(statement.where(among(SERIES.c.id, series_ids, connection.dialect)))
    return {row.id: row.hour for row in rows if row.hour is not None}


def _read(
    connection: Connection, series: Sequence[StoredSeries], granularity: Granularity, edges: pd.DatetimeIndex
) -> FloatArray:
    """Series of one granularity; `edges` are the starts of all buckets and the end of the last."""
    own, ids = series[0].granularity, [each.id for each in series]
    statement = select(OBSERVATION.c.series_id, OBSERVATION.c.hour, OBSERVATION.c.value)
    statement = statement.where(OBSERVATION.c.hour >= to_hour(edges[0]), OBSERVATION.c.hour < to_hour(edges[-1]))
    statement = statement.where(among(OBSERVATION.c.series_id, ids, connection.dialect))
    found, hours, levels = read_columns(connection, statement, ("i4", "i4", "f8"))
    order = np.argsort(ids)
    rows = order[np.searchsorted(np.array(ids)[order], found)]
    # A week of the series may start on another day than the buckets that are asked for: then nothing fits.
    count = int(step_of(edges[-1:], edges[0], own)[0])
    steps = step_of(from_hours(hours), edges[0], own)
    on_grid = to_hours(buckets(edges[0], count, own))[steps] == hours
    table = np.full((len(series), count), np.nan)
    table[rows[on_grid], steps[on_grid]] = levels[on_grid]
    if own is granularity:
        return table
    keys, units = tuple(each.key for each in series), tuple(each.unit for each in series)
    wide = Panel(keys, units, own, edges[0], table).coarser(granularity).values
    newest = newest_hours(connection, ids)
    known_until = np.array([newest.get(series_id, -1) for series_id in ids])
    last_parts = to_hours(edges[1:]) - round(own.rhythm.hours)
    return np.where(last_parts[None, :] <= known_until[:, None], wide, np.nan)
