"""Quantities that move demand and are known ahead: prices, holidays, plans."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response, status
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from demand.errors import Invalid, NotFound, TooLarge, UnsupportedFormat
from service.api.bodies import Stalled, Unreadable
from service.api.calendar_bodies import BODY, RegressorCalendarQuery
from service.api.covariate_schemas import Regressor, RegressorOrder
from service.api.dependencies import StoreDep, UnitDep
from service.api.paging import link_next
from service.api.problems import problems
from service.api.queries import LARGEST_ID, StrictQuery
from service.covariates import CalendarFile, Reach
from service.store.covariates import StoredRegressor
from service.store.engine import Store

router = APIRouter(prefix="/v1/regressors", tags=["covariates"])

RegressorId = Annotated[int, Path(ge=1, le=LARGEST_ID, description="The id of a regressor.", examples=[1])]


class RegressorListQuery(StrictQuery):
    """A page of regressors."""

    limit: int = Field(default=100, ge=1, le=1000, description="Regressors per page.", examples=[10])
    after: int | None = Field(
        default=None, ge=0, le=LARGEST_ID, description="Cursor: regressors with a higher id.", examples=[0]
    )


@router.post("", status_code=status.HTTP_201_CREATED, responses=problems(Invalid, Stalled, TooLarge, Unreadable))
def add_regressor(
    order: RegressorOrder, _: Annotated[StrictQuery, Query()], response: Response, store: StoreDep
) -> Regressor:
    """Store a regressor; forecasts know it from the next training run on.

    Send its values over the past and as far ahead as forecasts go, name a country whose holidays matter, or state the
    effect of what has never happened before, such as a launch.
    """
    content = order.content()
    with store.begin() as unit:
        stored = unit.covariates.add_regressor(content, store.now())
    response.headers["Location"] = f"{router.prefix}/{stored.id}"
    return Regressor.of(stored, with_values=True)


@router.post(
    "/calendar",
    status_code=status.HTTP_201_CREATED,
    responses=problems(Invalid, Stalled, TooLarge, UnsupportedFormat),
    openapi_extra=BODY,
)
async def add_regressor_of_calendar(
    query: Annotated[RegressorCalendarQuery, Query()], request: Request, response: Response, store: StoreDep
) -> Regressor:
    """Store a regressor that is one whenever an event of a calendar (RFC 5545) is under way, and zero otherwise."""
    calendar = await query.calendar(request)
    stored = await run_in_threadpool(_add_calendar, store, calendar, query.name)
    response.headers["Location"] = f"{router.prefix}/{stored.id}"
    return Regressor.of(stored, with_values=True)


@router.get("", responses=problems(Invalid))
def list_regressors(
    query: Annotated[RegressorListQuery, Query()], request: Request, response: Response, unit: UnitDep
) -> list[Regressor]:
    """The stored regressors, without their values."""
    found = unit.covariates.regressors(limit=query.limit, after=query.after)
    if len(found) == query.limit:
        link_next(request, response, found[-1].id)
    return [Regressor.of(stored) for stored in found]


@router.get("/{regressor_id}", responses=problems(NotFound, Invalid))
def read_regressor(regressor_id: RegressorId, _: Annotated[StrictQuery, Query()], unit: UnitDep) -> Regressor:
    """One regressor with its values."""
    return Regressor.of(unit.covariates.regressor(regressor_id), with_values=True)


@router.delete("/{regressor_id}", responses=problems(NotFound, Invalid))
def remove_regressor(regressor_id: RegressorId, _: Annotated[StrictQuery, Query()], store: StoreDep) -> Regressor:
    """Forget a regressor; runs that have begun still know it. The answer is what it was."""
    with store.begin() as unit:
        return Regressor.of(unit.covariates.remove_regressor(regressor_id, store.now()), with_values=True)


def _add_calendar(store: Store, calendar: CalendarFile, name: str) -> StoredRegressor:
    content = calendar.regressor(name, Reach.around(store.now()))
    with store.begin() as unit:
        return unit.covariates.add_regressor(content, store.now())
