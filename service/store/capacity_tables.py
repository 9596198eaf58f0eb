"""The tables of the ledger of supply. Instants are microseconds since 1970, in UTC."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Table
from sqlmodel import Field

from service.store.tables import StoredRow, metadata

_OPTIONAL_JSON = JSON(none_as_null=True)


class CapacityBlockRow(StoredRow, table=True):
    """A block as it is now; what lists are filtered by has columns of its own beside the whole document."""

    __tablename__ = "capacity_block"

    name: str = Field(primary_key=True)
    version: int
    provider: str
    region: str
    accelerator: str
    phase: str
    state: str
    document: dict[str, Any] = Field(sa_type=JSON)
    changed_at: int = Field(sa_type=BigInteger)
    changed_by: str


class CapacityChangeRow(StoredRow, table=True):
    """A change of a block, never altered: what it was before, if it was, and what it was after, if it still was.

    Ids and `changed_at` grow together, in the order of the commits; changes of one transaction share an instant.
    """

    __tablename__ = "capacity_change"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(index=True)
    version: int
    changed_at: int = Field(sa_type=BigInteger, index=True)
    changed_by: str
    note: str
    before: dict[str, Any] | None = Field(default=None, sa_column=Column(_OPTIONAL_JSON))
    after: dict[str, Any] | None = Field(default=None, sa_column=Column(_OPTIONAL_JSON))


class CapacityTopologyRow(StoredRow, table=True):
    """A version of the pools and classes, never altered; the highest is in force."""

    __tablename__ = "capacity_topology"

    version: int = Field(primary_key=True)
    document: dict[str, Any] = Field(sa_type=JSON)
    changed_at: int = Field(sa_type=BigInteger)
    changed_by: str
    note: str


CAPACITY_BLOCK: Table = metadata.tables["capacity_block"]
CAPACITY_CHANGE: Table = metadata.tables["capacity_change"]
CAPACITY_TOPOLOGY: Table = metadata.tables["capacity_topology"]
