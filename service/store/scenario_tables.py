"""The tables of scenarios. Instants are microseconds since 1970, in UTC."""

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKeyConstraint, Table
from sqlmodel import Field

from service.store.tables import StoredRow, metadata


class ScenarioRow(StoredRow, table=True):
    """A scenario: which of its versions is the newest, and when it was archived, if it was."""

    __tablename__ = "scenario"

    name: str = Field(primary_key=True)
    version: int
    archived_at: int | None = Field(default=None, sa_type=BigInteger)


class ScenarioVersionRow(StoredRow, table=True):
    """What a version of a scenario says, never altered."""

    __tablename__ = "scenario_version"
    __table_args__ = (ForeignKeyConstraint(["name"], ["scenario.name"]),)

    name: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    document: dict[str, Any] = Field(sa_type=JSON)
    recorded_at: int = Field(sa_type=BigInteger)
    recorded_by: str
    note: str


SCENARIO: Table = metadata.tables["scenario"]
SCENARIO_VERSION: Table = metadata.tables["scenario_version"]
