"""What published demand meets of the stored ledger, at each degree to which supply is committed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from demand import accelerators
from demand.accelerators import AcceleratorNotFound, Catalogue
from demand.errors import Invalid
from demand.history import FloatArray
from demand.series import Selection, SeriesKey
from demand.units import ACCELERATORS, MEGAWATTS
from planning.allocation import allocate
from planning.classes import class_demand
from planning.conversion import Converter
from planning.ledger import Block, Commitment
from planning.newsvendor import expected_cost, target_supply
from planning.outlook import Balance, Outlook, OutlookQuestion, outlook
from planning.pools import PLACE, Topology, default_topology
from planning.spread import Spread, spread
from planning.supply import Sampling, Uncounted, supply_paths
from service.demand_ahead import DemandAhead, DemandQuestion, demand_ahead
from service.store.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Prices:
    """What shortage and idleness cost.

    Attributes:
        short: of an accelerator that is missing for an hour, in the currency of the ledger; None if not known.
        idle: of an accelerator that idles for an hour.
    """

    short: float | None = None
    idle: float | None = None


NO_PRICES = Prices()
USUAL = OutlookQuestion()


@dataclass(frozen=True)
class SupplyQuestion:
    """Which supply, and how it is told.

    Attributes:
        pool_by: the dimensions that tell pools apart.
        prices: what shortage and idleness cost.
        told: what is asked of supply and demand.
        slip_correlation: of blocks of one provider in one region.
    """

    pool_by: tuple[str, ...] = PLACE
    prices: Prices = NO_PRICES
    told: OutlookQuestion = USUAL
    slip_correlation: float = 0.5


@dataclass(frozen=True)
class Target:
    """The supply to aim at: that of least expected cost, if it could still be chosen for each step.

    Attributes:
        supply: accelerators of each pool, shape (n_pools, n_steps).
        cost: expected with that supply, in money, shape (n_pools, n_steps).
    """

    supply: FloatArray
    cost: FloatArray


@dataclass(frozen=True)
class Prospect:
    """Demand against supply.

    Attributes:
        demand: what is asked for.
        topology: the pools and classes.
        pool_demand: of each pool.
        outlooks: per degree of commitment.
        uncounted: per degree of commitment the blocks that could not be counted.
        unplaced: demand that belongs to no class.
        target: None unless both prices are known.
        currency: of the ledger, empty if it holds no block.
        remarks: what else should be known about it.
    """

    demand: DemandAhead
    topology: Topology
    pool_demand: Spread
    outlooks: Mapping[Commitment, Outlook]
    uncounted: Mapping[Commitment, tuple[Uncounted, ...]]
    unplaced: tuple[SeriesKey, ...]
    target: Target | None
    currency: str
    remarks: tuple[str, ...] = ()


def look_ahead(asked: DemandQuestion, supply: SupplyQuestion, unit: UnitOfWork, most: int) -> Prospect:
    """The outlook of a part of the fleet.

    Args:
        asked: the demand.
        supply: the supply, and what is told of both.
        unit: the store.
        most: how many series one answer holds.

    Raises:
        NotFound, Invalid: as for `demand_ahead`; a price or a chance is out of its range.
    """
    demand = demand_ahead(asked, unit, most)
    blocks = ledger(unit, asked.selection)
    return replace(meet(demand, blocks, supply), remarks=tuple(_remarks(asked.selection, blocks)))


def ledger(unit: UnitOfWork, selection: Selection) -> list[Block]:
    """The blocks whose provider, region and accelerator are selected; what a block leaves open is."""
    blocks = [stored.block for stored in unit.capacity.find()]
    wanted = {name: values for name, values in selection.conditions().items() if name in ("provider", *PLACE)}
    return [
        block for block in blocks if all(getattr(block, name) in ("", *accepted) for name, accepted in wanted.items())
    ]


def meet(demand: DemandAhead, blocks: Sequence[Block], asked: SupplyQuestion) -> Prospect:
    """Demand against the supply of blocks.

    Raises:
        Invalid: a price or a chance is out of its range.
    """
    topology = _priced(_topology(demand, blocks, asked.pool_by), asked.prices)
    placed = class_demand(demand.paths, topology)
    edges, n_paths = demand.edges, placed.values.shape[1]
    hours = np.diff(edges.as_unit("ns").asi8) / 3_600_000_000_000
    sampling = Sampling(n_paths, correlation=asked.slip_correlation)
    power = megawatts_each(blocks, accelerators.published(), n_paths)
    outlooks, uncounted = {}, {}
    for counted in Commitment:
        supply = supply_paths(blocks, edges, topology, sampling, counted, power)
        given = allocate(placed.values, supply.pools, topology)
        balance = Balance(topology, placed.values, supply.pools, given.served, given.used, hours)
        outlooks[counted], uncounted[counted] = outlook(balance, asked.told), supply.uncounted
    at_home = balance.at_home(placed.values)
    return Prospect(
        demand=demand,
        topology=topology,
        pool_demand=spread(at_home, asked.told.levels),
        outlooks=outlooks,
        uncounted=uncounted,
        unplaced=placed.unplaced,
        target=_target(at_home, topology, asked.prices, hours),
        currency=next((block.currency for block in blocks), ""),
    )


def _remarks(selection: Selection, blocks: Sequence[Block]) -> Iterator[str]:
    if not blocks:
        yield f"the ledger holds no block for {selection}, so nothing is served; enter blocks with POST /v1/capacity"
    parts = [name for name in ("workload", "stage", "tenant") if name in selection.conditions()]
    if parts:
        yield f"demand is selected by {' and '.join(parts)} and supply is not: all of it meets a part of the demand"


def _topology(demand: DemandAhead, blocks: Sequence[Block], pool_by: Sequence[str]) -> Topology:
    keys = [label for label in demand.paths.labels if isinstance(label, SeriesKey)]
    places = [(block.region, block.accelerator) for block in blocks if Commitment.EVERYTHING.counts(block)]
    return default_topology(keys, places, pool_by)


def _priced(topology: Topology, prices: Prices) -> Topology:
    for what, price in (("cost_short", prices.short), ("cost_idle", prices.idle)):
        if price is not None and not 0 <= price < np.inf:
            raise Invalid(f"{what}={price:g} is no price of an accelerator-hour; give a number that is not negative")
    classes = tuple(replace(each, cost_short=prices.short or 0.0) for each in topology.classes)
    return replace(topology, classes=classes, cost_idle={pool.name: prices.idle or 0.0 for pool in topology.pools})


def _target(demand: FloatArray, topology: Topology, prices: Prices, hours: FloatArray) -> Target | None:
    if prices.short is None or prices.idle is None:
        return None
    rates = np.array([pool.rate for pool in topology.pools])[:, None, None]
    needed = demand / rates
    short = np.full(len(demand), prices.short) * rates[:, 0, 0]
    idle = np.full(len(demand), prices.idle)
    supply = target_supply(needed, short, idle)
    return Target(supply, expected_cost(needed, supply, short, idle, hours))


def megawatts_each(blocks: Sequence[Block], catalogue: Catalogue, n_paths: int) -> dict[str, FloatArray]:
    """Power of one accelerator of each kind that blocks in megawatts are of, as far as it is known."""
    converter = Converter(catalogue, MEGAWATTS, np.ones(1))
    known = {}
    for name in {block.accelerator for block in blocks if block.unit == MEGAWATTS and block.accelerator}:
        try:
            known[name] = converter.convert(np.ones((n_paths, 1)), ACCELERATORS, name)[:, 0]
        except (AcceleratorNotFound, Invalid):
            continue
    return known
