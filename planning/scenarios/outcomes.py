"""What futures come to: demand by workload, supply, shortage and idleness, path by path."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

import numpy as np
import pandas as pd

from demand.calendar import buckets
from demand.errors import Invalid
from demand.history import FloatArray
from demand.paths import DemandPaths
from demand.series import Workload
from planning.allocation import allocate
from planning.breach import first_breach
from planning.classes import class_demand
from planning.crossover import crossover
from planning.ledger import Commitment
from planning.occurrence import Occurrence
from planning.outlook import Balance
from planning.pools import Topology
from planning.scenarios.events import Futures
from planning.scenarios.selecting import keys_of, listed
from planning.supply import Sampling, SupplyPaths, supply_paths
from planning.telling import Teller, held_by_pools

_NANOSECONDS_PER_HOUR = 3_600_000_000_000


@dataclass(frozen=True)
class Market:
    """How demand and supply meet.

    Attributes:
        topology: the pools and classes.
        sampling: how supply is drawn; what a scenario does to it is added.
        counted: how much of the ledger is counted.
        megawatts_each: as for `supply_paths`.
        teller: turns all levels into one unit; None to leave them as they are counted.
    """

    topology: Topology
    sampling: Sampling
    counted: Commitment = Commitment.COMMITTED
    megawatts_each: Mapping[str, FloatArray] = field(default_factory=dict)
    teller: Teller | None = None


@dataclass(frozen=True)
class Outcomes:
    """What futures come to; every array has shape (n_paths, n_steps).

    Levels are accelerators, and demand what the pools count it in, unless all are told in another unit.

    Attributes:
        demand: by workload, of those that there are.
        supply: of all pools.
        unmet: demand that is not served.
        idle: supply that nothing uses.
        remarks: what a reader should know.
        cost_short: what unmet demand costs, in money; None where no price is known.
        cost_idle: what idle supply costs, in money; None where no price is known.
    """

    demand: Mapping[Workload, FloatArray]
    supply: FloatArray
    unmet: FloatArray
    idle: FloatArray
    remarks: tuple[str, ...]
    cost_short: FloatArray | None = None
    cost_idle: FloatArray | None = None

    @property
    def cost(self) -> FloatArray | None:
        """What shortage and idleness cost together; None unless both have a price."""
        if self.cost_short is None or self.cost_idle is None:
            return None
        return np.asarray(self.cost_short + self.cost_idle)

    @cached_property
    def total(self) -> FloatArray:
        """Demand of all workloads."""
        return np.asarray(sum(self.demand.values()))

    @property
    def short(self) -> FloatArray:
        """Where some demand is unmet, as true or false."""
        return np.asarray(self.unmet > 0)

    @property
    def first_breach(self) -> Occurrence:
        """When some demand is unmet for the first time, in one row."""
        return first_breach(self.short[None])

    @property
    def inference_passes(self) -> Occurrence:
        """When inference passes training for good, in one row."""
        nothing = np.zeros_like(self.total)
        training, inference = (self.demand.get(each, nothing) for each in (Workload.TRAINING, Workload.INFERENCE))
        return crossover(training[None], inference[None], ()).passes


class Yardstick(StrEnum):
    """One number that futures come to."""

    DEMAND = "demand"
    TRAINING = "training"
    INFERENCE = "inference"
    SHORTAGE = "shortage"
    UNMET = "unmet"
    IDLE = "idle"
    CROSSOVER = "crossover"
    COST_SHORT = "cost_short"
    COST_IDLE = "cost_idle"
    COST = "cost"

    def of(self, outcomes: Outcomes) -> float:
        """The number.

        Demand is the mean at the end, unmet and idle the mean over time, costs are the mean of the sum over time, the
        others are chances.

        Raises:
            Invalid: it is a cost, and no price is known.
        """
        if self not in _COSTS:
            return _NUMBERS[self](outcomes)
        costs = _COSTS[self](outcomes)
        if costs is None:
            raise Invalid(
                f"{self} cannot be told, since no price is known: give cost_short and cost_idle, or set what "
                "the classes and pools of PUT /v1/pools cost"
            )
        return float(costs.sum(axis=1).mean())

    def is_known(self, outcomes: Outcomes) -> bool:
        """Whether it can be told: costs cannot where no price is known."""
        return self not in _COSTS or _COSTS[self](outcomes) is not None


CHANCES = frozenset({Yardstick.SHORTAGE, Yardstick.CROSSOVER})

MONEY = frozenset({Yardstick.COST_SHORT, Yardstick.COST_IDLE, Yardstick.COST})
"""What is counted in the currency of the ledger."""

ABOUT_SUPPLY = frozenset({Yardstick.SHORTAGE, Yardstick.UNMET, Yardstick.IDLE, *MONEY})
"""What says nothing where no supply is known of."""


def meet(futures: Futures, market: Market) -> Outcomes:
    """Demand and supply of futures, path by path.

    What an event adds where the topology has no class is left out, with a remark.
    """
    placed = class_demand(futures.demand, market.topology)
    sampling = replace(market.sampling, edits=futures.edits)
    grid = _edges(futures.demand)
    supply = supply_paths(futures.blocks, grid, market.topology, sampling, market.counted, market.megawatts_each)
    given = allocate(placed.values, supply.pools, market.topology)
    hours = np.diff(grid.as_unit("ns").asi8) / _NANOSECONDS_PER_HOUR
    balance = Balance(market.topology, placed.values, supply.pools, given.served, given.used, hours)
    remarks = [*futures.remarks, *(f"block {each.name!r} is not counted: {each.reason}" for each in supply.uncounted)]
    if placed.unplaced:
        names = listed([str(key) for key in placed.unplaced])
        remarks.append(f"demand of {names} belongs to no pool, so it is neither served nor short; add it to the pools")
    return _outcomes(futures, balance, supply, market.teller, tuple(remarks))


def without_supply(futures: Futures, teller: Teller | None = None) -> Outcomes:
    """Demand of futures alone, as if there were no supply: for yardsticks that are not about it."""
    demand = by_workload(futures.demand if teller is None else teller.told(futures.demand))
    total = np.asarray(sum(demand.values()))
    nothing = np.zeros_like(total)
    return Outcomes(demand, nothing, total, nothing, futures.remarks)


def by_workload(demand: DemandPaths) -> dict[Workload, FloatArray]:
    """Sums of demand by series, path by path, of the workloads that there are."""
    sums = demand.sums([key.workload for key in keys_of(demand)])
    found = dict(zip(sums.labels, sums.values, strict=True))
    return {workload: found[workload] for workload in Workload if workload in found}


def _outcomes(
    futures: Futures, balance: Balance, supply: SupplyPaths, teller: Teller | None, remarks: tuple[str, ...]
) -> Outcomes:
    demand, there, unmet, idle = futures.demand, balance.supply, balance.unmet, balance.idle
    if teller is not None:
        scale = teller.scale(held_by_pools(balance.topology, demand, supply))
        demand = teller.told(demand)
        there, idle = there * scale.supply, idle * scale.supply
        unmet = unmet * scale.of_classes(balance.topology)
    short_is_priced = any(each.cost_short for each in balance.topology.classes)
    return Outcomes(
        demand=by_workload(demand),
        supply=there.sum(axis=0),
        unmet=unmet.sum(axis=0),
        idle=idle.sum(axis=0),
        remarks=remarks,
        cost_short=balance.cost_short.sum(axis=0) if short_is_priced else None,
        cost_idle=balance.cost_idle.sum(axis=0) if any(balance.topology.cost_idle.values()) else None,
    )


def _edges(demand: DemandPaths) -> pd.DatetimeIndex:
    return buckets(demand.start, demand.values.shape[2] + 1, demand.granularity)


def _at_end(workload: Workload) -> Callable[[Outcomes], float]:
    def number(outcomes: Outcomes) -> float:
        values = outcomes.demand.get(workload)
        return 0.0 if values is None else float(values[:, -1].mean())

    return number


_NUMBERS: Mapping[Yardstick, Callable[[Outcomes], float]] = {
    Yardstick.DEMAND: lambda outcomes: float(outcomes.total[:, -1].mean()),
    Yardstick.TRAINING: _at_end(Workload.TRAINING),
    Yardstick.INFERENCE: _at_end(Workload.INFERENCE),
    Yardstick.SHORTAGE: lambda outcomes: float(outcomes.short.any(axis=1).mean()),
    Yardstick.UNMET: lambda outcomes: float(outcomes.unmet.mean()),
    Yardstick.IDLE: lambda outcomes: float(outcomes.idle.mean()),
    Yardstick.CROSSOVER: lambda outcomes: 1.0 - float(outcomes.inference_passes.never[0]),
}

_COSTS: Mapping[Yardstick, Callable[[Outcomes], FloatArray | None]] = {
    Yardstick.COST_SHORT: lambda outcomes: outcomes.cost_short,
    Yardstick.COST_IDLE: lambda outcomes: outcomes.cost_idle,
    Yardstick.COST: lambda outcomes: outcomes.cost,
}
