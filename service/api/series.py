"""The series that are stored."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from demand.audit import audit
from demand.calendar import Granularity
from demand.errors import Invalid, NotFound
from service.api import examples
from service.api.dependencies import UnitDep
from service.api.forecast_schemas import Series
from service.api.paging import link_next
from service.api.problems import problems
from service.api.queries import SelectionQuery, SeriesCursor, SeriesId, StrictQuery
from service.store.series import StoredSeries
from service.store.unit_of_work import UnitOfWork
from training.ports import Extent

router = APIRouter(prefix="/v1/series", tags=["series"])


class SeriesListQuery(SelectionQuery):
    """Filters and a page."""

    limit: int = Field(default=1000, ge=1, le=10_000, description="Series per page.", examples=[100])
    after: SeriesCursor = None


class SeriesEntry(BaseModel):
    """A stored series and how far its history reaches."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SERIES]})

    id: int
    series: Series
    unit: str
    granularity: Granularity
    first: datetime | None
    last: datetime | None
    observations: int

    @classmethod
    def of(cls, stored: StoredSeries, extent: Extent | None) -> Self:
        """The series as it is shown."""
        return cls(
            id=stored.id,
            series=Series.model_validate(stored.key, from_attributes=True),
            unit=stored.unit,
            granularity=stored.granularity,
            first=extent.first if extent else None,
            last=extent.last if extent else None,
            observations=extent.observed if extent else 0,
        )


class Finding(BaseModel):
    """Something in a history that a reader should know."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.FINDING]})

    kind: str
    start: datetime
    buckets: int
    detail: str


@router.get("", responses=problems(Invalid))
def list_series(
    query: Annotated[SeriesListQuery, Query()], request: Request, response: Response, unit: UnitDep
) -> list[SeriesEntry]:
    """The stored series that the filters select."""
    found = unit.series.find(query.selection(), limit=query.limit, after=query.after)
    if len(found) == query.limit:
        link_next(request, response, found[-1].id)
    return _entries(unit, found)


@router.get("/{series_id}", responses=problems(NotFound, Invalid))
def read_series(series_id: SeriesId, _: Annotated[StrictQuery, Query()], unit: UnitDep) -> SeriesEntry:
    """One stored series."""
    stored = unit.series.get(series_id)
    return _entries(unit, [stored])[0]


@router.get("/{series_id}/audit", responses=problems(NotFound, Invalid))
def audit_series(series_id: SeriesId, _: Annotated[StrictQuery, Query()], unit: UnitDep) -> list[Finding]:
    """What is odd in the history of a series: gaps, runs of zeros, level breaks, values that are stuck."""
    stored = unit.series.get(series_id)
    panel = unit.observations.panel([series_id], stored.granularity, as_of=None, last=None)
    return [
        Finding(kind=found.kind, start=found.start, buckets=found.buckets, detail=found.detail)
        for found in audit(panel)
    ]


def _entries(unit: UnitOfWork, found: Sequence[StoredSeries]) -> list[SeriesEntry]:
    extents = unit.observations.extents([stored.id for stored in found])
    return [SeriesEntry.of(stored, extents.get(stored.id)) for stored in found]
