"""Which series have outcomes that their published forecasts were not scored with yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, case, delete, func, literal, select

from service.store.publication_tables import ISSUE
from service.store.score_tables import UNSCORED
from service.store.tables import OBSERVATION, PUBLICATION
from service.store.upserts import insert_for

_NAMES = ["series_id", "first_hour", "last_hour", "waiting_since", "noted_at"]


@dataclass(frozen=True)
class Unscored:
    """A series to be scored.

    Attributes:
        series_id: the stored series.
        first_hour: the earliest hour whose value is new or was corrected, since 1970.
        last_hour: the latest one.
        noted_at: which notes this knows of.
    """

    series_id: int
    first_hour: int
    last_hour: int
    noted_at: int


class UnscoredRepository:
    """The series that wait for their forecasts to be scored."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def longest_waiting(self, limit: int) -> list[Unscored]:
        """Those that have waited longest, at most so many."""
        waiting = select(UNSCORED).order_by(UNSCORED.c.waiting_since, UNSCORED.c.series_id).limit(limit)
        return [
            Unscored(row.series_id, row.first_hour, row.last_hour, row.noted_at)
            for row in self._connection.execute(waiting)
        ]

    def done(self, scored: Sequence[Unscored]) -> None:
        """Note that these are scored, unless something has come since they were read."""
        for each in sorted(scored, key=lambda each: each.series_id):
            this = (UNSCORED.c.series_id == each.series_id) & (UNSCORED.c.noted_at == each.noted_at)
            self._connection.execute(delete(UNSCORED).where(this))


def note_changed(connection: Connection, changed: "Select[Any]", moment: int) -> None:
    """Note that values of some series are new or were corrected; series that were never forecast do not count.

    Args:
        connection: the connection of the unit of work.
        changed: rows of series_id, first_hour and last_hour, one per series.
        moment: the present instant in microseconds.
    """
    rows = changed.subquery()
    forecast = select(PUBLICATION.c.series_id).distinct()
    _note(connection, select(*rows.c).where(rows.c.series_id.in_(forecast)), moment)


def note_published(connection: Connection, moment: int) -> None:
    """Note that forecasts were published at an instant, where something of what they forecast is known already."""
    last = select(OBSERVATION.c.hour).where(OBSERVATION.c.series_id == ISSUE.c.series_id)
    newest = last.order_by(OBSERVATION.c.hour.desc()).limit(1).correlate(ISSUE).scalar_subquery()
    issued = select(ISSUE.c.series_id, ISSUE.c.start_hour, newest.label("last_hour"))
    rows = issued.where(ISSUE.c.published_at == moment, ISSUE.c.start_hour <= newest)
    _note(connection, rows, moment)


def _note(connection: Connection, rows: "Select[Any]", moment: int) -> None:
    now = literal(moment, BigInteger)
    # SQLite would take the ON of the conflict for that of a join if there were no WHERE before it, and in one order
    # two transactions do not wait for each other.
    found = rows.add_columns(now, now).order_by(rows.selected_columns[0])
    statement = insert_for(connection, UNSCORED).from_select(_NAMES, found)
    new, old = statement.excluded, UNSCORED.c
    replaced = {
        "first_hour": case((new.first_hour < old.first_hour, new.first_hour), else_=old.first_hour),
        "last_hour": case((new.last_hour > old.last_hour, new.last_hour), else_=old.last_hour),
        "noted_at": case((new.noted_at > old.noted_at, new.noted_at), else_=old.noted_at + 1),
    }
    connection.execute(statement.on_conflict_do_update(index_elements=["series_id"], set_=replaced))


def count_waiting(connection: Connection) -> int:
    """How many series wait."""
    return connection.execute(select(func.count()).select_from(UNSCORED)).scalar_one()
