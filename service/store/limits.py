"""What is known to bound use, or its growth: capacities, quotas and saturations."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Row, delete, insert, select

from demand.errors import NotFound
from demand.limits import Limit, LimitKind
from demand.series import Selection
from service.store.instants import from_micros, to_micros
from service.store.tables import LIMIT


@dataclass(frozen=True)
class StoredLimit:
    """A limit with its number in the store, and when it was stored."""

    id: int
    limit: Limit
    recorded_at: datetime


class LimitNotFound(NotFound):
    """No limit with this number is stored."""

    def __init__(self, limit_id: int) -> None:
        super().__init__(f"limit {limit_id} is not stored; list what is with GET /v1/limits")
        self.limit_id = limit_id


class LimitRepository:
    """The stored limits."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime]) -> None:
        self._connection = connection
        self._clock = clock

    def create(self, limit: Limit) -> StoredLimit:
        """Store a limit."""
        row = {
            "selection": {name: list(values) for name, values in limit.selection.conditions().items()},
            "level": limit.level,
            "unit": limit.unit,
            "kind": limit.kind.value,
            "start_at": to_micros(limit.start),
            "end_at": None if limit.end is None else to_micros(limit.end),
            "recorded_at": to_micros(self._clock()),
        }
        number = self._connection.execute(insert(LIMIT).values(row).returning(LIMIT.c.id)).scalar_one()
        return self.get(number)

    def find(self, *, limit: int | None = None, after: int | None = None) -> list[StoredLimit]:
        """The limits by ascending id, `limit` at most, only ids above `after`."""
        statement = select(LIMIT).where(LIMIT.c.id > (after or 0)).order_by(LIMIT.c.id).limit(limit)
        return [_stored_limit(row) for row in self._connection.execute(statement)]

    def get(self, limit_id: int) -> StoredLimit:
        """One limit.

        Raises:
            LimitNotFound: the store has no limit of this id.
        """
        row = self._connection.execute(select(LIMIT).where(LIMIT.c.id == limit_id)).one_or_none()
        if row is None:
            raise LimitNotFound(limit_id)
        return _stored_limit(row)

    def remove(self, limit_id: int) -> StoredLimit:
        """Forget a limit, and return what it was.

        Raises:
            LimitNotFound: the store has no limit of this id.
        """
        stored = self.get(limit_id)
        self._connection.execute(delete(LIMIT).where(LIMIT.c.id == limit_id))
        return stored


def _stored_limit(row: Row[Any]) -> StoredLimit:
    selection = Selection(**{name: tuple(values) for name, values in row.selection.items()})
    start = pd.Timestamp(from_micros(row.start_at))
    end = None if row.end_at is None else pd.Timestamp(from_micros(row.end_at))
    limit = Limit(selection, row.level, start, end, LimitKind(row.kind), row.unit)
    return StoredLimit(row.id, limit, from_micros(row.recorded_at))
