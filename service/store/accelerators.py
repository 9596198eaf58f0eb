"""What users know better of accelerators than the catalogue, and every change of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from demand.accelerators import LEAST, Accelerator, Catalogue, Figure, Source, canonical, published
from demand.errors import NotFound
from demand.estimates import Estimate
from service.store.accelerator_tables import ACCELERATOR_CHANGE
from service.store.instants import from_micros, to_micros
from service.store.locks import ACCELERATOR_LOCK, take_lock

Document = dict[str, Any]


@dataclass(frozen=True)
class AcceleratorChange:
    """A change of what is known of an accelerator.

    Attributes:
        id: of the change; later ones have higher ids.
        name: the accelerator.
        override: what was set; None where it went back to what is published.
        changed_at: when.
        changed_by: who, in their own words.
        note: why.
    """

    id: int
    name: str
    override: Accelerator | None
    changed_at: datetime
    changed_by: str
    note: str


class OverrideNotFound(NotFound):
    """Nothing was set for this accelerator."""

    def __init__(self, name: str) -> None:
        super().__init__(f"nothing is set for {name!r}, so it already is as published; see GET /v1/accelerators")
        self.name = name


class AcceleratorRepository:
    """The catalogue as it ships, with what users set."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime]) -> None:
        self._connection = connection
        self._clock = clock

    def catalogue(self) -> Catalogue:
        """What is known now; its version names the last change."""
        last = self._connection.execute(select(func.max(ACCELERATOR_CHANGE.c.id))).scalar()
        base = published()
        if last is None:
            return base
        return base.overridden(list(self.overrides().values()), f"{base.version}+{last}")

    def overrides(self) -> dict[str, Accelerator]:
        """What is set now, by the name of the accelerator."""
        newest = select(func.max(ACCELERATOR_CHANGE.c.id)).group_by(ACCELERATOR_CHANGE.c.name)
        statement = select(ACCELERATOR_CHANGE).where(ACCELERATOR_CHANGE.c.id.in_(newest)).order_by("id")
        found = [_change(row) for row in self._connection.execute(statement)]
        return {change.name: change.override for change in found if change.override is not None}

    def changes(self, name: str, *, limit: int, after: int | None = None) -> list[AcceleratorChange]:
        """Changes of one accelerator, the oldest first, `limit` at most, only ids above `after`."""
        where = (ACCELERATOR_CHANGE.c.name == name, ACCELERATOR_CHANGE.c.id > (after or 0))
        statement = select(ACCELERATOR_CHANGE).where(*where).order_by(ACCELERATOR_CHANGE.c.id).limit(limit)
        return [_change(row) for row in self._connection.execute(statement)]

    def listed_name(self, name: str) -> str:
        """The name that an accelerator is listed by; the one given for what is not listed, or was not."""
        catalogue = self.catalogue()
        for accelerator in (*catalogue.accelerators, catalogue.default):
            if canonical(name) in {canonical(known) for known in (accelerator.name, *accelerator.aliases)}:
                return accelerator.name
        return name

    def put(self, override: Accelerator, changed_by: str, note: str) -> Accelerator:
        """Set what is known of an accelerator in place of what was set before, and return all that is known of it.

        Raises:
            Conflict: one of its aliases stands for another accelerator.
        """
        take_lock(self._connection, ACCELERATOR_LOCK)
        name = self.listed_name(override.name)
        self._record(name, _document(override), changed_by, note)
        return self.catalogue().find(name)

    def remove(self, name: str, changed_by: str, note: str) -> Accelerator:
        """Go back to what is published of an accelerator, and return what was set.

        Raises:
            OverrideNotFound: nothing was set.
        """
        take_lock(self._connection, ACCELERATOR_LOCK)
        listed = self.listed_name(name)
        override = self.overrides().get(listed)
        if override is None:
            raise OverrideNotFound(name)
        self._record(listed, None, changed_by, note)
        return override

    def _record(self, name: str, document: Document | None, changed_by: str, note: str) -> None:
        row = {
            "name": name,
            "changed_at": to_micros(self._clock()),
            "changed_by": changed_by,
            "note": note,
            "document": document,
        }
        self._connection.execute(insert(ACCELERATOR_CHANGE).values(row))


def _document(accelerator: Accelerator) -> Document:
    figures = {name: getattr(accelerator, name) for name in LEAST}
    return {
        "maker": accelerator.maker,
        "aliases": list(accelerator.aliases),
        "figures": {name: _stored(figure) for name, figure in figures.items() if figure is not None},
        "tokens_per_second": {name: _stored(figure) for name, figure in accelerator.tokens_per_second.items()},
    }


def _stored(figure: Figure) -> Document:
    value, source = figure.value, figure.source
    return {
        "value": [value.low, value.mid, value.high],
        "source": {"title": source.title, "url": source.url, "date": source.date},
    }


def _change(row: Row[Any]) -> AcceleratorChange:
    override = None if row.document is None else _override(row.name, row.document)
    return AcceleratorChange(row.id, row.name, override, from_micros(row.changed_at), row.changed_by, row.note)


def _override(name: str, document: Document) -> Accelerator:
    figures = {each: _figure(stored) for each, stored in document["figures"].items()}
    throughput = {each: _figure(stored) for each, stored in document["tokens_per_second"].items()}
    return Accelerator(name, document["maker"], tuple(document["aliases"]), tokens_per_second=throughput, **figures)


def _figure(stored: Document) -> Figure:
    return Figure(Estimate(*stored["value"]), Source(**stored["source"]))
