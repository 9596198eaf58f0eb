"""What the store held at any instant: present values, and those that were replaced since."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, union_all
from sqlalchemy.sql.selectable import Subquery

from service.store.ids import among
from service.store.instants import to_micros
from service.store.tables import INGEST, OBSERVATION, REVISION, SERIES


def last_ingest(connection: Connection, as_of: datetime) -> int:
    """The last ingest that was recorded at or before the instant; 0, which no ingest has, if there was none."""
    recorded = INGEST.c.recorded_at <= to_micros(as_of)
    statement = select(INGEST.c.id).where(recorded).order_by(INGEST.c.recorded_at.desc()).limit(1)
    return connection.execute(statement).scalar_one_or_none() or 0


def values(connection: Connection, series_ids: Sequence[int], as_of: datetime | None) -> Subquery:
    """The values of these series as they were, or are: rows of series_id, hour, value and ingest_id.

    Ids of ingests and the instants at which they were recorded grow together, so ids alone tell what was there.
    """
    present = _of(OBSERVATION).where(among(OBSERVATION.c.series_id, series_ids, connection.dialect))
    if as_of is None:
        return present.subquery()
    until = last_ingest(connection, as_of)
    replaced = _of(REVISION).where(*_replaced(connection, series_ids, until))
    return union_all(present.where(OBSERVATION.c.ingest_id <= until), replaced).subquery()


def newest_hour(connection: Connection, series_ids: Sequence[int], as_of: datetime | None) -> int | None:
    """The last hour of which any of these series had a value, found without reading the series."""
    conditions = [OBSERVATION.c.series_id == SERIES.c.id]
    until = None if as_of is None else last_ingest(connection, as_of)
    if until is not None:
        conditions.append(OBSERVATION.c.ingest_id <= until)
    last = select(OBSERVATION.c.hour).where(*conditions).order_by(OBSERVATION.c.hour.desc()).limit(1)
    newest = select(func.max(last.correlate(SERIES).scalar_subquery()))
    found = [connection.execute(newest.where(among(SERIES.c.id, series_ids, connection.dialect))).scalar()]
    if until is not None:
        replaced = select(func.max(REVISION.c.hour)).where(*_replaced(connection, series_ids, until))
        found.append(connection.execute(replaced).scalar())
    return max((hour for hour in found if hour is not None), default=None)


def _replaced(connection: Connection, series_ids: Sequence[int], until: int) -> list[ColumnElement[bool]]:
    """The conditions that keep what was there at an ingest and has been replaced since."""
    mine = among(REVISION.c.series_id, series_ids, connection.dialect)
    return [mine, REVISION.c.ingest_id <= until, REVISION.c.replaced_by > until]


def _of(table: Any) -> Select[Any]:
    return select(table.c.series_id, table.c.hour, table.c.value, table.c.ingest_id)
