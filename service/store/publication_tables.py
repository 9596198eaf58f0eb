"""The table of what was published when. Instants are microseconds since 1970, in UTC."""

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, Table
from sqlmodel import Field

from service.store.tables import StoredRow, metadata


class IssueRow(StoredRow, table=True):
    """One forecast that came to be served, never altered: it was served until the next of its series and granularity.

    Ids and `published_at` grow together, in the order of the commits; what is published at once shares an instant.
    """

    __tablename__ = "issue"
    __table_args__ = (
        ForeignKeyConstraint(["run_id", "series_id"], ["forecast.run_id", "forecast.series_id"]),
        Index("ix_issue_series_id_granularity_published_at", "series_id", "granularity", "published_at"),
        Index("ix_issue_series_id_granularity_start_hour", "series_id", "granularity", "start_hour"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    series_id: int
    granularity: str
    run_id: str
    published_at: int = Field(sa_type=BigInteger)
    start_hour: int


ISSUE: Table = metadata.tables["issue"]
