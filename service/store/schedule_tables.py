"""The tables of schedules and of what came of each tick. Instants are microseconds since 1970, in UTC."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Double, Table
from sqlmodel import Field

from service.store.tables import StoredRow, metadata


class ScheduleRow(StoredRow, table=True):
    """Training that is started by the clock. Ids are never given again, since ticks are known by them."""

    __tablename__ = "schedule"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    version: int
    cron: str
    zone: str
    kind: str
    granularity: str
    horizon: int | None = None
    seed: int = Field(sa_type=BigInteger)
    preset: str
    selection: dict[str, Any] = Field(sa_type=JSON)
    budget_minutes: float | None = Field(default=None, sa_type=Double)
    only_with_news: bool
    paused: bool
    counted_from: int = Field(sa_type=BigInteger)
    last_tick: int | None = Field(default=None, sa_type=BigInteger)
    created_at: int = Field(sa_type=BigInteger)
    changed_at: int = Field(sa_type=BigInteger)
    changed_by: str
    note: str


class ScheduleTickRow(StoredRow, table=True):
    """What was decided of one tick of a schedule, once: its key is what keeps two schedulers from doing it twice."""

    __tablename__ = "schedule_tick"
    __table_args__ = ({"sqlite_with_rowid": False},)

    schedule_id: int = Field(primary_key=True)
    tick: int = Field(primary_key=True, sa_type=BigInteger)
    decided_at: int = Field(sa_type=BigInteger)
    missed: int
    run_id: str | None = None
    reason: str


class ScheduleDefaultRow(StoredRow, table=True):
    """The granularities whose usual schedules were made once, so that what was deleted of them stays deleted."""

    __tablename__ = "schedule_default"

    granularity: str = Field(primary_key=True)
    made_at: int = Field(sa_type=BigInteger)


SCHEDULE: Table = metadata.tables["schedule"]
SCHEDULE_TICK: Table = metadata.tables["schedule_tick"]
SCHEDULE_DEFAULT: Table = metadata.tables["schedule_default"]
