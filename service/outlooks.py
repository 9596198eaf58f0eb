"""What published demand meets of the stored ledger, at each degree to which supply is committed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from demand.errors import Invalid
from demand.paths import DemandPaths
from demand.series import Selection, SeriesKey
from demand.units import ACCELERATORS
from planning.allocation import allocate
from planning.classes import class_demand
from planning.ledger import Commitment
from planning.newsvendor import critical_ratio
from planning.outlook import Balance, Outlook, OutlookQuestion, outlook
from planning.pools import Topology
from planning.spread import Spread, spread
from planning.supply import Sampling, SupplyPaths, Uncounted, supply_paths
from planning.targets import Target, targets
from planning.telling import Scale, held_by_pools
from service.demand_ahead import DemandAhead, DemandQuestion, demand_ahead
from service.store.unit_of_work import UnitOfWork
from service.supply_ahead import AS_COUNTED, SupplyAhead, Told, supply_ahead


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
        unit: that levels are told in.
        as_of: the ledger and the pools as they were at this instant; None for now.
    """

    pool_by: tuple[str, ...] | None = None
    prices: Prices = NO_PRICES
    told: OutlookQuestion = USUAL
    slip_correlation: float = 0.5
    unit: Told = AS_COUNTED
    as_of: datetime | None = None


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
        scale: the unit of all levels; None where they are as they are counted.
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
    scale: Scale | None = None
    remarks: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """The unit that demand, and what is missing of it, is told in."""
        return self.supply.unit if self.scale is None else self.scale.unit

    @property
    def supply_unit(self) -> str:
        """The unit that supply, what idles of it, headroom and target are told in."""
        return ACCELERATORS if self.scale is None else self.scale.unit

    @property
    def catalogue(self) -> str | None:
        """The version of what was known of accelerators; None where levels are told as they are counted."""
        return None if self.scale is None else self.supply.catalogue.version

    @property
    def placed_demand(self) -> DemandPaths:
        """The paths of demand that belongs to a pool, in the unit that is told."""
        labels, values = [], []
        for label, paths in zip(self.demand.paths.labels, self.demand.paths.values, strict=True):
            row = self.topology.pool_of(label.region, label.accelerator) if isinstance(label, SeriesKey) else None
            if row is not None:
                labels.append(label)
                values.append(paths if self.scale is None else paths * self.scale.demand[row])
        told = np.array(values) if values else self.demand.paths.values[:0]
        return replace(self.demand.paths, labels=tuple(labels), values=told)

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
        asked: the demand; it is counted in the unit of the pools.
        supply: the supply, and what is told of both in which unit.
        unit: the store.
        most: how many series one answer holds.

    Raises:
        NotFound, Invalid: as for `demand_ahead` and `meet`; nothing is known of the ledger at that instant.
    """
    stored = supply_ahead(unit, asked.selection, supply.pool_by, as_of=supply.as_of)
    demand = demand_ahead(replace(asked, unit=stored.unit, model_class=supply.unit.model_class), unit, most)
    found = meet(demand, stored, supply)
    return replace(found, remarks=(*_about_instant(supply), *_remarks(asked.selection, found)))


def meet(demand: DemandAhead, stored: SupplyAhead, asked: SupplyQuestion) -> Prospect:
    """Demand against supply.

    Raises:
        Invalid: a price or a chance is out of its range, or a pool cannot be told in the unit.
    """
    keys = [label for label in demand.paths.labels if isinstance(label, SeriesKey)]
    topology = priced(stored.topology(keys), asked.prices)
    placed = class_demand(demand.paths, topology)
    n_paths = placed.values.shape[1]
    sampling, power = Sampling(n_paths, correlation=asked.slip_correlation), stored.megawatts_each(n_paths)
    supplies = {
        counted: supply_paths(stored.blocks, demand.edges, topology, sampling, counted, power) for counted in Commitment
    }
    scale = _scale(demand, supplies[Commitment.EVERYTHING], topology, stored, asked.unit)
    outlooks = {}
    for counted, supply in supplies.items():
        given = allocate(placed.values, supply.pools, topology)
        balance = Balance(topology, placed.values, supply.pools, given.served, given.used, demand.hours)
        outlooks[counted] = outlook(balance, asked.told, scale)
    at_home = balance.at_home(placed.values)
    return Prospect(
        demand=demand,
        supply=stored,
        topology=topology,
        pool_demand=spread(at_home if scale is None else at_home * scale.demand, asked.told.levels),
        outlooks=outlooks,
        uncounted={counted: supply.uncounted for counted, supply in supplies.items()},
        unplaced=placed.unplaced,
        target=_told(targets(placed.values, topology, demand.hours), scale),
        scale=scale,
    )


def _scale(
    demand: DemandAhead, supply: SupplyPaths, topology: Topology, stored: SupplyAhead, told: Told
) -> Scale | None:
    teller = stored.teller(told, topology, demand.hours, demand.paths.values.shape[1])
    return None if teller is None else teller.scale(held_by_pools(topology, demand.paths, supply))


def _about_instant(asked: SupplyQuestion) -> Iterator[str]:
    if asked.as_of is not None:
        pools = "the ledger and the pools are" if asked.pool_by is None else "the ledger is"
        yield (
            f"{pools} as of {asked.as_of.isoformat()}; forecasts are those that are published now, and what is known "
            "of accelerators is what is known now"
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


def _told(target: Target, scale: Scale | None) -> Target:
    """The target on average in the unit of the answer."""
    return target if scale is None else replace(target, supply=target.supply * scale.supply.mean(axis=1))
