"""The tables. Instants are microseconds since 1970 and hours are hours since 1970, both in UTC."""

from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Double,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from demand.series import DIMENSIONS

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


_OPTIONAL_JSON = JSON(none_as_null=True)


class StoredRow(SQLModel):
    """A row of this store, apart from the tables that other libraries declare."""

    metadata: ClassVar[MetaData] = metadata


class SeriesRow(StoredRow, table=True):
    """A demand series; an unused dimension is the empty string."""

    __tablename__ = "series"
    __table_args__ = (UniqueConstraint(*DIMENSIONS),)

    id: int | None = Field(default=None, primary_key=True)
    provider: str
    region: str
    accelerator: str
    workload: str
    stage: str
    tenant: str
    unit: str
    granularity: str


class IngestRow(StoredRow, table=True):
    """One accepted request or file; ids and `recorded_at` grow together, in the order of the commits."""

    __tablename__ = "ingest"

    id: int | None = Field(default=None, primary_key=True)
    recorded_at: int = Field(sa_type=BigInteger, unique=True)
    source: str
    inserted: int
    updated: int
    unchanged: int
    rejected: int


class ObservationRow(StoredRow, table=True):
    """The present value of one bucket, and the ingest that brought it.

    Its ids, and those of a revision, are no foreign keys: one statement writes them next to the series and the ingest
    that they name, neither of which is ever deleted, and checking them row by row takes PostgreSQL several times as
    long as the writing does.
    """

    __tablename__ = "observation"
    __table_args__ = ({"sqlite_with_rowid": False},)

    series_id: int = Field(primary_key=True)
    hour: int = Field(primary_key=True)
    value: float = Field(sa_type=Double)
    ingest_id: int


class RevisionRow(StoredRow, table=True):
    """A value that was replaced: valid from its own ingest until the one that replaced it."""

    __tablename__ = "revision"
    __table_args__ = ({"sqlite_with_rowid": False},)

    series_id: int = Field(primary_key=True)
    hour: int = Field(primary_key=True)
    ingest_id: int = Field(primary_key=True)
    value: float = Field(sa_type=Double)
    replaced_by: int


class RunRow(StoredRow, table=True):
    """A training run."""

    __tablename__ = "training_run"

    id: str = Field(primary_key=True)
    kind: str
    state: str = Field(index=True)
    granularity: str
    horizon: int
    seed: int = Field(sa_type=BigInteger)
    selection: dict[str, Any] = Field(sa_type=JSON)
    created_at: int = Field(sa_type=BigInteger, index=True)
    started_at: int | None = Field(default=None, sa_type=BigInteger)
    finished_at: int | None = Field(default=None, sa_type=BigInteger)
    as_of: int | None = Field(default=None, sa_type=BigInteger)
    phase: str = ""
    error: str = ""
    preset: str = Field(sa_column=Column(String, nullable=False, server_default="best"))
    recipe: dict[str, Any] | None = Field(default=None, sa_column=Column(_OPTIONAL_JSON))
    budget_minutes: float | None = Field(default=None, sa_type=Double)
    attempt: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    resumed_at: int | None = Field(default=None, sa_type=BigInteger)
    done_before: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    schedule: str = Field(default="", sa_column=Column(String, nullable=False, server_default=""))
    asked_by: str = Field(default="", sa_column=Column(String, nullable=False, server_default=""))
    note: str = Field(default="", sa_column=Column(String, nullable=False, server_default=""))


class PartitionRow(StoredRow, table=True):
    """Series of a run that are trained together."""

    __tablename__ = "run_partition"

    run_id: str = Field(primary_key=True, foreign_key="training_run.id")
    number: int = Field(primary_key=True)
    series_ids: list[int] = Field(sa_type=JSON)
    granularity: str
    cut_off: int
    state: str
    phase: str = ""
    done: int = 0
    total: int = 0
    fingerprint: str = Field(default="", sa_column=Column(String, nullable=False, server_default=""))


class RunSeriesRow(StoredRow, table=True):
    """What became of one series in a run."""

    __tablename__ = "run_series"

    run_id: str = Field(primary_key=True, foreign_key="training_run.id")
    series_id: int = Field(primary_key=True, foreign_key="series.id")
    partition: int | None = None
    state: str
    reason: str = ""
    choice: dict[str, Any] | None = Field(default=None, sa_column=Column(_OPTIONAL_JSON))


class ForecastRow(StoredRow, table=True):
    """The forecast of one series by one run; arrays are little-endian 32-bit floats."""

    __tablename__ = "forecast"
    __table_args__ = (ForeignKeyConstraint(["run_id", "series_id"], ["run_series.run_id", "run_series.series_id"]),)

    run_id: str = Field(primary_key=True)
    series_id: int = Field(primary_key=True)
    start_hour: int
    n_steps: int
    quantiles: bytes = Field(sa_type=LargeBinary)
    error_scores: bytes = Field(sa_type=LargeBinary)
    persistence: float = Field(sa_type=Double)
    members: bytes = Field(default=b"", sa_column=Column(LargeBinary, nullable=False, server_default=text("''")))
    member_names: list[str] = Field(default=[], sa_column=Column(JSON, nullable=False, server_default=text("'[]'")))


class ImpliedRow(StoredRow, table=True):
    """What the forecast of one series by one run says of coarser buckets; quantiles as those of the forecast."""

    __tablename__ = "implied_forecast"
    __table_args__ = (ForeignKeyConstraint(["run_id", "series_id"], ["forecast.run_id", "forecast.series_id"]),)

    run_id: str = Field(primary_key=True)
    series_id: int = Field(primary_key=True)
    granularity: str = Field(primary_key=True)
    start_hour: int
    quantiles: bytes = Field(sa_type=LargeBinary)


class PublicationRow(StoredRow, table=True):
    """Which run's forecast is served for a series."""

    __tablename__ = "publication"
    __table_args__ = (ForeignKeyConstraint(["run_id", "series_id"], ["forecast.run_id", "forecast.series_id"]),)

    series_id: int = Field(primary_key=True)
    granularity: str = Field(primary_key=True)
    run_id: str
    published_at: int = Field(sa_type=BigInteger)


class WorkerRow(StoredRow, table=True):
    """A process that takes work, and when it was last heard of."""

    __tablename__ = "worker"

    id: str = Field(primary_key=True)
    host: str
    pid: int
    started_at: int = Field(sa_type=BigInteger)
    beat_at: int = Field(sa_type=BigInteger)


class LimitRow(StoredRow, table=True):
    """The most that part of the fleet can have in use together, or will ask for."""

    __tablename__ = "capacity_limit"

    id: int | None = Field(default=None, primary_key=True)
    selection: dict[str, Any] = Field(sa_type=JSON)
    level: float = Field(sa_type=Double)
    unit: str
    kind: str
    start_at: int = Field(sa_type=BigInteger)
    end_at: int | None = Field(default=None, sa_type=BigInteger)
    recorded_at: int = Field(sa_type=BigInteger)


class QueueRow(StoredRow, table=True):
    """What waited beside what was in use, in one bucket of a series; as for observations, its id is no foreign key."""

    __tablename__ = "queue"
    __table_args__ = ({"sqlite_with_rowid": False},)

    series_id: int = Field(primary_key=True)
    hour: int = Field(primary_key=True)
    value: float = Field(sa_type=Double)


SERIES: Table = metadata.tables["series"]
INGEST: Table = metadata.tables["ingest"]
OBSERVATION: Table = metadata.tables["observation"]
REVISION: Table = metadata.tables["revision"]
RUN: Table = metadata.tables["training_run"]
PARTITION: Table = metadata.tables["run_partition"]
RUN_SERIES: Table = metadata.tables["run_series"]
FORECAST: Table = metadata.tables["forecast"]
IMPLIED: Table = metadata.tables["implied_forecast"]
PUBLICATION: Table = metadata.tables["publication"]
WORKER: Table = metadata.tables["worker"]
LIMIT: Table = metadata.tables["capacity_limit"]
QUEUE: Table = metadata.tables["queue"]
