"""What rows of demand look like, coming in and going out."""

import json
from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from demand.calendar import Granularity
from demand.tidy import Rejection
from service.api import examples
from service.api.forecast_schemas import Series
from service.store.ingest_report import IngestReport
from service.store.series import StoredSeries


def example_bodies() -> dict[str, Any]:
    """The OpenAPI content of an ingest request."""
    csv = f"{','.join(examples.ROW)}\n{','.join(map(str, examples.ROW.values()))}\n"
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
        "application/json": {"schema": {"type": "array", "items": row_schema}, "example": [examples.ROW]},
        "application/x-ndjson": {"schema": {"type": "string"}, "example": json.dumps(examples.ROW) + "\n"},
        "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
    }


class RejectedRow(BaseModel):
    """A row that was not stored, and why."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REJECTION]})

    line: int = Field(description="Line of a CSV or NDJSON body, row number of a JSON or Parquet one, from 1.")
    column: str
    value: str
    reason: str

    @classmethod
    def of(cls, rejection: Rejection) -> Self:
        """The rejection as it is shown."""
        return cls.model_validate(rejection, from_attributes=True)


class NewSeries(BaseModel):
    """A series that the rows began, and the grid that it has from now on."""

    id: int
    series: Series
    unit: str
    granularity: Granularity

    @classmethod
    def of(cls, stored: StoredSeries) -> Self:
        """The series as it is shown."""
        return cls(
            id=stored.id,
            series=Series.model_validate(stored.key, from_attributes=True),
            unit=stored.unit,
            granularity=stored.granularity,
        )


class IngestAnswer(BaseModel):
    """What became of the rows."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.INGEST]})

    inserted: int
    updated: int = Field(description="Rows whose value differs from the one stored before, which is kept.")
    unchanged: int
    rejected: int
    duplicates: int = Field(description="Of the unchanged rows, those that repeat another row of the same request.")
    rejections: list[RejectedRow] = Field(description="The first thousand rejected rows.")
    new_counts: dict[Granularity, int] = Field(description="How many series were not stored before, by their grid.")
    new_series: list[NewSeries] = Field(description="The first thousand series that were not stored before.")

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
            new_counts=dict(report.new_counts),
            new_series=[NewSeries.of(stored) for stored in report.new_series],
        )


class ObservationRow(BaseModel):
    """One stored value."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.OBSERVATION]})

    timestamp: datetime
    value: float
    recorded_at: datetime = Field(description="When this value was stored.")
