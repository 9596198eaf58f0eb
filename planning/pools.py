"""Pools of supply and classes of demand: what can serve what, and who comes first when it is short."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from demand.errors import Invalid
from demand.series import SeriesKey, Workload
from demand.units import ACCELERATORS


@dataclass(frozen=True)
class Pool:
    """Capacity that is interchangeable: accelerators of a group, in regions that count as one site.

    Attributes:
        name: what it is called.
        regions: whose capacity and demand belong here; all of them where none is named.
        accelerators: the group; all of them where none is named.
        rate: demand that one accelerator of this pool serves, in accelerators of those that demand is counted in.
    """

    name: str
    regions: tuple[str, ...] = ()
    accelerators: tuple[str, ...] = ()
    rate: float = 1.0

    def __post_init__(self) -> None:
        if not self.rate > 0:
            raise Invalid(f"pool {self.name!r} has rate {self.rate:g} and serves nothing; give one above zero")

    def holds(self, region: str, accelerator: str) -> bool:
        """Whether capacity or demand of this region and accelerator belongs here."""
        there = not self.regions or region in self.regions
        return there and (not self.accelerators or accelerator in self.accelerators)


@dataclass(frozen=True)
class DemandClass:
    """Demand that is served alike.

    Attributes:
        name: what it is called.
        home: the pool it belongs to.
        workload: training needs one coupled site and stays at home; inference may move.
        elsewhere: other pools that can serve it.
        priority: classes with a lower number are served first when supply is short.
        cost_short: of an accelerator that is missing for an hour, in the currency of the ledger.
    """

    name: str
    home: str
    workload: Workload
    elsewhere: tuple[str, ...] = ()
    priority: int = 0
    cost_short: float = 0.0

    def __post_init__(self) -> None:
        if self.workload is Workload.TRAINING and self.elsewhere:
            raise Invalid(
                f"training of {self.home!r} cannot move to {', '.join(self.elsewhere)}: it needs one coupled site; "
                "make its sites one pool, or leave `elsewhere` to inference"
            )
        if self.cost_short < 0:
            raise Invalid(f"{self.name!r} has a cost of {self.cost_short:g} when it is short; give one above zero")


@dataclass(frozen=True)
class Topology:
    """All pools and classes, in the order of the rows of supply and demand.

    Attributes:
        pools: no two hold the same capacity.
        classes: at least one.
        cost_idle: of an accelerator of each pool that idles for an hour, in the currency of the ledger; by pool name.
        unit: what supply and demand are counted in.
    """

    pools: tuple[Pool, ...]
    classes: tuple[DemandClass, ...]
    cost_idle: dict[str, float] = field(default_factory=dict)
    unit: str = ACCELERATORS

    def __post_init__(self) -> None:
        names = [pool.name for pool in self.pools]
        if len(set(names)) < len(names):
            raise Invalid("two pools have the same name; pools are told apart by their names")
        for each in self.classes:
            if unknown := [name for name in (each.home, *each.elsewhere) if name not in names]:
                raise Invalid(
                    f"{each.name!r} is served by {unknown[0]!r}, which is no pool; there are {', '.join(names)}"
                )
        served = {name for each in self.classes for name in (each.home, *each.elsewhere)}
        if idle := [name for name in names if name not in served]:
            raise Invalid(f"pool {idle[0]!r} serves nothing; leave it out or let a workload use it")

    def pool_of(self, region: str, accelerator: str) -> int | None:
        """The row of the pool that holds capacity of this region and accelerator; None if there is none."""
        return next((row for row, pool in enumerate(self.pools) if pool.holds(region, accelerator)), None)


PLACE = ("region", "accelerator")
"""The dimensions that tell pools apart."""


def default_topology(
    keys: Sequence[SeriesKey], places: Sequence[tuple[str, str]] = (), pool_by: Sequence[str] = PLACE
) -> Topology:
    """A pool per region and accelerator, and a class per pool and workload, training first; nothing moves.

    Args:
        keys: of the demand.
        places: region and accelerator of the supply, which has a pool too where no demand is.
        pool_by: those of `PLACE` that tell pools apart; what differs in the others only is one pool.
    """
    apart = tuple(name in pool_by for name in PLACE)
    places = [_within(place, apart) for place in places]
    own = [_within((key.region, key.accelerator), apart) for key in keys]
    held = sorted({*own, *places})
    pools = tuple(
        Pool(_name(*place), (place[0],) if apart[0] else (), (place[1],) if apart[1] else ()) for place in held
    )
    order = {Workload.TRAINING: 0, Workload.INFERENCE: 1, Workload.UNATTRIBUTED: 2}
    wanted = {(place, key.workload) for place, key in zip(own, keys, strict=True)}
    classes = [
        DemandClass(f"{pool.name} {workload}", pool.name, workload, priority=rank)
        for pool, place in zip(pools, held, strict=True)
        for workload, rank in order.items()
        if (place, workload) in wanted
    ]
    bare = [pool.name for pool in pools if all(each.home != pool.name for each in classes)]
    classes += [DemandClass(f"{name} {Workload.UNATTRIBUTED}", name, Workload.UNATTRIBUTED) for name in bare]
    return Topology(pools, tuple(classes))


def _within(place: tuple[str, str], apart: tuple[bool, ...]) -> tuple[str, str]:
    """The place as far as it tells pools apart."""
    region, accelerator = (value if told else "" for value, told in zip(place, apart, strict=True))
    return region, accelerator


def _name(region: str, accelerator: str) -> str:
    return " ".join(part for part in (region, accelerator) if part) or "everything"
