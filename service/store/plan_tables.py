"""The table of plans. Instants are microseconds since 1970, in UTC."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Table
from sqlmodel import Field

from service.store.tables import StoredRow, metadata


class PlanRow(StoredRow, table=True):
    """A plan that was kept, with what was asked and what it was made from.

    Ids are never given again, and `based_on` is no foreign key: a plan may be forgotten that others were compared with.
    """

    __tablename__ = "plan"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True)
    made_at: int = Field(sa_type=BigInteger)
    made_by: str
    note: str
    based_on: int | None = None
    order: dict[str, Any] = Field(sa_type=JSON)
    result: dict[str, Any] = Field(sa_type=JSON)
    grounds: dict[str, Any] = Field(sa_type=JSON)
    ledger_at: int = Field(sa_type=BigInteger)
    run_ids: list[str] = Field(sa_type=JSON)
    catalogue: str


PLAN: Table = metadata.tables["plan"]
