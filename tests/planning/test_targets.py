import numpy as np

from demand.history import FloatArray
from demand.series import Workload
from planning.allocation import allocate
from planning.pools import DemandClass, Pool, Topology
from planning.targets import targets

POOLS = (Pool("eu"), Pool("us", rate=2.0))
CLASSES = (
    DemandClass("spot", "eu", Workload.INFERENCE, priority=2, cost_short=1.0),
    DemandClass("training", "eu", Workload.TRAINING, priority=0, cost_short=4.0),
    DemandClass("far", "us", Workload.INFERENCE, cost_short=3.0),
    DemandClass("chat", "eu", Workload.INFERENCE, priority=1, cost_short=9.0),
)
TOPOLOGY = Topology(POOLS, CLASSES, {"eu": 2.0, "us": 1.0})
HOURS = np.array([744.0, 672.0])
DEMAND = np.random.default_rng(3).integers(0, 12, (4, 15, 2)).astype(float)


def cost_by_allocation(levels: tuple[float, float], at: int) -> FloatArray:
    """What a pool costs in each step if pools have these levels, by the allocation that the outlook tells of."""
    supply = np.broadcast_to(np.array(levels)[:, None, None], (2, *DEMAND.shape[1:])).copy()
    given = allocate(DEMAND, supply, TOPOLOGY)
    home = [row for row, each in enumerate(CLASSES) if each.home == POOLS[at].name]
    prices = np.array([CLASSES[row].cost_short for row in home])
    unmet = np.einsum("c,cwt->wt", prices, (DEMAND - given.served)[home])
    idle = (supply - given.used)[at] * TOPOLOGY.cost_idle[POOLS[at].name]
    return np.asarray((unmet + idle).mean(axis=0) * HOURS)


def test_no_supply_costs_less_by_the_allocation_of_the_outlook() -> None:
    found = targets(DEMAND, TOPOLOGY, HOURS)
    for at, width in enumerate((1.0, 0.5)):
        grid = np.arange(0, 40, width)
        costs = np.array([cost_by_allocation((level, level), at) for level in grid])
        np.testing.assert_allclose(found.supply[at], grid[costs.argmin(axis=0)])
        np.testing.assert_allclose(found.cost[at], costs.min(axis=0))


def test_a_pool_without_a_price_has_no_target_and_it_is_said_why() -> None:
    free = (*CLASSES[:2], DemandClass("far", "us", Workload.INFERENCE), CLASSES[3])
    found = targets(DEMAND, Topology(POOLS, free, {"us": 1.0}), HOURS)
    assert found.unknown == {
        "eu": "nothing is known of what idleness costs there",
        "us": "nothing is known of what shortage costs there",
    }
    assert np.isnan(found.supply).all()
    assert np.isnan(found.cost).all()
    half = targets(DEMAND, Topology(POOLS, CLASSES, {"us": 1.0}), HOURS)
    np.testing.assert_array_equal(half.supply[1], targets(DEMAND, TOPOLOGY, HOURS).supply[1])
    assert set(half.unknown) == {"eu"}


def test_a_pool_of_which_nothing_is_known_lacks_both_prices() -> None:
    free = tuple(DemandClass(each.name, each.home, each.workload, priority=each.priority) for each in CLASSES)
    assert set(targets(DEMAND, Topology(POOLS, free), HOURS).unknown.values()) == {
        "nothing is known of what shortage and idleness costs there"
    }
