"""The table of what users know better of accelerators. Instants are microseconds since 1970, in UTC."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Table
from sqlmodel import Field

from service.store.tables import StoredRow, metadata


class AcceleratorChangeRow(StoredRow, table=True):
    """A change of what is known of an accelerator, never altered; the last of a name is in force.

    A change without a document goes back to what is published.
    """

    __tablename__ = "accelerator_change"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(index=True)
    changed_at: int = Field(sa_type=BigInteger)
    changed_by: str
    note: str
    document: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))


ACCELERATOR_CHANGE: Table = metadata.tables["accelerator_change"]
