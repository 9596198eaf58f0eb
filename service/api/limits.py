"""Limits on what can be in use, and what queued beside it."""

from datetime import datetime
from typing import Annotated, Self

import pandas as pd
from fastapi import APIRouter, Path, Query, Request, Response, status
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from demand.errors import Invalid, NotFound, TooLarge, UnsupportedFormat
from demand.limits import Limit, LimitKind
from demand.tidy import LARGEST_VALUE
from demand.units import ACCELERATORS, is_unit
from service.api import examples
from service.api.bodies import Stalled, Unreadable, spool
from service.api.dependencies import StoreDep, UnitDep
from service.api.instants import Instant
from service.api.observation_schemas import example_bodies
from service.api.paging import link_next
from service.api.problems import problems
from service.api.queries import LARGEST_ID, SelectionQuery, StrictQuery
from service.connectors.files import Format
from service.limits import add_limit, add_queues, remove_limit
from service.store.limits import StoredLimit

router = APIRouter(prefix="/v1/limits", tags=["limits"])
queues = APIRouter(prefix="/v1/queues", tags=["limits"])


def _check_unit(unit: str) -> str:
    if not is_unit(unit):
        raise ValueError("is no unit; write lower case with underscores, such as accelerators")
    return unit


LimitId = Annotated[int, Path(ge=1, le=LARGEST_ID, description="The id of a limit.", examples=[1])]


class LimitListQuery(StrictQuery):
    """A page of limits."""

    limit: int = Field(default=1000, ge=1, le=10_000, description="Limits per page.", examples=[100])
    after: int | None = Field(
        default=None, ge=0, le=LARGEST_ID, description="Cursor: limits with a higher id.", examples=[0]
    )


class LimitOrder(BaseModel):
    """A limit to be stored."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"level": 640, "selection": {"region": ["eu"]}, "start": "2025-01-01T00:00:00Z"},
                {"level": 90000, "kind": "saturation", "start": "2025-01-01T00:00:00Z"},
            ]
        },
    )

    level: float = Field(gt=0, le=LARGEST_VALUE, description="The most that the series can have in use together.")
    selection: SelectionQuery = Field(
        default=SelectionQuery(), description="The series that share it; all of its unit if not given."
    )
    start: Instant = Field(description="The first moment it holds.")
    end: Instant | None = Field(default=None, description="The moment it holds no more; never if not given.")
    kind: LimitKind = Field(
        default=LimitKind.CAPACITY,
        description="What is there, what may be used, or, as a saturation, what demand will not grow beyond.",
    )
    unit: Annotated[str, AfterValidator(_check_unit)] = Field(
        default=ACCELERATORS, description="Series in other units are not limited by it."
    )

    def limit(self) -> Limit:
        """The limit that is asked for."""
        end = None if self.end is None else pd.Timestamp(self.end).tz_convert("UTC")
        start = pd.Timestamp(self.start).tz_convert("UTC")
        return Limit(self.selection.selection(), self.level, start, end, self.kind, self.unit)


class LimitEntry(BaseModel):
    """A stored limit."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.LIMIT]})

    id: int
    selection: dict[str, list[str]] = Field(description="The filters; empty means all series of the unit.")
    level: float
    unit: str
    kind: LimitKind
    start: datetime
    end: datetime | None
    recorded_at: datetime

    @classmethod
    def of(cls, stored: StoredLimit) -> Self:
        """The limit as it is shown."""
        limit = stored.limit
        return cls(
            id=stored.id,
            selection={name: list(values) for name, values in limit.selection.conditions().items()},
            level=limit.level,
            unit=limit.unit,
            kind=limit.kind,
            start=limit.start,
            end=limit.end,
            recorded_at=stored.recorded_at,
        )


class QueueAnswer(BaseModel):
    """What became of the rows."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.QUEUES]})

    stored: int = Field(description="How many buckets are known of now.")


@router.post("", status_code=status.HTTP_201_CREATED, responses=problems(Invalid, Stalled, TooLarge, Unreadable))
def create_limit(
    order: LimitOrder, _: Annotated[StrictQuery, Query()], response: Response, store: StoreDep
) -> LimitEntry:
    """Store the most that part of the fleet can have in use together; the next run forecasts demand above it.

    A limit below what its series have in use now is refused. Several limits may hold at once: the lowest counts.
    A saturation, such as the size of a market, holds no use down: it tells the models that know of growth where it
    ends. One on several series is divided by their current shares.
    """
    stored = add_limit(store, order.limit())
    response.headers["Location"] = f"{router.prefix}/{stored.id}"
    return LimitEntry.of(stored)


@router.get("", responses=problems(Invalid))
def list_limits(
    query: Annotated[LimitListQuery, Query()], request: Request, response: Response, unit: UnitDep
) -> list[LimitEntry]:
    """The stored limits, the oldest first."""
    found = unit.limits.find(limit=query.limit, after=query.after)
    if len(found) == query.limit:
        link_next(request, response, found[-1].id)
    return [LimitEntry.of(stored) for stored in found]


@router.get("/{limit_id}", responses=problems(NotFound, Invalid))
def read_limit(limit_id: LimitId, _: Annotated[StrictQuery, Query()], unit: UnitDep) -> LimitEntry:
    """One stored limit."""
    return LimitEntry.of(unit.limits.get(limit_id))


@router.delete("/{limit_id}", responses=problems(NotFound, Invalid))
def delete_limit(limit_id: LimitId, _: Annotated[StrictQuery, Query()], store: StoreDep) -> LimitEntry:
    """Forget a limit, and answer what it was."""
    return LimitEntry.of(remove_limit(store, limit_id))


@queues.post(
    "",
    responses=problems(Invalid, Stalled, TooLarge, UnsupportedFormat),
    openapi_extra={"requestBody": {"required": True, "content": example_bodies()}},
)
async def store_queues(_: Annotated[StrictQuery, Query()], request: Request, store: StoreDep) -> QueueAnswer:
    """Store what waited beside what was in use: tidy rows as for observations, `value` being the average queue.

    Where the queue is known, demand is what was in use and what waited, and nothing is estimated. The series must be
    stored; sending rows again replaces them.
    """
    form = Format.of(request.headers.get("content-type", ""))
    with await spool(request) as body:
        return QueueAnswer(stored=await run_in_threadpool(add_queues, store, body, form))
