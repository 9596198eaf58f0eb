"""History: bringing rows in, and reading what is known now or was known at any time."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlalchemy import Connection, func, select

from demand.calendar import Granularity
from demand.history import Panel
from demand.tidy import Batch, OnError
from service.store.ingest_report import IngestReport, RejectionLog
from service.store.instants import first_hour, from_hour, from_micros, to_hour
from service.store.merge import IngestRequest, merge
from service.store.panels import read_panel
from service.store.series import SeriesRepository
from service.store.staging import Staging
from service.store.stretches import newest_hours, read_stretch
from service.store.tables import INGEST, REVISION, SERIES
from service.store.versions import values
from training.ports import Extent


@dataclass(frozen=True)
class Observation:
    """One value and since when it is known; `replaced_at` is None for the present value of its bucket."""

    timestamp: pd.Timestamp
    value: float
    recorded_at: datetime
    replaced_at: datetime | None = None


class ObservationRepository:
    """The history of all series."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime]) -> None:
        self._connection = connection
        self._clock = clock

    def ingest(
        self, batches: Iterable[Batch], *, source: str, on_error: OnError, granularity: Granularity | None = None
    ) -> IngestReport:
        """Store rows: new ones are inserted, changed ones replace what was known, which is kept as a revision.

        Refused are, beside what the batches refuse themselves: rows that contradict an earlier row of the request, or
        that have another unit or lie on another grid than their series. A new series takes the unit of its first row,
        and the granularity of the request or else of its rows.

        Args:
            batches: read one after the other, so that few are in memory at a time.
            source: where they come from, for people.
            on_error: what becomes of all rows if one is refused.
            granularity: the width of all buckets, None to go by what is stored or by the rows.

        Raises:
            IngestRejected: a row was refused and `on_error` is abort; nothing is stored then.
        """
        log = RejectionLog()
        with self._connection.begin_nested():
            staging = Staging(self._connection, log)
            for batch in batches:
                staging.add(batch)
            report = merge(self._connection, staging, log, IngestRequest(source, on_error, granularity), self._clock)
            staging.drop()
        return report

    def panel(
        self, series_ids: Sequence[int], granularity: Granularity, *, as_of: datetime | None, last: int | None
    ) -> Panel:
        """History on one grid, one row per series in this order; NaN where nothing is known.

        Args:
            series_ids: the stored series.
            granularity: the width of the buckets; series that are stored by narrower ones are averaged.
            as_of: the instant whose state of history is read, None for the present one.
            last: how many buckets at most, up to the last one of any of the series; None for all.

        Raises:
            SeriesNotFound: there is no such series.
            Invalid: nothing was known of any of the series, or one is stored by wider buckets.
        """
        return read_panel(self._connection, series_ids, granularity, as_of=as_of, last=last)

    def stretch(self, series_ids: Sequence[int], granularity: Granularity, start: pd.Timestamp, n_steps: int) -> Panel:
        """What is known now of consecutive buckets, and nothing else is read; see `read_stretch`."""
        return read_stretch(self._connection, series_ids, granularity, start, n_steps)

    def newest_hours(self, series_ids: Sequence[int]) -> dict[int, int]:
        """The last hour, since 1970, of which a value of each series is stored."""
        return newest_hours(self._connection, series_ids)

    def rows(
        self,
        series_id: int,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        as_of: datetime | None = None,
        after: datetime | None = None,
        limit: int | None = None,
    ) -> list[Observation]:
        """The values of one series by time.

        Args:
            series_id: the stored series.
            start: no bucket before this one.
            end: only buckets before this one.
            as_of: the instant whose state of history is read, None for the present one.
            after: the last bucket of the page before.
            limit: how many at most.

        Raises:
            SeriesNotFound: there is no such series.
        """
        SeriesRepository(self._connection).get(series_id)
        source = values(self._connection, [series_id], as_of)
        statement = select(source.c.hour, source.c.value, INGEST.c.recorded_at)
        statement = statement.join(INGEST, INGEST.c.id == source.c.ingest_id).order_by(source.c.hour).limit(limit)
        if start is not None:
            statement = statement.where(source.c.hour >= first_hour(start))
        if end is not None:
            statement = statement.where(source.c.hour < first_hour(end))
        if after is not None:
            statement = statement.where(source.c.hour > to_hour(after))
        rows = self._connection.execute(statement)
        return [Observation(from_hour(row.hour), row.value, from_micros(row.recorded_at)) for row in rows]

    def revisions(self, series_id: int, bucket: datetime) -> list[Observation]:
        """Every value that one bucket has had before the present one, the oldest first."""
        recorded, replaced = INGEST.alias("recorded"), INGEST.alias("replaced")
        statement = (
            select(REVISION.c.value, recorded.c.recorded_at, replaced.c.recorded_at.label("replaced_at"))
            .join(recorded, recorded.c.id == REVISION.c.ingest_id)
            .join(replaced, replaced.c.id == REVISION.c.replaced_by)
            .where(REVISION.c.series_id == series_id, REVISION.c.hour == to_hour(bucket))
            .order_by(REVISION.c.ingest_id)
        )
        timestamp = from_hour(to_hour(bucket))
        return [
            Observation(timestamp, row.value, from_micros(row.recorded_at), from_micros(row.replaced_at))
            for row in self._connection.execute(statement)
        ]

    def newest_recorded_at(self) -> datetime | None:
        """The instant of the last ingest that changed anything: the state that a run pins; None if there was none."""
        changed = INGEST.c.inserted + INGEST.c.updated > 0
        newest = self._connection.execute(select(func.max(INGEST.c.recorded_at)).where(changed)).scalar()
        return None if newest is None else from_micros(newest)

    def extents(self, series_ids: Sequence[int], *, as_of: datetime | None = None) -> dict[int, Extent]:
        """How far the history of each series reaches; a series that had none is left out.

        Args:
            series_ids: the stored series.
            as_of: the instant whose state of history is read, None for the present one.
        """
        source = values(self._connection, series_ids, as_of)
        bounds = func.min(source.c.hour), func.max(source.c.hour), func.count()
        reach = select(source.c.series_id, *bounds).group_by(source.c.series_id).subquery()
        statement = select(SERIES.c.granularity, reach).join(reach, reach.c.series_id == SERIES.c.id)
        return {
            series_id: Extent(Granularity(granularity), from_hour(first), from_hour(last), observed)
            for granularity, series_id, first, last, observed in self._connection.execute(statement)
        }
