"""The supply of each pool to aim at: that of least expected cost of shortage and idleness, step by step."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from demand.history import FloatArray
from planning.allocation import service_order
from planning.newsvendor import expected_cost, target_supply
from planning.pools import Topology


@dataclass(frozen=True)
class Target:
    """The supply to aim at: that of least expected cost, if it could still be chosen for each step.

    Attributes:
        supply: accelerators of each pool, NaN where no target is known, shape (n_pools, n_steps).
        cost: expected with that supply, in money, NaN there too, shape (n_pools, n_steps).
        unknown: why a pool has no target, by its name.
    """

    supply: FloatArray
    cost: FloatArray
    unknown: Mapping[str, str]


def targets(demand: FloatArray, topology: Topology, hours: FloatArray) -> Target:
    """The target of every pool for the classes whose home it is, served in the order of the allocation.

    What might move is counted at home, as elsewhere it takes what others could use.

    Args:
        demand: per class, shape (n_classes, n_paths, n_steps).
        topology: the pools and classes, with their costs.
        hours: in each step, shape (n_steps,).
    """
    order = [row for level in service_order(topology) for row in level]
    supply = np.full((len(topology.pools), demand.shape[2]), np.nan)
    cost, unknown = supply.copy(), {}
    for at, pool in enumerate(topology.pools):
        rows = [row for row in order if topology.classes[row].home == pool.name]
        short = np.array([topology.classes[row].cost_short for row in rows]) * pool.rate
        idle = topology.cost_idle.get(pool.name, 0.0)
        if why := _why_unknown(short, idle):
            unknown[pool.name] = why
            continue
        needed = demand[rows] / pool.rate
        supply[at] = target_supply(needed, short, idle)
        cost[at] = expected_cost(needed, supply[at], short, idle, hours)
    return Target(supply, cost, unknown)


def _why_unknown(short: FloatArray, idle: float) -> str:
    """Why no supply is the best: without one of the costs, none or endless supply would be; empty if both are known."""
    missing = [name for name, known in (("shortage", short.any()), ("idleness", idle > 0)) if not known]
    return f"nothing is known of what {' and '.join(missing)} costs there" if missing else ""
