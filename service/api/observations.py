"""Past demand: sent in, read back."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, Field
from starlette.concurrency import run_in_threadpool

from demand.calendar import Granularity
from demand.errors import Invalid, NotFound, TooLarge, UnsupportedFormat
from demand.tidy import OnError
from service.api.bodies import Stalled, spool
from service.api.dependencies import IngestTurnsDep, StoreDep, UnitDep
from service.api.observation_schemas import IngestAnswer, ObservationRow, example_bodies
from service.api.paging import link_next
from service.api.problems import problems
from service.api.queries import Name, SeriesId, StrictQuery
from service.connectors.files import Format
from service.ingestion import ingest_file

router = APIRouter(prefix="/v1/observations", tags=["observations"])


class IngestQuery(StrictQuery):
    """How to take the rows."""

    on_error: OnError = Field(
        default=OnError.ABORT,
        description="`abort`: one bad row and nothing is stored; `skip`: good rows are stored.",
        examples=["skip"],
    )
    granularity: Granularity | None = Field(
        default=None,
        description="The grid of series that are new; inferred from their timestamps if not given.",
        examples=["hour"],
    )
    source: Name = Field(
        default="api",
        max_length=200,
        description="Where the rows come from, kept with them.",
        examples=["billing-export"],
    )


class ObservationQuery(StrictQuery):
    """Which rows of one series to read."""

    series_id: SeriesId
    start: AwareDatetime | None = Field(
        default=None, description="From this instant on.", examples=["2025-01-06T00:00:00Z"]
    )
    end: AwareDatetime | None = Field(
        default=None, description="Up to, not including, this instant.", examples=["2025-01-07T00:00:00Z"]
    )
    as_of: AwareDatetime | None = Field(
        default=None, description="The state of the store at this instant.", examples=["2025-01-08T12:00:00Z"]
    )
    limit: int = Field(default=1000, ge=1, le=10_000, description="Rows per page.", examples=[100])
    after: AwareDatetime | None = Field(
        default=None, description="Cursor: rows after this timestamp.", examples=["2025-01-06T00:00:00Z"]
    )


@router.post(
    "",
    responses=problems(Invalid, Stalled, TooLarge, UnsupportedFormat),
    openapi_extra={"requestBody": {"required": True, "content": example_bodies()}},
)
async def store_observations(
    query: Annotated[IngestQuery, Query()], request: Request, store: StoreDep, turns: IngestTurnsDep
) -> IngestAnswer:
    """Store tidy rows: `timestamp,provider,region,accelerator,workload,stage,tenant,unit,value`.

    Only `timestamp` and `value` are required. Rows are upserts on series and timestamp: sending them again changes
    nothing, and a value that changes keeps what it replaced. CSV, JSON, NDJSON and Parquet, gzip too.
    """
    form = Format.of(request.headers.get("content-type", ""))
    with await spool(request) as body:
        async with turns:
            report = await run_in_threadpool(
                ingest_file, store, body, form, query.source, query.on_error, query.granularity
            )
    return IngestAnswer.of(report)


@router.get("", responses=problems(NotFound, Invalid))
def read_observations(
    query: Annotated[ObservationQuery, Query()], request: Request, response: Response, unit: UnitDep
) -> list[ObservationRow]:
    """Stored values of one series, oldest first, now or as they were known at `as_of`."""
    unit.series.get(query.series_id)
    rows = unit.observations.rows(**_as_arguments(query))
    if len(rows) == query.limit:
        link_next(request, response, rows[-1].timestamp.isoformat())
    return [ObservationRow.model_validate(row, from_attributes=True) for row in rows]


def _as_arguments(query: ObservationQuery) -> dict[str, Any]:
    return {name: getattr(query, name) for name in type(query).model_fields}
