"""Moving staged rows into the store, in one step that either happens or leaves nothing."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Column, Connection, Integer, MetaData, Select, Table, case, func, insert, literal, select, update

from demand.calendar import Granularity
from demand.series import SeriesKey
from demand.tidy import OnError
from service.store.acceptance import Acceptance
from service.store.bulk import insert_columns
from service.store.ids import among
from service.store.ingest_report import SERIES_KEPT, IngestRejected, IngestReport, RejectionLog
from service.store.instants import from_micros, to_micros
from service.store.locks import INGEST_LOCK, take_lock
from service.store.series import SeriesRepository, StoredSeries
from service.store.staging import STAGED, Staging
from service.store.tables import INGEST, OBSERVATION, REVISION
from service.store.unscored import note_changed
from service.store.upserts import insert_for

_ACCEPTED = Table(
    "accepted",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("series_id", Integer, nullable=False),
    prefixes=["TEMPORARY"],
)
"""Which series in the store each number of the staged rows stands for."""


@dataclass(frozen=True)
class IngestRequest:
    """How rows are to be stored.

    Attributes:
        source: where they come from, for people.
        on_error: what becomes of all if one is refused.
        granularity: the width of all buckets, None to go by what is stored or by the rows.
    """

    source: str
    on_error: OnError
    granularity: Granularity | None = None


def merge(
    connection: Connection, staging: Staging, log: RejectionLog, request: IngestRequest, clock: Callable[[], datetime]
) -> IngestReport:
    """Move staged rows into the store. From here to the end of the transaction no other ingest gets in between.

    Raises:
        IngestRejected: rows were refused, and the request wants all or nothing.
    """
    take_lock(connection, INGEST_LOCK)
    ingest_id, recorded_at = _open_ingest(connection, request.source, clock())
    numbers, new = _accept(connection, Acceptance(staging, log, request.granularity), staging)
    if log.count and request.on_error is OnError.ABORT:
        raise IngestRejected(IngestReport(0, 0, 0, log.count, 0, log.by_line(), None))
    _ACCEPTED.create(connection)
    columns = {"number": np.array(list(numbers), "i4"), "series_id": np.array(list(numbers.values()), "i4")}
    insert_columns(connection, _ACCEPTED, columns)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("ANALYZE staged, accepted")
    inserted, updated, unchanged = _move(connection, ingest_id)
    _note_changed(connection, ingest_id, recorded_at, inserted + updated)
    _ACCEPTED.drop(connection)
    counts = {"inserted": inserted, "updated": updated, "unchanged": unchanged + staging.repeats, "rejected": log.count}
    connection.execute(update(INGEST).where(INGEST.c.id == ingest_id).values(counts))
    return IngestReport(
        **counts,
        duplicates=staging.repeats,
        rejections=log.by_line(),
        recorded_at=from_micros(recorded_at),
        new_series=tuple(new[:SERIES_KEPT]),
        new_counts=Counter(series.granularity for series in new),
    )


def _open_ingest(connection: Connection, source: str, now: datetime) -> tuple[int, int]:
    """The id and instant of a new ingest, later than all others even if the clock went back.

    This must be the first statement that touches the store's own tables: on SQLite it takes the write lock, which a
    transaction that has read before may be refused.
    """
    newest = select(func.max(INGEST.c.recorded_at)).scalar_subquery()
    recorded_at = case((newest >= to_micros(now), newest + 1), else_=to_micros(now))
    counts = dict.fromkeys(("inserted", "updated", "unchanged", "rejected"), 0)
    statement = insert(INGEST).values(recorded_at=recorded_at, source=source, **counts)
    row = connection.execute(statement.returning(INGEST.c.id, INGEST.c.recorded_at)).one()
    return row.id, row.recorded_at


def _accept(
    connection: Connection, acceptance: Acceptance, staging: Staging
) -> tuple[dict[int, int], list[StoredSeries]]:
    """The id of the series of each accepted number, and those series that are new."""
    repository = SeriesRepository(connection)
    stored = repository.by_key({staged.key for staged in staging.series})
    accepted = acceptance.decide(stored, _anchors(connection, stored))
    new = repository.create(
        [(staged.key, staged.unit, granularity) for staged, granularity in accepted if staged.key not in stored]
    )
    ids = {series.key: series.id for series in (*stored.values(), *new)}
    return {staged.number: ids[staged.key] for staged, _ in accepted}, new


def _anchors(connection: Connection, stored: Mapping[SeriesKey, StoredSeries]) -> dict[int, int]:
    """One stored hour of each weekly series: all others are whole weeks away."""
    weekly = [series.id for series in stored.values() if series.granularity is Granularity.WEEK]
    if not weekly:
        return {}
    earliest = func.min(OBSERVATION.c.hour).label("hour")
    statement = select(OBSERVATION.c.series_id, earliest).group_by(OBSERVATION.c.series_id)
    rows = connection.execute(statement.where(among(OBSERVATION.c.series_id, weekly, connection.dialect)))
    return {row.series_id: row.hour for row in rows}


def _move(connection: Connection, ingest_id: int) -> tuple[int, int, int]:
    """Keep the values that change as revisions, and bring in the new ones.

    Returns:
        How many rows were inserted, updated and unchanged.
    """
    counted = {"preserve_rowcount": True}
    this = literal(ingest_id)
    same = (OBSERVATION.c.series_id == _ACCEPTED.c.series_id) & (OBSERVATION.c.hour == STAGED.c.hour)
    old = OBSERVATION.c.series_id, OBSERVATION.c.hour, OBSERVATION.c.ingest_id, OBSERVATION.c.value
    replaced = _accepted_rows(*old, this).join(OBSERVATION, same).where(OBSERVATION.c.value != STAGED.c.value)
    names = ["series_id", "hour", "ingest_id", "value", "replaced_by"]
    updated = connection.execute(insert(REVISION).from_select(names, replaced), execution_options=counted).rowcount
    rows = _accepted_rows(_ACCEPTED.c.series_id, STAGED.c.hour, STAGED.c.value, this)
    names = ["series_id", "hour", "value", "ingest_id"]
    # SQLite would take the ON of the conflict for that of a join if there were no WHERE before it.
    statement = insert_for(connection, OBSERVATION).from_select(names, rows.where(STAGED.c.hour.is_not(None)))
    new = {name: statement.excluded[name] for name in ("value", "ingest_id")}
    statement = statement.on_conflict_do_update(
        index_elements=names[:2], set_=new, where=OBSERVATION.c.value != statement.excluded.value
    )
    written = connection.execute(statement, execution_options=counted).rowcount
    total = connection.execute(_accepted_rows(func.count())).scalar_one()
    return written - updated, updated, total - written


def _note_changed(connection: Connection, ingest_id: int, recorded_at: int, written: int) -> None:
    """Have the forecasts of the series scored whose values are new or were corrected."""
    if not written:
        return
    bounds = func.min(STAGED.c.hour).label("first_hour"), func.max(STAGED.c.hour).label("last_hour")
    changed = _accepted_rows(_ACCEPTED.c.series_id, *bounds).group_by(_ACCEPTED.c.series_id)
    if connection.execute(_accepted_rows(func.count())).scalar_one() > written:
        same = (OBSERVATION.c.series_id == _ACCEPTED.c.series_id) & (OBSERVATION.c.hour == STAGED.c.hour)
        changed = changed.join(OBSERVATION, same).where(OBSERVATION.c.ingest_id == ingest_id)
    note_changed(connection, changed, recorded_at)


def _accepted_rows(*columns: Any) -> Select[Any]:
    return select(*columns).select_from(STAGED).join(_ACCEPTED, _ACCEPTED.c.number == STAGED.c.number)
