"""What happened once, or is planned: outages, migrations, launches."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response, status
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from demand.errors import Invalid, NotFound, TooLarge, UnsupportedFormat
from service.api.bodies import Stalled, Unreadable
from service.api.calendar_bodies import BODY, EventCalendarQuery
from service.api.covariate_schemas import Event, EventOrder
from service.api.dependencies import StoreDep, UnitDep
from service.api.paging import link_next
from service.api.problems import problems
from service.api.queries import LARGEST_ID, StrictQuery
from service.covariates import CalendarFile, Reach
from service.store.covariates import StoredEvent
from service.store.engine import Store

router = APIRouter(prefix="/v1/events", tags=["covariates"])

EventId = Annotated[int, Path(ge=1, le=LARGEST_ID, description="The id of an event.", examples=[1])]


class EventListQuery(StrictQuery):
    """A page of events."""

    limit: int = Field(default=1000, ge=1, le=10_000, description="Events per page.", examples=[100])
    after: int | None = Field(
        default=None, ge=0, le=LARGEST_ID, description="Cursor: events with a higher id.", examples=[0]
    )


@router.post("", status_code=status.HTTP_201_CREATED, responses=problems(Invalid, Stalled, TooLarge, Unreadable))
def add_event(order: EventOrder, _: Annotated[StrictQuery, Query()], response: Response, store: StoreDep) -> Event:
    """Store an event; forecasts know it from the next training run on.

    The hours of a past one are left out of the history, or its effect is taken out of them. A planned one has the
    effect that is stated, or that past events of its name had.
    """
    event = order.event()
    with store.begin() as unit:
        (stored,) = unit.covariates.add_events([event], store.now())
    response.headers["Location"] = f"{router.prefix}/{stored.id}"
    return Event.of(stored)


@router.post(
    "/calendar",
    status_code=status.HTTP_201_CREATED,
    responses=problems(Invalid, Stalled, TooLarge, UnsupportedFormat),
    openapi_extra=BODY,
)
async def add_events_of_calendar(
    query: Annotated[EventCalendarQuery, Query()], request: Request, store: StoreDep
) -> list[Event]:
    """Store every occurrence of the events of a calendar (RFC 5545), all of them or none."""
    calendar = await query.calendar(request)
    stored = await run_in_threadpool(_add_calendar, store, calendar, query)
    return [Event.of(each) for each in stored]


@router.get("", responses=problems(Invalid))
def list_events(
    query: Annotated[EventListQuery, Query()], request: Request, response: Response, unit: UnitDep
) -> list[Event]:
    """The stored events."""
    found = unit.covariates.events(limit=query.limit, after=query.after)
    if len(found) == query.limit:
        link_next(request, response, found[-1].id)
    return [Event.of(stored) for stored in found]


@router.get("/{event_id}", responses=problems(NotFound, Invalid))
def read_event(event_id: EventId, _: Annotated[StrictQuery, Query()], unit: UnitDep) -> Event:
    """One event."""
    return Event.of(unit.covariates.event(event_id))


@router.delete("/{event_id}", responses=problems(NotFound, Invalid))
def remove_event(event_id: EventId, _: Annotated[StrictQuery, Query()], store: StoreDep) -> Event:
    """Forget an event; runs that have begun still know it. The answer is what it was."""
    with store.begin() as unit:
        return Event.of(unit.covariates.remove_event(event_id, store.now()))


def _add_calendar(store: Store, calendar: CalendarFile, query: EventCalendarQuery) -> Sequence[StoredEvent]:
    events = calendar.events(query.treatment, Reach.around(store.now()))
    if not events:
        raise Invalid("the calendar has no event between 2000 and the end of the longest forecast; check its dates")
    with store.begin() as unit:
        return unit.covariates.add_events(events, store.now())
