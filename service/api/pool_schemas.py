"""What pools of supply and classes of demand look like in JSON."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat

from demand.series import Workload
from demand.tidy import LARGEST_VALUE
from demand.units import ACCELERATORS, is_unit
from planning.pools import Topology
from service.api import capacity_examples as examples
from service.api.pool_names import PoolName
from service.api.queries import LARGEST_ID, Name
from service.store.topologies import StoredTopology, to_topology, topology_document

Cost = Annotated[FiniteFloat, Field(ge=0, le=LARGEST_VALUE)]


def _check_unit(unit: str) -> str:
    if not is_unit(unit):
        raise ValueError("is no unit; write lower case with underscores, such as accelerators")
    return unit


class Pool(BaseModel):
    """Capacity that is interchangeable."""

    model_config = ConfigDict(extra="forbid")

    name: PoolName
    regions: list[Name] = Field(default=[], max_length=1000, description="Count as one site; all if none is named.")
    accelerators: list[Name] = Field(default=[], max_length=1000, description="The group; all if none is named.")
    rate: FiniteFloat = Field(
        default=1.0,
        le=LARGEST_VALUE,
        description="Demand that one accelerator of it serves, in accelerators of those that demand is counted in.",
    )


class DemandClass(BaseModel):
    """Demand that is served alike."""

    model_config = ConfigDict(extra="forbid")

    name: PoolName
    home: PoolName = Field(description="The pool that it belongs to.")
    workload: Workload = Field(description="Training stays at home; inference may move.")
    elsewhere: list[Name] = Field(default=[], max_length=1000, description="Other pools that can serve it.")
    priority: int = Field(default=0, ge=-LARGEST_ID, le=LARGEST_ID, description="Lower ones are served first.")
    cost_short: Cost = Field(default=0.0, description="Of an accelerator that is missing for an hour.")


class PoolsOrder(BaseModel):
    """All pools and classes, as they are to be."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.POOLS_ORDER]})

    pools: list[Pool] = Field(min_length=1, max_length=1000)
    classes: list[DemandClass] = Field(min_length=1, max_length=10_000)
    cost_idle: dict[PoolName, Cost] = Field(
        default={}, description="Of an accelerator that idles for an hour, by pool."
    )
    unit: Annotated[str, AfterValidator(_check_unit)] = Field(
        default=ACCELERATORS, description="What supply and demand are counted in."
    )

    def topology(self) -> Topology:
        """The pools and classes that are meant.

        Raises:
            Invalid: they do not go together.
        """
        return to_topology(self.model_dump(mode="json"))


class PoolsAnswer(BaseModel):
    """Pools and classes in a version; version 0 is what follows from demand and supply where none are stored."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.POOLS]})

    pools: list[Pool]
    classes: list[DemandClass]
    cost_idle: dict[str, float]
    unit: str
    version: int
    changed_at: datetime | None
    changed_by: str
    note: str

    @classmethod
    def of(cls, found: StoredTopology | Topology) -> Self:
        """The pools and classes as they are shown."""
        stored = found if isinstance(found, StoredTopology) else None
        topology = found.topology if isinstance(found, StoredTopology) else found
        document: Mapping[str, Any] = topology_document(topology)
        return cls(
            **document,
            version=0 if stored is None else stored.version,
            changed_at=None if stored is None else stored.changed_at,
            changed_by="" if stored is None else stored.signature.by,
            note="" if stored is None else stored.signature.note,
        )
