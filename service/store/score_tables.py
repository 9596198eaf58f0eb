"""The tables of how published forecasts turned out. Hours are whole hours since 1970, instants microseconds, in UTC."""

from sqlalchemy import BigInteger, Double, ForeignKeyConstraint, Index, LargeBinary, Table
from sqlmodel import Field

from service.store.tables import StoredRow, metadata


class BaselineRow(StoredRow, table=True):
    """What one forecast is scored against: the seasonal naive as it could be told when the forecast was made.

    Arrays are little-endian: `middle` 32-bit floats, `ages` 16-bit integers. It goes when its forecast goes.
    """

    __tablename__ = "baseline"
    __table_args__ = (
        ForeignKeyConstraint(["run_id", "series_id"], ["forecast.run_id", "forecast.series_id"], ondelete="CASCADE"),
    )

    run_id: str = Field(primary_key=True)
    series_id: int = Field(primary_key=True)
    model: str
    middle: bytes = Field(sa_type=LargeBinary)
    ages: bytes = Field(sa_type=LargeBinary)
    deviation: float = Field(sa_type=Double)
    scale: float = Field(sa_type=Double)
    ceiling: float | None = Field(default=None, sa_type=Double)


class ScoreRow(StoredRow, table=True):
    """How all forecasts of a series for one span of time turned out, as sums over pairs of forecast and outcome.

    The span starts at `start_hour`; forecasts are told apart by the stretch of their horizon that the span lies in and
    by the model that weighs most in them.
    """

    __tablename__ = "score"
    __table_args__ = (Index("ix_score_granularity_start_hour", "granularity", "start_hour"),)

    series_id: int = Field(primary_key=True)
    granularity: str = Field(primary_key=True)
    start_hour: int = Field(primary_key=True)
    stretch: int = Field(primary_key=True)
    model: str = Field(primary_key=True)
    forecasts: int
    n: int
    loss: float = Field(sa_type=Double)
    naive_loss: float = Field(sa_type=Double)
    error: float = Field(sa_type=Double)
    actual: float = Field(sa_type=Double)
    covered: int


class UnscoredRow(StoredRow, table=True):
    """A series with outcomes that came, or were corrected, since its forecasts were scored last.

    `waiting_since` orders them; `noted_at` grows with every note, so that what came while a series was being scored is
    not forgotten with what came before.
    """

    __tablename__ = "unscored"

    series_id: int = Field(primary_key=True)
    first_hour: int
    last_hour: int
    waiting_since: int = Field(sa_type=BigInteger, index=True)
    noted_at: int = Field(sa_type=BigInteger)


BASELINE: Table = metadata.tables["baseline"]
SCORE: Table = metadata.tables["score"]
UNSCORED: Table = metadata.tables["unscored"]
