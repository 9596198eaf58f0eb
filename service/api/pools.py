"""Pools of supply and classes of demand: what can serve what, and who comes first when it is short."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field

from demand.errors import Conflict, Invalid, TooLarge
from service.api.bodies import Stalled, Unreadable
from service.api.dependencies import StoreDep, UnitDep
from service.api.pool_schemas import PoolsAnswer, PoolsOrder
from service.api.problems import problems
from service.api.queries import StrictQuery
from service.api.signatures import ActorHeader, EditQuery
from service.capacity import topology_in_force

router = APIRouter(prefix="/v1/pools", tags=["capacity"])

LARGEST_BYTES = 1 << 20
"""Of all pools and classes."""


class PoolsQuery(StrictQuery):
    """As of when."""

    as_of: AwareDatetime | None = Field(
        default=None, description="The version that was in force at this instant.", examples=["2100-01-01T00:00:00Z"]
    )


@router.get("", responses=problems(Invalid))
def read_pools(query: Annotated[PoolsQuery, Query()], unit: UnitDep) -> PoolsAnswer:
    """The pools and classes in force.

    Where none are stored there is a pool for each region and accelerator of demand and supply, and nothing moves.
    """
    return PoolsAnswer.of(topology_in_force(unit, as_of=query.as_of))


@router.put("", responses=problems(Conflict, Invalid, Stalled, TooLarge, Unreadable))
def replace_pools(
    order: PoolsOrder, query: Annotated[EditQuery, Query()], store: StoreDep, actor: ActorHeader = ""
) -> PoolsAnswer:
    """Store a new version of all pools and classes; earlier ones are kept."""
    topology, signature = order.topology(), query.signature(actor)
    with store.begin() as unit:
        stored = unit.topologies.replace(topology, signature, expected_version=query.expected_version)
    return PoolsAnswer.of(stored)
