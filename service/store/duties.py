"""Who is at what is done by the clock, so that one worker does it at a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, select, update

from service.store.duty_tables import DUTY
from service.store.instants import from_micros, to_micros
from service.store.tables import WORKER
from service.store.upserts import insert_for

LONGEST_HOLD = timedelta(hours=1)
"""How long a duty may take before another worker does it as well; a worker that dies lets go of it at once."""

NEARLY = 0.9
"""Share of its interval after which a duty is due again, so that looking a moment too early costs no whole interval."""


@dataclass(frozen=True)
class DutyRecord:
    """A duty as it is stored.

    Attributes:
        name: which it is.
        held_by: the worker that is at it, empty if none is.
        until: when that worker's hold ends at the latest.
        last_done_at: when it was done last, None if it never was.
    """

    name: str
    held_by: str
    until: datetime
    last_done_at: datetime | None


class DutyRepository:
    """The leases of duties."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self) -> list[DutyRecord]:
        """What is known of every duty that was ever taken, by name."""
        rows = self._connection.execute(select(DUTY).order_by(DUTY.c.name))
        return [
            DutyRecord(
                row.name,
                row.held_by,
                from_micros(row.until),
                None if row.last_done_at is None else from_micros(row.last_done_at),
            )
            for row in rows
        ]

    def is_due(self, name: str, every: timedelta, at: datetime) -> bool:
        """Whether a try to take the duty is worth it: it is due, or the clock went back since it was done."""
        row = self._connection.execute(select(DUTY).where(DUTY.c.name == name)).one_or_none()
        return row is None or row.last_done_at is None or _is_due(row, every, at) or _is_ahead(row, at)

    def take(self, name: str, worker_id: str, every: timedelta, at: datetime) -> bool:
        """Take a duty that is due and that no living worker is at.

        Where the clock has gone back behind the last time, the interval begins again now: the duty is neither repeated
        at once nor left undone until the old time has come again.

        Args:
            name: the duty.
            worker_id: who takes it; others take it over when this worker is not known any more.
            every: how often it is to be done.
            at: the present instant.

        Returns:
            Whether it is to be done now.
        """
        missing = {"name": name, "held_by": "", "until": 0}
        self._connection.execute(insert_for(self._connection, DUTY).values(missing).on_conflict_do_nothing())
        row = self._connection.execute(select(DUTY).where(DUTY.c.name == name).with_for_update()).one()
        if _is_ahead(row, at):
            self._set(name, last_done_at=to_micros(at))
            return False
        if not _is_due(row, every, at) or self._is_held(row, worker_id, at):
            return False
        self._set(name, held_by=worker_id, until=to_micros(at + LONGEST_HOLD))
        return True

    def finish(self, name: str, worker_id: str, at: datetime) -> None:
        """Note that the duty was done, or tried, and let go of it; what another has taken over stays with that one."""
        mine = (DUTY.c.name == name) & (DUTY.c.held_by == worker_id)
        done = {"held_by": "", "until": 0, "last_done_at": to_micros(at)}
        self._connection.execute(update(DUTY).where(mine).values(done))

    def _is_held(self, row: Row[tuple[object, ...]], worker_id: str, at: datetime) -> bool:
        if row.held_by in {"", worker_id} or row.until <= to_micros(at):
            return False
        known = select(WORKER.c.id).where(WORKER.c.id == row.held_by)
        return self._connection.execute(known).first() is not None

    def _set(self, name: str, **values: object) -> None:
        self._connection.execute(update(DUTY).where(DUTY.c.name == name).values(**values))


def _is_ahead(row: Row[tuple[object, ...]], at: datetime) -> bool:
    return row.last_done_at is not None and bool(row.last_done_at > to_micros(at))


def _is_due(row: Row[tuple[object, ...]], every: timedelta, at: datetime) -> bool:
    if row.last_done_at is None:
        return True
    return at - from_micros(row.last_done_at) >= NEARLY * every
