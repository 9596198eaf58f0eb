"""What rows of demand look like, coming in and going out."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, Field

from demand.tidy import Rejection
from service.store.ingest_report import IngestReport

_ROW = {
    "timestamp": "2025-01-06T00:00:00Z",
    "provider": "acme",
    "region": "eu-west",
    "accelerator": "H100",
    "workload": "inference",
    "value": 512.5,
}


def example_bodies() -> dict[str, Any]:
    """The OpenAPI content of an ingest request."""
    csv = f"{','.join(_ROW)}\n{','.join(map(str, _ROW.values()))}\n"
    row_schema = {
        "type": "object",
        "required": ["timestamp", "value"],
        "additionalProperties": False,
        "properties": {
            "timestamp": {"type": "string", "format": "date-time"},
            **{name: {"type": "string"} for name in ("provider", "region", "accelerator", "stage", "tenant", "unit")},
            "workload": {"type": "string", "enum": ["training", "inference", "unattributed"]},
            "value": {"type": "number", "minimum": 0},
        },
    }
    return {
        "text/csv": {"schema": {"type": "string"}, "example": csv},
        "application/json": {"schema": {"type": "array", "items": row_schema}, "example": [_ROW]},
        "application/x-ndjson": {"schema": {"type": "string"}},
        "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
    }


class RejectedRow(BaseModel):
    """A row that was not stored, and why."""

    line: int = Field(description="Line of a CSV or NDJSON body, row number of a JSON or Parquet one, from 1.")
    column: str
    value: str
    reason: str

    @classmethod
    def of(cls, rejection: Rejection) -> Self:
        """The rejection as it is shown."""
        return cls.model_validate(rejection, from_attributes=True)


class IngestAnswer(BaseModel):
    """What became of the rows."""

    inserted: int
    updated: int = Field(description="Rows whose value differs from the one stored before, which is kept.")
    unchanged: int
    rejected: int
    duplicates: int = Field(description="Of the unchanged rows, those that repeat another row of the same request.")
    rejections: list[RejectedRow] = Field(description="The first thousand rejected rows.")

    @classmethod
    def of(cls, report: IngestReport) -> Self:
        """The report as it is shown."""
        return cls(
            inserted=report.inserted,
            updated=report.updated,
            unchanged=report.unchanged,
            rejected=report.rejected,
            duplicates=report.duplicates,
            rejections=[RejectedRow.of(rejection) for rejection in report.rejections],
        )


class ObservationRow(BaseModel):
    """One stored value."""

    timestamp: datetime
    value: float
    recorded_at: datetime = Field(description="When this value was stored.")
