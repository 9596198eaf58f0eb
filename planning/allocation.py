"""Who is served when supply is short, what idles when it is not, and what both cost; exact on every path and step."""

from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np

from demand.errors import Invalid
from demand.history import FloatArray
from planning.cuts import BoolArray, Cuts, tied
from planning.pools import Topology
from planning.routing import Service


@dataclass(frozen=True)
class Allocation:
    """What was served, and by what.

    Attributes:
        served: of each class, in the unit of demand, shape (n_classes, n_paths, n_steps).
        used: of each pool, in accelerators of the pool, shape (n_pools, n_paths, n_steps).
    """

    served: FloatArray
    used: FloatArray


@dataclass(frozen=True)
class Recourse:
    """What shortage and idleness cost once supply is there and demand is known.

    Attributes:
        cost: in the currency of the ledger, shape (n_paths, n_steps).
        slope: what one accelerator more in a pool adds to it, shape (n_pools, n_paths, n_steps).
    """

    cost: FloatArray
    slope: FloatArray


@dataclass(frozen=True)
class Served:
    """What can be served at most.

    Attributes:
        total: in the unit of demand, shape (n_paths, n_steps).
        slope: what one accelerator more in a pool adds, shape (n_pools, n_paths, n_steps).
    """

    total: FloatArray
    slope: FloatArray


def service_order(topology: Topology) -> tuple[tuple[int, ...], ...]:
    """Rows of the classes in the order of service: by priority, and the costlier first where that is equal.

    Classes of one level come together: as much as possible of their sum is served.
    """
    rank = [(each.priority, -each.cost_short) for each in topology.classes]
    rows = sorted(range(len(rank)), key=rank.__getitem__)
    return tuple(tuple(level) for _, level in groupby(rows, key=rank.__getitem__))


def reach_of(topology: Topology) -> BoolArray:
    """Which class can be served by which pool, shape (n_classes, n_pools)."""
    return np.array([[p.name in (each.home, *each.elsewhere) for p in topology.pools] for each in topology.classes])


def components(topology: Topology) -> list[tuple[int, ...]]:
    """Rows of the pools that demand ties together, component by component."""
    reached = [frozenset(np.flatnonzero(row).tolist()) for row in reach_of(topology)]
    return [tuple(sorted(part)) for part in tied(reached)]


def allocate(demand: FloatArray, supply: FloatArray, topology: Topology) -> Allocation:
    """Serve demand by priority: as much as can be of the first, then of the next without taking from the first.

    Each class is served at home first and then where it can move, in the order of `elsewhere`; classes of one level
    share their home in proportion. Who can move makes room for who cannot.

    Args:
        demand: accelerators, shape (n_classes, n_paths, n_steps).
        supply: accelerators of each pool, shape (n_pools, n_paths, n_steps).
        topology: of classes and pools, in the order of the rows.

    Raises:
        Invalid: the arrays do not fit the topology, or demand moves between pools in too many ways.
    """
    rates = _checked(demand, supply, topology)
    reach, rows = reach_of(topology), {pool.name: row for row, pool in enumerate(topology.pools)}
    capacity = supply.reshape(len(supply), -1) * rates[:, None]
    service = Service.none_yet(reach, demand.reshape(len(demand), -1), capacity)
    first = np.zeros(len(demand), dtype=bool)
    for level in service_order(topology):
        first[list(level)] = True
        classes = {row: topology.classes[row] for row in level}
        homes: dict[int, list[int]] = {}
        for row, each in classes.items():
            homes.setdefault(rows[each.home], []).append(row)
        service.fill(homes, {row: [rows[name] for name in each.elsewhere] for row, each in classes.items()})
        service.make_room(level, first)
    used = np.minimum(service.used / rates[:, None], supply.reshape(len(supply), -1))
    return Allocation(service.served.reshape(demand.shape), used.reshape(supply.shape))


def served_most(demand: FloatArray, supply: FloatArray, topology: Topology, reach: BoolArray) -> Served:
    """What can be served at most when each class may be served by these pools only; concave in supply.

    Args:
        demand: accelerators, shape (n_classes, n_paths, n_steps).
        supply: accelerators of each pool, shape (n_pools, n_paths, n_steps).
        topology: of classes and pools, in the order of the rows.
        reach: as `reach_of`, or less of it; a class that reaches nothing is left out.

    Raises:
        Invalid: as in `allocate`.
    """
    rates = _checked(demand, supply, topology)
    rows = np.flatnonzero(reach.any(axis=1))
    if not len(rows):
        return Served(np.zeros(demand.shape[1:]), np.zeros(supply.shape))
    capacity = supply.reshape(len(supply), -1) * rates[:, None]
    flow = Cuts.of(reach[rows]).flow(demand[rows].reshape(len(rows), -1), capacity)
    return Served(flow.total.reshape(demand.shape[1:]), (flow.slope * rates[:, None]).reshape(supply.shape))


def recourse(demand: FloatArray, supply: FloatArray, topology: Topology, hours: FloatArray) -> Recourse:
    """What shortage and idleness cost, with the pools used that cost most when idle, and the slope in supply.

    Args:
        demand: accelerators, shape (n_classes, n_paths, n_steps).
        supply: accelerators of each pool, shape (n_pools, n_paths, n_steps).
        topology: with the costs.
        hours: in each step, shape (n_steps,).

    Raises:
        Invalid: the arrays do not fit, demand moves in too many ways, or a class that is served later costs more.
    """
    return Tariff.of(topology).recourse(demand, supply, hours)


@dataclass(frozen=True)
class _Price:
    """What a unit of flow saves, and whether it is demand or capacity that it is counted against."""

    amount: float
    of_demand: bool


@dataclass(frozen=True)
class Tariff:
    """What shortage and idleness cost in a topology, worked out once for all demand and supply that meet there.

    Who is served does not depend on which of the pools idle: the largest flow can be chosen on both sides at once
    (Mendelsohn and Dulmage, 1958). So both costs are sums of largest flows, and convex in supply.

    Attributes:
        topology: with the costs.
        terms: the prices, the classes whose flow they are of, and the cuts that limit it.
    """

    topology: Topology
    terms: tuple[tuple[_Price, BoolArray, Cuts], ...]

    @classmethod
    def of(cls, topology: Topology) -> "Tariff":
        """The tariff of a topology.

        Raises:
            Invalid: demand moves in too many ways, or a class that is served later costs more.
        """
        reach, idle = reach_of(topology), _idle_prices(topology)
        terms = [*_short_terms(topology), *_idle_terms(idle, len(topology.classes))]
        return cls(
            topology,
            tuple((price, classes, Cuts.of(reach & classes[:, None] & pools)) for price, classes, pools in terms),
        )

    def recourse(self, demand: FloatArray, supply: FloatArray, hours: FloatArray) -> Recourse:
        """As the function of this name.

        Raises:
            Invalid: the arrays do not fit.
        """
        rates, idle = _checked(demand, supply, self.topology), _idle_prices(self.topology)
        asked = demand.reshape(len(demand), -1)
        capacity = supply.reshape(len(supply), -1) * rates[:, None]
        cost, slope = idle @ capacity, np.repeat(idle[:, None], capacity.shape[1], axis=1)
        for price, classes, cuts in self.terms:
            flow = cuts.flow(asked, capacity)
            wanted = asked[classes].sum(axis=0) if price.of_demand else 0.0
            cost = cost + price.amount * (wanted - flow.total)
            slope -= price.amount * flow.slope
        shape = demand.shape[1:]
        return Recourse(cost.reshape(shape) * hours, (slope * rates[:, None]).reshape(-1, *shape) * hours)


def _idle_prices(topology: Topology) -> FloatArray:
    """Of the capacity of each pool that idles for an hour, counted in the unit of demand, shape (n_pools,)."""
    return np.array([topology.cost_idle.get(pool.name, 0.0) / pool.rate for pool in topology.pools])


def _short_terms(topology: Topology) -> list[tuple[_Price, BoolArray, BoolArray]]:
    """By how much each level is costlier than the next, the classes up to it, and all pools."""
    order = service_order(topology)
    costs = [topology.classes[level[0]].cost_short for level in order]
    for before, behind, level in zip(costs, costs[1:], order[1:], strict=False):
        if behind > before:
            late = topology.classes[level[0]].name
            raise Invalid(
                f"{late!r} is served after others and costs {behind:g} when it is short, more than their {before:g}; "
                "give what costs more an earlier priority"
            )
    first, terms = np.zeros(len(topology.classes), dtype=bool), []
    for level, cost, behind in zip(order, costs, [*costs[1:], 0.0], strict=True):
        first = first.copy()
        first[list(level)] = True
        if cost > behind:
            terms.append((_Price(cost - behind, of_demand=True), first, np.ones(len(topology.pools), dtype=bool)))
    return terms


def _idle_terms(idle: FloatArray, n_classes: int) -> list[tuple[_Price, BoolArray, BoolArray]]:
    """By how much pools are costlier when idle than the next, all classes, and the pools that cost as much."""
    steps = [*np.unique(idle[idle > 0])[::-1], 0.0]
    everyone = np.ones(n_classes, dtype=bool)
    return [(_Price(float(cost - behind), of_demand=False), everyone, idle >= cost) for cost, behind in pairwise(steps)]


def _checked(demand: FloatArray, supply: FloatArray, topology: Topology) -> FloatArray:
    """The rates of the pools, once the arrays are known to fit."""
    expected = (len(topology.classes), len(topology.pools))
    if (len(demand), len(supply)) != expected or demand.shape[1:] != supply.shape[1:] or demand.ndim != 3:
        raise Invalid(
            f"demand of shape {demand.shape} and supply of shape {supply.shape} do not fit {expected[0]} classes and "
            f"{expected[1]} pools on the same paths and steps"
        )
    return np.array([pool.rate for pool in topology.pools])
