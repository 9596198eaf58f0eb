"""The tables of covariates. Instants are microseconds since 1970, in UTC."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Double, Table
from sqlmodel import Field

from service.store.tables import StoredRow, metadata

_OPTIONAL_JSON = JSON(none_as_null=True)


class RegressorRow(StoredRow, table=True):
    """A regressor: a step function, or a calendar of holidays that it is made from whenever it is read.

    What is removed is kept with the instant of its removal, as a run that began before goes on with it.
    """

    __tablename__ = "regressor"

    id: int | None = Field(default=None, primary_key=True)
    name: str
    selection: dict[str, Any] = Field(sa_type=JSON)
    calendar: str = ""
    steps: dict[str, Any] | None = Field(default=None, sa_column=Column(_OPTIONAL_JSON))
    operation: str | None = None
    size: float | None = Field(default=None, sa_type=Double)
    created_at: int = Field(sa_type=BigInteger)
    removed_at: int | None = Field(default=None, sa_type=BigInteger)


class EventRow(StoredRow, table=True):
    """An event; kept when it is removed, as a regressor is."""

    __tablename__ = "event"

    id: int | None = Field(default=None, primary_key=True)
    name: str
    selection: dict[str, Any] = Field(sa_type=JSON)
    starts_at: int = Field(sa_type=BigInteger)
    ends_at: int | None = Field(default=None, sa_type=BigInteger)
    treatment: str
    operation: str | None = None
    size: float | None = Field(default=None, sa_type=Double)
    note: str
    created_at: int = Field(sa_type=BigInteger)
    removed_at: int | None = Field(default=None, sa_type=BigInteger)


REGRESSOR: Table = metadata.tables["regressor"]
EVENT: Table = metadata.tables["event"]
