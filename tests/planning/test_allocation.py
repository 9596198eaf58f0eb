from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog

from demand.errors import Invalid
from demand.series import Workload
from planning.allocation import allocate, components, reach_of, recourse, served_most, service_order
from planning.pools import DemandClass, Pool, Topology

HOURS = np.array([744.0, 672.0, 744.0])


def drawn_case(seed: int, n_paths: int = 4) -> tuple[Topology, np.ndarray, np.ndarray]:
    """Pools and classes at random, with rates, priorities and costs, and demand that is often more than supply."""
    rng = np.random.default_rng(seed)
    pools = tuple(Pool(f"p{row}", (f"r{row}",), rate=float(rng.choice([0.5, 1, 2.25]))) for row in range(4))
    classes = []
    for row in range(7):
        home = row % 4
        others = tuple(f"p{other}" for other in rng.permutation(4)[: rng.integers(0, 4)] if other != home)
        priority = int(rng.integers(0, 3))
        cost = float(8 - 3 * priority - rng.integers(0, 3))
        classes.append(DemandClass(f"c{row}", f"p{home}", Workload.INFERENCE, others, priority, cost))
    idle = {pool.name: float(rng.choice([0, 1, 3])) for pool in pools}
    demand = rng.choice([0, 1, 5], (7, 1, 1)) * rng.gamma(2, 10, (7, n_paths, 3))
    return Topology(pools, tuple(classes), idle), demand, rng.gamma(2, 60, (4, n_paths, 3))


def reach_up_to(topology: Topology, levels: int) -> np.ndarray:
    """What the classes of the first levels can reach; the others reach nothing."""
    first = [row for level in service_order(topology)[:levels] for row in level]
    return reach_of(topology) & np.isin(np.arange(len(topology.classes)), first)[:, None]


def transport(
    topology: Topology, demand: np.ndarray, supply: np.ndarray, levels: Sequence[tuple[int, ...]]
) -> list[float]:
    """What each level can be served, by linear programmes that keep what those before reached."""
    arcs = np.argwhere(reach_of(topology))
    rate = np.array([pool.rate for pool in topology.pools])
    rows = [(arcs[:, 0] == row).astype(float) for row in range(len(demand))]
    rows += [(arcs[:, 1] == row).astype(float) for row in range(len(supply))]
    limits = [*demand, *(supply * rate)]
    reached = []
    for level in levels:
        weight = np.isin(arcs[:, 0], level).astype(float)
        found = linprog(-weight, A_ub=np.array(rows), b_ub=limits)
        reached.append(-found.fun)
        rows.append(-weight)
        limits.append(found.fun + 1e-7 * max(1, abs(found.fun)))
    return reached


@pytest.mark.parametrize("seed", range(25))
def test_each_level_is_served_as_much_as_a_linear_programme_serves(seed: int) -> None:
    topology, demand, supply = drawn_case(seed)
    served = allocate(demand, supply, topology).served
    levels = service_order(topology)
    for path, step in np.ndindex(demand.shape[1:]):
        expected = transport(topology, demand[:, path, step], supply[:, path, step], levels)
        found = [served[list(level), path, step].sum() for level in levels]
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("seed", range(25))
def test_what_is_served_fits_into_what_is_used(seed: int) -> None:
    topology, demand, supply = drawn_case(seed)
    found = allocate(demand, supply, topology)
    rate = np.array([pool.rate for pool in topology.pools])[:, None, None]
    assert ((found.served >= 0) & (found.served <= demand + 1e-9)).all()
    assert ((found.used >= 0) & (found.used <= supply)).all()
    np.testing.assert_allclose(found.served.sum(axis=0), (found.used * rate).sum(axis=0))
    arcs = np.argwhere(reach_of(topology))
    rows = np.array([arcs[:, 0] == row for row in range(7)] + [arcs[:, 1] == row for row in range(4)], dtype=float)
    for path, step in np.ndindex(demand.shape[1:]):
        limits = [*found.served[:, path, step], *(found.used * rate)[:, path, step]]
        most = -linprog(-np.ones(len(arcs)), A_ub=rows, b_ub=limits).fun
        assert most == pytest.approx(found.served[:, path, step].sum(), rel=1e-6)


@pytest.mark.parametrize("seed", range(25))
def test_recourse_is_the_cost_of_the_cheapest_transport(seed: int) -> None:
    topology, demand, supply = drawn_case(seed)
    cost = recourse(demand, supply, topology, HOURS).cost
    rate = np.array([pool.rate for pool in topology.pools])
    idle = np.array([topology.cost_idle[pool.name] for pool in topology.pools])
    short = np.array([each.cost_short for each in topology.classes])
    arcs = np.argwhere(reach_of(topology))
    for path, step in np.ndindex(cost.shape):
        asked, there = demand[:, path, step], supply[:, path, step]
        rows = [(arcs[:, 0] == row) for row in range(7)] + [(arcs[:, 1] == row) for row in range(4)]
        saved = -short[arcs[:, 0]] - (idle / rate)[arcs[:, 1]]
        least = linprog(saved, A_ub=np.array(rows, dtype=float), b_ub=[*asked, *(there * rate)]).fun
        expected = (short @ asked + idle @ there + least) * HOURS[step]
        assert cost[path, step] == pytest.approx(expected, rel=1e-7, abs=1e-5)


@pytest.mark.parametrize("seed", range(10))
def test_slopes_bound_cost_and_service_from_the_convex_side(seed: int) -> None:
    topology, demand, supply = drawn_case(seed, n_paths=20)
    other = drawn_case(seed + 1000, n_paths=20)[2]
    here, there = recourse(demand, supply, topology, HOURS), recourse(demand, other, topology, HOURS)
    tangent = here.cost + (here.slope * (other - supply)).sum(axis=0)
    assert (there.cost >= tangent - 1e-6).all()
    for levels in range(1, len(service_order(topology)) + 1):
        first, second = (served_most(demand, each, topology, reach_up_to(topology, levels)) for each in (supply, other))
        assert (second.total <= first.total + (first.slope * (other - supply)).sum(axis=0) + 1e-6).all()


def test_who_can_move_makes_room_for_who_cannot() -> None:
    topology = Topology(
        (Pool("eu", ("eu",)), Pool("us", ("us",))),
        (
            DemandClass("mover", "eu", Workload.INFERENCE, ("us",), priority=0),
            DemandClass("stayer", "eu", Workload.TRAINING, priority=1),
        ),
    )
    found = allocate(np.full((2, 1, 1), 10.0), np.full((2, 1, 1), 10.0), topology)
    np.testing.assert_allclose(found.served[:, 0, 0], [10, 10])


def test_classes_of_one_level_share_their_home_in_proportion() -> None:
    one = DemandClass("a", "eu", Workload.TRAINING)
    topology = Topology((Pool("eu"),), (one, replace(one, name="b"), replace(one, name="late", priority=1)))
    found = allocate(np.array([30.0, 10, 5]).reshape(3, 1, 1), np.full((1, 1, 1), 20.0), topology)
    np.testing.assert_allclose(found.served[:, 0, 0], [15, 5, 0])


def test_a_faster_pool_serves_more_with_less() -> None:
    topology = Topology((Pool("eu", rate=2.5),), (DemandClass("a", "eu", Workload.TRAINING),))
    found = allocate(np.full((1, 1, 1), 50.0), np.full((1, 1, 1), 30.0), topology)
    assert (found.served[0, 0, 0], found.used[0, 0, 0]) == (50, 20)


def test_more_supply_never_serves_less() -> None:
    for seed in range(10):
        topology, demand, supply = drawn_case(seed)
        more = supply * np.random.default_rng(seed).uniform(1, 2, supply.shape)
        for levels in range(1, len(service_order(topology)) + 1):
            before, after = (
                served_most(demand, each, topology, reach_up_to(topology, levels)).total for each in (supply, more)
            )
            assert (after >= before - 1e-9).all()


def test_a_later_priority_may_not_cost_more() -> None:
    topology = Topology(
        (Pool("eu"),),
        (
            DemandClass("first", "eu", Workload.TRAINING, priority=0, cost_short=1),
            DemandClass("late", "eu", Workload.TRAINING, priority=1, cost_short=2),
        ),
    )
    with pytest.raises(Invalid, match="'late' is served after others and costs 2"):
        recourse(np.ones((2, 1, 1)), np.ones((1, 1, 1)), topology, HOURS[:1])


def test_pools_are_tied_by_what_moves_between_them() -> None:
    topology, _, _ = drawn_case(0)
    alone = Topology(
        topology.pools, tuple(DemandClass(pool.name, pool.name, Workload.TRAINING) for pool in topology.pools)
    )
    assert components(alone) == [(0,), (1,), (2,), (3,)]
    both = replace(alone, classes=(*alone.classes, DemandClass("m", "p3", Workload.INFERENCE, ("p1",))))
    assert components(both) == [(0,), (1, 3), (2,)]


def test_arrays_that_do_not_fit_are_refused() -> None:
    topology, demand, supply = drawn_case(0)
    with pytest.raises(Invalid, match="do not fit 7 classes and 4 pools"):
        allocate(demand, supply[:2], topology)


def test_no_level_is_served_nothing_whatever_there_is() -> None:
    topology, demand, supply = drawn_case(5)
    served = served_most(demand, supply, topology, reach_up_to(topology, 0))
    assert served.total.shape == demand.shape[1:]
    assert served.slope.shape == supply.shape
    assert not served.total.any()
    assert not served.slope.any()
