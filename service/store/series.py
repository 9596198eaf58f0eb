"""What history is stored of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, tuple_

from demand.calendar import Granularity
from demand.errors import NotFound
from demand.series import DIMENSIONS, Selection, SeriesKey, Workload
from service.store.ids import among
from service.store.tables import SERIES

_DIMENSIONS = tuple(SERIES.c[name] for name in DIMENSIONS)
_KEYS_AT_ONCE = 500


@dataclass(frozen=True)
class StoredSeries:
    """A series of which history is stored.

    Attributes:
        id: its number in the store.
        key: its identity.
        unit: what its values count.
        granularity: the width of its own buckets.
    """

    id: int
    key: SeriesKey
    unit: str
    granularity: Granularity


class SeriesNotFound(NotFound):
    """No series with this number is stored."""

    def __init__(self, series_id: int) -> None:
        super().__init__(f"series {series_id} is not stored; list what is with GET /v1/series")
        self.series_id = series_id


class SeriesRepository:
    """The stored series."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, selection: Selection, *, limit: int | None = None, after: int | None = None) -> list[StoredSeries]:
        """The selected series by ascending id.

        Args:
            selection: the part of the fleet.
            limit: how many at most.
            after: only ids above this one: the last id of the page before.
        """
        statement = select(SERIES).where(*selected(selection)).order_by(SERIES.c.id).limit(limit)
        if after is not None:
            statement = statement.where(SERIES.c.id > after)
        return [stored_series(row) for row in self._connection.execute(statement)]

    def get(self, series_id: int) -> StoredSeries:
        """One series.

        Raises:
            SeriesNotFound: the store has no series of this id.
        """
        return self.get_all([series_id])[0]

    def get_all(self, series_ids: Sequence[int]) -> list[StoredSeries]:
        """The series of these ids, in this order.

        Raises:
            SeriesNotFound: the store lacks one of them.
        """
        dialect = self._connection.dialect
        rows = self._connection.execute(select(SERIES).where(among(SERIES.c.id, series_ids, dialect)))
        found = {row.id: stored_series(row) for row in rows}
        missing = [series_id for series_id in series_ids if series_id not in found]
        if missing:
            raise SeriesNotFound(missing[0])
        return [found[series_id] for series_id in series_ids]

    def by_key(self, keys: Iterable[SeriesKey]) -> dict[SeriesKey, StoredSeries]:
        """Those of the keys that are stored."""
        wanted = [tuple(key.dimension(name) for name in DIMENSIONS) for key in keys]
        found: dict[SeriesKey, StoredSeries] = {}
        for first in range(0, len(wanted), _KEYS_AT_ONCE):
            part = wanted[first : first + _KEYS_AT_ONCE]
            rows = self._connection.execute(select(SERIES).where(tuple_(*_DIMENSIONS).in_(part)))
            found |= {series.key: series for series in map(stored_series, rows)}
        return found

    def create(self, series: Sequence[tuple[SeriesKey, str, Granularity]]) -> list[StoredSeries]:
        """Store new series, each with its unit and granularity, in this order."""
        if not series:
            return []
        rows = [
            {name: key.dimension(name) for name in DIMENSIONS} | {"unit": unit, "granularity": granularity.value}
            for key, unit, granularity in series
        ]
        statement = insert(SERIES).returning(SERIES.c.id, sort_by_parameter_order=True)
        ids = self._connection.execute(statement, rows).scalars()
        return [StoredSeries(number, *new) for number, new in zip(ids, series, strict=True)]


def selected(selection: Selection) -> list[ColumnElement[bool]]:
    """The conditions on the series table that keep the selected part of the fleet."""
    return [SERIES.c[name].in_(values) for name, values in selection.conditions().items()]


def stored_series(row: Row[Any]) -> StoredSeries:
    """The series of a row that has all columns of the series table."""
    named = {name: getattr(row, name) for name in DIMENSIONS}
    key = SeriesKey(**{**named, "workload": Workload(row.workload)})
    return StoredSeries(row.id, key, row.unit, Granularity(row.granularity))
