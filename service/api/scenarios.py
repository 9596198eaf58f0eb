"""What may happen: named, versioned lists of events."""

from typing import Annotated

import pandas as pd
from fastapi import APIRouter, Path, Query, Request, Response, status
from pydantic import Field

from demand.errors import Conflict, Invalid, NotFound, TooLarge
from planning.scenarios.library import library
from service.api import scenario_examples as examples
from service.api.bodies import Unreadable
from service.api.dependencies import StoreDep, UnitDep
from service.api.instants import Instant
from service.api.paging import link_next
from service.api.problems import problems
from service.api.queries import LARGEST_ID, StrictQuery
from service.api.scenario_schemas import ScenarioEntry, ScenarioName, ScenarioOrder
from service.api.signatures import ActorHeader, EditQuery, SignedQuery

router = APIRouter(prefix="/v1/scenarios", tags=["scenarios"])

RESERVED = frozenset({"library", "compare"})

Named = Annotated[ScenarioName, Path(description="The name of a scenario.", examples=[examples.NAME])]


class ScenarioListQuery(StrictQuery):
    """A page of scenarios."""

    limit: int = Field(default=100, ge=1, le=1000, description="Scenarios per page.", examples=[10])
    after: str | None = Field(
        default=None, max_length=100, description="Cursor: names behind this one.", examples=["a"]
    )
    with_archived: bool = Field(default=False, description="Those that are archived too.", examples=[True])


class VersionQuery(StrictQuery):
    """Which version."""

    version: int | None = Field(default=None, ge=1, le=LARGEST_ID, description="The newest if not given.", examples=[1])


class LibraryQuery(StrictQuery):
    """When the examples begin."""

    start: Instant | None = Field(
        default=None, description="When what they tell of begins; now if not given.", examples=["2026-01-01T00:00:00Z"]
    )


@router.post(
    "", status_code=status.HTTP_201_CREATED, responses=problems(NotFound, Conflict, Invalid, TooLarge, Unreadable)
)
def create_scenario(
    order: ScenarioOrder,
    query: Annotated[SignedQuery, Query()],
    response: Response,
    store: StoreDep,
    actor: ActorHeader = "",
) -> ScenarioEntry:
    """Store a scenario; what it is based on must be stored.

    The order of events matters where demand is both added and multiplied. Events of the same name share their draws in
    all scenarios, so that a difference between two scenarios is the scenarios' and not the dice's.
    """
    if order.name in RESERVED:
        raise Invalid(f"a scenario cannot be called {order.name!r}, which is the name of a question; choose another")
    with store.begin() as unit:
        stored = unit.scenarios.create(order.scenario(), query.signature(actor))
    response.headers["Location"] = f"{router.prefix}/{order.name}"
    return ScenarioEntry.of(stored)


@router.get("", responses=problems(Invalid))
def list_scenarios(
    query: Annotated[ScenarioListQuery, Query()], request: Request, response: Response, unit: UnitDep
) -> list[ScenarioEntry]:
    """The newest version of each scenario, by name."""
    found = unit.scenarios.find(limit=query.limit, after=query.after, with_archived=query.with_archived)
    if len(found) == query.limit:
        link_next(request, response, found[-1].scenario.name)
    return [ScenarioEntry.of(stored) for stored in found]


@router.get("/library", responses=problems(Invalid))
def read_library(query: Annotated[LibraryQuery, Query()], store: StoreDep) -> list[ScenarioOrder]:
    """Ready examples to copy, change and store: how a cloud came to pace its capacity in 2025, and others.

    Where no public figure is known, the size is assumed, and its provenance says so.
    """
    start = pd.Timestamp(query.start or store.now()).tz_convert("UTC").floor("D")
    return [ScenarioOrder.of(scenario) for scenario in library(start)]


@router.get("/{scenario_name}", responses=problems(NotFound, Invalid))
def read_scenario(scenario_name: Named, query: Annotated[VersionQuery, Query()], unit: UnitDep) -> ScenarioEntry:
    """One version of a scenario; those of archived ones too."""
    return ScenarioEntry.of(unit.scenarios.get(scenario_name, query.version))


@router.get("/{scenario_name}/versions", responses=problems(NotFound, Invalid))
def list_versions(scenario_name: Named, _: Annotated[StrictQuery, Query()], unit: UnitDep) -> list[ScenarioEntry]:
    """All versions of a scenario, the oldest first."""
    return [ScenarioEntry.of(stored) for stored in unit.scenarios.versions(scenario_name)]


@router.put("/{scenario_name}", responses=problems(NotFound, Conflict, Invalid, TooLarge, Unreadable))
def replace_scenario(
    scenario_name: Named,
    order: ScenarioOrder,
    query: Annotated[EditQuery, Query()],
    store: StoreDep,
    actor: ActorHeader = "",
) -> ScenarioEntry:
    """Store a new version of a scenario; where it says the same already, nothing is changed."""
    if order.name != scenario_name:
        raise Invalid(
            f"the scenario in the body is called {order.name!r} and not {scenario_name!r}; a name cannot be changed"
        )
    with store.begin() as unit:
        signature = query.signature(actor)
        return ScenarioEntry.of(
            unit.scenarios.replace(order.scenario(), signature, expected_version=query.expected_version)
        )


@router.delete("/{scenario_name}", responses=problems(NotFound, Conflict, Invalid))
def archive_scenario(scenario_name: Named, query: Annotated[EditQuery, Query()], store: StoreDep) -> ScenarioEntry:
    """Take a scenario out of the list; its versions can still be read, and the name be used again."""
    with store.begin() as unit:
        return ScenarioEntry.of(unit.scenarios.archive(scenario_name, expected_version=query.expected_version))
