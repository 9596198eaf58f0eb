"""What is known of accelerators, and what users know better."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from demand.errors import Conflict, Invalid, NotFound
from service.accelerators import set_accelerator, unset_accelerator
from service.api.accelerator_schemas import AcceleratorEntry, AcceleratorOrder, CatalogueAnswer, ChangeEntry, Note
from service.api.dependencies import StoreDep, UnitDep
from service.api.paging import link_next
from service.api.problems import problems
from service.api.queries import LARGEST_ID, Name, StrictQuery

router = APIRouter(prefix="/v1/accelerators", tags=["accelerators"])

AcceleratorName = Annotated[
    Name,
    Path(
        min_length=1,
        max_length=100,
        description="A name or alias, letter case and separators aside; `default` for what holds for all.",
        examples=["H100"],
    ),
]


class SignedQuery(StrictQuery):
    """Who changes something, and why."""

    by: Note = Field(default="", description="Who goes back.", examples=["capacity team"])
    note: Note = Field(default="", description="Why.", examples=["the cap is lifted"])


class ChangeQuery(StrictQuery):
    """A page of changes."""

    limit: int = Field(default=1000, ge=1, le=10_000, description="Changes per page.", examples=[100])
    after: int | None = Field(
        default=None, ge=0, le=LARGEST_ID, description="Cursor: changes with a higher id.", examples=[0]
    )


@router.get("", responses=problems(Invalid))
def list_accelerators(_: Annotated[StrictQuery, Query()], unit: UnitDep) -> CatalogueAnswer:
    """All accelerators with their figures and sources: as published, with what users set in its place."""
    return CatalogueAnswer.of(unit.accelerators.catalogue(), set(unit.accelerators.overrides()))


@router.get("/{accelerator}", responses=problems(NotFound, Invalid))
def read_accelerator(
    accelerator: AcceleratorName, _: Annotated[StrictQuery, Query()], unit: UnitDep
) -> AcceleratorEntry:
    """What is known of one accelerator, by any of its names."""
    found = unit.accelerators.catalogue().find(accelerator)
    return AcceleratorEntry.of(found, overridden=found.name in unit.accelerators.overrides())


@router.get("/{accelerator}/changes", responses=problems(NotFound, Invalid))
def list_changes(
    accelerator: AcceleratorName,
    query: Annotated[ChangeQuery, Query()],
    request: Request,
    response: Response,
    unit: UnitDep,
) -> list[ChangeEntry]:
    """What users set of an accelerator and took back, who and when, the oldest first."""
    name = unit.accelerators.listed_name(accelerator)
    found = unit.accelerators.changes(name, limit=query.limit, after=query.after)
    if len(found) == query.limit:
        link_next(request, response, found[-1].id)
    return [ChangeEntry.of(change) for change in found]


@router.put("/{accelerator}", responses=problems(Invalid, Conflict))
def put_accelerator(
    accelerator: AcceleratorName, order: AcceleratorOrder, _: Annotated[StrictQuery, Query()], store: StoreDep
) -> AcceleratorEntry:
    """Set figures in place of the published ones, or add an accelerator; answers all that is known of it then.

    What was set before is replaced as a whole, and kept in the list of changes. Every answer in another unit names the
    version of the catalogue that it used. The name `default` sets the host overhead and PUE of all accelerators that
    have none of their own.
    """
    override = order.accelerator(accelerator, str(store.now().date()))
    return AcceleratorEntry.of(set_accelerator(store, override, order.by, order.note), overridden=True)


@router.delete("/{accelerator}", responses=problems(NotFound, Invalid))
def delete_accelerator(
    accelerator: AcceleratorName, query: Annotated[SignedQuery, Query()], store: StoreDep
) -> AcceleratorEntry:
    """Go back to what is published, and answer what was set."""
    return AcceleratorEntry.of(unset_accelerator(store, accelerator, query.by, query.note), overridden=True)
