"""Stored regressors and events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Row, Select, Table, insert, or_, select, update

from demand.covariates import Effect, Event, Operation, Regressor, Treatment
from demand.errors import NotFound
from demand.series import Selection
from service.store.covariate_tables import EVENT, REGRESSOR
from service.store.instants import from_micros, to_micros


@dataclass(frozen=True)
class HolidayOrder:
    """Holidays that are wanted as a regressor.

    Attributes:
        name: of the regressor.
        selection: the part of the fleet that they may move.
        calendar: whose holidays, as `HolidayCalendar` writes it.
    """

    name: str
    selection: Selection
    calendar: str


@dataclass(frozen=True)
class StoredRegressor:
    """A regressor of the store.

    Attributes:
        id: its number.
        created_at: when it was stored.
        content: its values, or the holidays that it is made from.
    """

    id: int
    created_at: datetime
    content: Regressor | HolidayOrder


@dataclass(frozen=True)
class StoredEvent:
    """An event of the store.

    Attributes:
        id: its number.
        created_at: when it was stored.
        event: what happened, or is planned.
    """

    id: int
    created_at: datetime
    event: Event


class RegressorNotFound(NotFound):
    """No regressor with this number is stored."""

    def __init__(self, regressor_id: int) -> None:
        super().__init__(f"regressor {regressor_id} is not stored; list what is with GET /v1/regressors")


class EventNotFound(NotFound):
    """No event with this number is stored."""

    def __init__(self, event_id: int) -> None:
        super().__init__(f"event {event_id} is not stored; list what is with GET /v1/events")


class CovariateRepository:
    """Regressors and events; those that were removed are seen only by who asks for an instant before."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_regressor(self, content: Regressor | HolidayOrder, at: datetime) -> StoredRegressor:
        """Store a regressor."""
        row = _regressor_row(content) | {"created_at": to_micros(at)}
        return StoredRegressor(self._insert(REGRESSOR, [row])[0], from_micros(to_micros(at)), content)

    def add_events(self, events: Sequence[Event], at: datetime) -> list[StoredEvent]:
        """Store events, in this order."""
        rows = [_event_row(event) | {"created_at": to_micros(at)} for event in events]
        ids = self._insert(EVENT, rows) if rows else []
        stored_at = from_micros(to_micros(at))
        return [StoredEvent(number, stored_at, event) for number, event in zip(ids, events, strict=True)]

    def regressors(
        self, *, as_of: datetime | None = None, limit: int | None = None, after: int | None = None
    ) -> list[StoredRegressor]:
        """Regressors by ascending id.

        Args:
            as_of: as they were at this instant, None for now.
            limit: how many at most.
            after: only ids above this one: the last id of the page before.
        """
        return [_stored_regressor(row) for row in self._connection.execute(_page(REGRESSOR, as_of, limit, after))]

    def events(
        self, *, as_of: datetime | None = None, limit: int | None = None, after: int | None = None
    ) -> list[StoredEvent]:
        """Events by ascending id; the arguments are those of `regressors`."""
        return [_stored_event(row) for row in self._connection.execute(_page(EVENT, as_of, limit, after))]

    def regressor(self, regressor_id: int) -> StoredRegressor:
        """One regressor.

        Raises:
            RegressorNotFound: there is none, or it was removed.
        """
        row = self._one(REGRESSOR, regressor_id)
        if row is None:
            raise RegressorNotFound(regressor_id)
        return _stored_regressor(row)

    def event(self, event_id: int) -> StoredEvent:
        """One event.

        Raises:
            EventNotFound: there is none, or it was removed.
        """
        row = self._one(EVENT, event_id)
        if row is None:
            raise EventNotFound(event_id)
        return _stored_event(row)

    def remove_regressor(self, regressor_id: int, at: datetime) -> StoredRegressor:
        """Remove a regressor from now on.

        Raises:
            RegressorNotFound: there is none, or it was removed before.
        """
        removed = self.regressor(regressor_id)
        self._remove(REGRESSOR, regressor_id, at)
        return removed

    def remove_event(self, event_id: int, at: datetime) -> StoredEvent:
        """Remove an event from now on.

        Raises:
            EventNotFound: there is none, or it was removed before.
        """
        removed = self.event(event_id)
        self._remove(EVENT, event_id, at)
        return removed

    def _insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> list[int]:
        statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
        return list(self._connection.execute(statement, [dict(row) for row in rows]).scalars())

    def _one(self, table: Table, number: int) -> Row[Any] | None:
        statement = select(table).where(table.c.id == number, table.c.removed_at.is_(None))
        return self._connection.execute(statement).one_or_none()

    def _remove(self, table: Table, number: int, at: datetime) -> None:
        self._connection.execute(update(table).where(table.c.id == number).values(removed_at=to_micros(at)))


def _page(table: Table, as_of: datetime | None, limit: int | None, after: int | None) -> Select[Any]:
    statement = select(table).order_by(table.c.id).limit(limit)
    if after is not None:
        statement = statement.where(table.c.id > after)
    if as_of is None:
        return statement.where(table.c.removed_at.is_(None))
    then = to_micros(as_of)
    return statement.where(table.c.created_at <= then, or_(table.c.removed_at.is_(None), table.c.removed_at > then))


def _regressor_row(content: Regressor | HolidayOrder) -> dict[str, Any]:
    shared = {"name": content.name, "selection": _conditions(content.selection)}
    if isinstance(content, HolidayOrder):
        return {**shared, "calendar": content.calendar, "steps": None, **_effect_cells(None)}
    steps = {
        "starts": [int(start) for start in content.starts.as_unit("us").asi8],
        "values": [float(value) for value in content.values],
        "until": None if content.until is None else to_micros(content.until.to_pydatetime()),
    }
    return {**shared, "calendar": "", "steps": steps, **_effect_cells(content.effect)}


def _stored_regressor(row: Row[Any]) -> StoredRegressor:
    selection = _selection(row.selection)
    content: Regressor | HolidayOrder = HolidayOrder(row.name, selection, row.calendar)
    if row.steps is not None:
        starts = pd.DatetimeIndex(np.array(row.steps["starts"], dtype="M8[us]"), tz="UTC").as_unit("ns")
        until = None if row.steps["until"] is None else _instant(row.steps["until"])
        values = np.array(row.steps["values"], dtype=np.float64)
        content = Regressor(row.name, selection, starts, values, until, _effect(row))
    return StoredRegressor(row.id, from_micros(row.created_at), content)


def _event_row(event: Event) -> dict[str, Any]:
    return {
        "name": event.name,
        "selection": _conditions(event.selection),
        "starts_at": to_micros(event.start.to_pydatetime()),
        "ends_at": None if event.end is None else to_micros(event.end.to_pydatetime()),
        "treatment": event.treatment.value,
        "note": event.note,
        **_effect_cells(event.effect),
    }


def _stored_event(row: Row[Any]) -> StoredEvent:
    end = None if row.ends_at is None else _instant(row.ends_at)
    event = Event(
        name=row.name,
        selection=_selection(row.selection),
        start=_instant(row.starts_at),
        end=end,
        treatment=Treatment(row.treatment),
        effect=_effect(row),
        note=row.note,
    )
    return StoredEvent(row.id, from_micros(row.created_at), event)


def _conditions(selection: Selection) -> dict[str, list[str]]:
    return {name: list(values) for name, values in selection.conditions().items()}


def _selection(conditions: Mapping[str, Sequence[str]]) -> Selection:
    return Selection(**{name: tuple(values) for name, values in conditions.items()})


def _effect_cells(effect: Effect | None) -> dict[str, Any]:
    if effect is None:
        return {"operation": None, "size": None}
    return {"operation": effect.operation.value, "size": effect.size}


def _effect(row: Row[Any]) -> Effect | None:
    return None if row.operation is None else Effect(Operation(row.operation), row.size)


def _instant(micros: int) -> pd.Timestamp:
    return pd.Timestamp(micros, unit="us", tz="UTC").as_unit("ns")
