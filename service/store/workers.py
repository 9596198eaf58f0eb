"""Processes that take work, and whether they were heard of lately."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from service.store.instants import from_micros, to_micros
from service.store.tables import WORKER
from service.store.upserts import upsert


@dataclass(frozen=True)
class Worker:
    """A process that takes work."""

    id: str
    host: str
    pid: int
    started_at: datetime
    beat_at: datetime


class WorkerRepository:
    """The heartbeats of all workers."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def beat(self, worker_id: str, host: str, pid: int, at: datetime) -> None:
        """Note that a worker lives; its first beat is when it started."""
        now = to_micros(at)
        row = {"id": worker_id, "host": host, "pid": pid, "started_at": now, "beat_at": now}
        upsert(self._connection, WORKER, [row], ["beat_at"])

    def alive(self, since: datetime) -> list[Worker]:
        """Workers heard of at or after this instant, the longest-serving first."""
        statement = (
            select(WORKER).where(WORKER.c.beat_at >= to_micros(since)).order_by(WORKER.c.started_at, WORKER.c.id)
        )
        return [
            Worker(row.id, row.host, row.pid, from_micros(row.started_at), from_micros(row.beat_at))
            for row in self._connection.execute(statement)
        ]

    def silent(self, since: datetime) -> list[str]:
        """Ids of workers not heard of since this instant."""
        statement = select(WORKER.c.id).where(WORKER.c.beat_at < to_micros(since)).order_by(WORKER.c.id)
        return list(self._connection.execute(statement).scalars())

    def remove(self, worker_id: str) -> None:
        """Forget a worker; one that is not there is forgotten already."""
        self._connection.execute(delete(WORKER).where(WORKER.c.id == worker_id))
