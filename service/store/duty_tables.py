"""The table of duties. Instants are microseconds since 1970, in UTC."""

from sqlalchemy import BigInteger, Table
from sqlmodel import Field

from service.store.tables import StoredRow, metadata


class DutyRow(StoredRow, table=True):
    """Something done by the clock: who is at it, until when nobody else may be, and when it was done last."""

    __tablename__ = "duty"

    name: str = Field(primary_key=True)
    held_by: str = ""
    until: int = Field(default=0, sa_type=BigInteger)
    last_done_at: int | None = Field(default=None, sa_type=BigInteger)


DUTY: Table = metadata.tables["duty"]
