"""The table of keys by which a repeated request is known. Instants are microseconds since 1970, in UTC."""

from sqlalchemy import BigInteger, Table
from sqlmodel import Field

from service.store.tables import StoredRow, metadata


class IdempotencyRow(StoredRow, table=True):
    """A key that came with a request for a run, what was asked, and the run that answered it."""

    __tablename__ = "idempotency_key"

    key: str = Field(primary_key=True)
    asked: str
    run_id: str
    recorded_at: int = Field(sa_type=BigInteger, index=True)


IDEMPOTENCY: Table = metadata.tables["idempotency_key"]
