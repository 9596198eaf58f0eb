"""What published demand meets of the stored ledger, at each degree to which supply is committed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from demand.errors import Invalid
from demand.series import Selection, SeriesKey
from planning.allocation import allocate
from planning.classes import class_demand
from planning.ledger import Commitment
from planning.newsvendor import critical_ratio
from planning.outlook import Balance, Outlook, OutlookQuestion, outlook
from planning.pools import Topology
from planning.spread import Spread, spread
from planning.supply import Sampling, Uncounted, supply_paths
from planning.targets import Target, targets
from service.demand_ahead import DemandAhead, DemandQuestion, demand_ahead
from service.store.unit_of_work import UnitOfWork
from service.supply_ahead import SupplyAhead, supply_ahead


@dataclass(frozen=True)
class Prices:
    """What shortage and idleness cost, in the currency of the ledger.

    Attributes:
        short: of an accelerator that is missing for an hour; None for what the classes in force say.
        idle: of an accelerator that idles for an hour; None for what the pools in force say.
    """

    short: float | None = None
    idle: float | None = None


NO_PRICES = Prices()
USUAL = OutlookQuestion()

_MOST_NAMED = 5
"""Pools in one remark."""


@dataclass(frozen=True)
class SupplyQuestion:
    """Which supply, and how it is told.

    Attributes:
        pool_by: the dimensions that tell pools apart; None for the pools in force.
        prices: what shortage and idleness cost.
        told: what is asked of supply and demand.
        slip_correlation: of blocks of one provider in one region.
    """

    pool_by: tuple[str, ...] | None = None
    prices: Prices = NO_PRICES
    told: OutlookQuestion = USUAL
    slip_correlation: float = 0.5


@dataclass(frozen=True)
class Prospect:
    """Demand against supply.

    Attributes:
        demand: what is asked for.
        supply: what is stored of supply.
        topology: the pools and classes, with their costs.
        pool_demand: of each pool.
        outlooks: per degree of commitment.
        uncounted: per degree of commitment the blocks that could not be counted.
        unplaced: demand that belongs to no class.
        target: the supply of each pool to aim at.
        remarks: what else should be known about it.
    """

    demand: DemandAhead
    supply: SupplyAhead
    topology: Topology
    pool_demand: Spread
    outlooks: Mapping[Commitment, Outlook]
    uncounted: Mapping[Commitment, tuple[Uncounted, ...]]
    unplaced: tuple[SeriesKey, ...]
    target: Target
    remarks: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[int, ...]:
        """The pools that are worth telling: those with any demand or supply of what is selected, or all if none has."""
        supply = self.outlooks[Commitment.EVERYTHING].pools.supply
        met = (self.pool_demand.mean > 0).any(axis=1) | (supply > 0).any(axis=1)
        return tuple(int(row) for row in np.flatnonzero(met if met.any() else ~met))

    @property
    def short_is_priced(self) -> bool:
        """Whether it is known what shortage costs."""
        return any(each.cost_short for each in self.topology.classes)

    @property
    def idle_is_priced(self) -> bool:
        """Whether it is known what idleness costs."""
        return any(self.topology.cost_idle.values())


def look_ahead(asked: DemandQuestion, supply: SupplyQuestion, unit: UnitOfWork, most: int) -> Prospect:
    """The outlook of a part of the fleet.

    Args:
        asked: the demand; its unit is that of the pools.
        supply: the supply, and what is told of both.
        unit: the store.
        most: how many series one answer holds.

    Raises:
        NotFound, Invalid: as for `demand_ahead`; a price or a chance is out of its range.
    """
    stored = supply_ahead(unit, asked.selection, supply.pool_by)
    demand = demand_ahead(replace(asked, unit=stored.unit), unit, most)
    found = meet(demand, stored, supply)
    return replace(found, remarks=tuple(_remarks(asked.selection, found)))


def meet(demand: DemandAhead, stored: SupplyAhead, asked: SupplyQuestion) -> Prospect:
    """Demand against supply.

    Raises:
        Invalid: a price or a chance is out of its range.
    """
    keys = [label for label in demand.paths.labels if isinstance(label, SeriesKey)]
    topology = priced(stored.topology(keys), asked.prices)
    placed = class_demand(demand.paths, topology)
    edges, n_paths = demand.edges, placed.values.shape[1]
    sampling = Sampling(n_paths, correlation=asked.slip_correlation)
    power = stored.megawatts_each(n_paths)
    outlooks, uncounted = {}, {}
    for counted in Commitment:
        supply = supply_paths(stored.blocks, edges, topology, sampling, counted, power)
        given = allocate(placed.values, supply.pools, topology)
        balance = Balance(topology, placed.values, supply.pools, given.served, given.used, demand.hours)
        outlooks[counted], uncounted[counted] = outlook(balance, asked.told), supply.uncounted
    return Prospect(
        demand=demand,
        supply=stored,
        topology=topology,
        pool_demand=spread(balance.at_home(placed.values), asked.told.levels),
        outlooks=outlooks,
        uncounted=uncounted,
        unplaced=placed.unplaced,
        target=targets(placed.values, topology, demand.hours),
    )


def _remarks(selection: Selection, found: Prospect) -> Iterator[str]:
    if not found.supply.blocks:
        yield f"the ledger holds no block for {selection}, so nothing is served; enter blocks with POST /v1/capacity"
    parts = [name for name in ("workload", "stage", "tenant") if name in selection.conditions()]
    if parts:
        yield f"demand is selected by {' and '.join(parts)} and supply is not: all of it meets a part of the demand"
    yield from _without_target(found)


def _without_target(found: Prospect) -> Iterator[str]:
    """Why pools that are told have no target; pools of one reason together."""
    together: dict[str, list[str]] = {}
    for row in found.rows:
        name = found.topology.pools[row].name
        if name in found.target.unknown:
            together.setdefault(found.target.unknown[name], []).append(name)
    for why, names in together.items():
        told = ", ".join(map(repr, names[:_MOST_NAMED])) + (" and others" if len(names) > _MOST_NAMED else "")
        yield f"no target is told for {told}: {why}; give cost_short and cost_idle, or store them with PUT /v1/pools"


def priced(topology: Topology, prices: Prices) -> Topology:
    """The topology with the prices that are given in the place of its own.

    Raises:
        Invalid: a price is out of its range, or both are zero.
    """
    for what, price in (("cost_short", prices.short), ("cost_idle", prices.idle)):
        if price is not None and not 0 <= price < np.inf:
            raise Invalid(f"{what}={price:g} is no price of an accelerator-hour; give a number that is not negative")
    if prices.short is not None and prices.idle is not None:
        critical_ratio(np.array(prices.short), np.array(prices.idle))
    if prices.short is not None:
        classes = tuple(replace(each, cost_short=prices.short) for each in topology.classes)
        topology = replace(topology, classes=classes)
    if prices.idle is not None:
        topology = replace(topology, cost_idle={pool.name: prices.idle for pool in topology.pools})
    return topology
