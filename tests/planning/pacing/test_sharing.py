from dataclasses import replace

import numpy as np
import pytest

from demand.series import Workload
from planning.allocation import allocate, served_most
from planning.pacing.evaluation import Part
from planning.pacing.sharing import Bound, bounds_of
from planning.pools import DemandClass, Pool, Topology
from tests.planning.pacing.cases import two_pools


def drawn_topology(rng: np.random.Generator) -> Topology:
    """Few pools, and classes that share levels and homes and move in all ways."""
    n_pools = int(rng.integers(1, 5))
    pools = tuple(Pool(f"p{row}", (f"p{row}",), rate=float(rng.choice([1, 2]))) for row in range(n_pools))
    classes = []
    for row in range(n_pools + int(rng.integers(0, 4))):
        home = row if row < n_pools else int(rng.integers(n_pools))
        others = [other for other in rng.permutation(n_pools) if other != home]
        elsewhere = tuple(f"p{other}" for other in others[: int(rng.choice([0, 0, 1, n_pools - 1]))])
        priority = int(rng.integers(2))
        classes.append(DemandClass(f"c{row}", f"p{home}", Workload.INFERENCE, elsewhere, priority, 1.0))
    return Topology(pools, tuple(classes))


def bound_of(bound: Bound, demand: np.ndarray, supply: np.ndarray, topology: Topology) -> np.ndarray:
    """The bound on every path and step."""
    found = np.zeros(demand.shape[1:])
    for sign, flows in ((1, bound.added), (-1, bound.less)):
        for flow in flows:
            found += sign * served_most(demand, supply, topology, flow.reach).total * flow.hours
    return found


@pytest.mark.parametrize("seed", range(150))
def test_bounds_are_no_less_than_what_is_served_and_equal_to_it_where_they_say_so(seed: int) -> None:
    rng = np.random.default_rng(seed)
    topology = drawn_topology(rng)
    demand = rng.integers(0, 6, (len(topology.classes), 100, 1)).astype(float)
    supply = rng.integers(0, 6, (len(topology.pools), 100, 1)).astype(float)
    served = allocate(demand, supply, topology).served
    for row in range(len(topology.classes)):
        bounds, exact = bounds_of(Part(topology, demand, np.empty(0), ()), row, np.ones((100, 1)))
        for bound in bounds:
            assert (bound_of(bound, demand, supply, topology) >= served[row] - 1e-9).all()
        if exact:
            np.testing.assert_allclose(bound_of(bounds[0], demand, supply, topology), served[row], atol=1e-9)


def told_exactly(topology: Topology, row: int) -> bool:
    """Whether flows tell what a class is served."""
    n_classes = len(topology.classes)
    part = Part(topology, np.ones((n_classes, 1, 1)), np.empty(0), ())
    return bounds_of(part, row, np.ones((1, 1)))[1]


def moving(*elsewhere: tuple[str, ...]) -> Topology:
    """A class of inference per pool, all of one level, each with the other pools that it may move to."""
    names = [f"p{row}" for row in range(len(elsewhere))]
    classes = [
        DemandClass(f"from {home}", home, Workload.INFERENCE, others, priority=1)
        for home, others in zip(names, elsewhere, strict=True)
    ]
    training = [DemandClass(f"{home} training", home, Workload.TRAINING) for home in names]
    return Topology(tuple(Pool(name, (name,)) for name in names), (*classes, *training))


@pytest.mark.parametrize(
    ("topology", "exact"),
    [
        (two_pools(), [True, True, True]),
        (moving(("p1",), ("p2",), ()), [True] * 6),
        (moving(("p1",), ("p0",)), [True] * 4),
        (moving(("p1", "p2"), ("p2", "p0"), ("p0", "p1")), [True] * 6),
        (moving(("p1",), ("p2",), ("p0",)), [False, False, False, True, True, True]),
    ],
)
def test_chains_and_pools_that_all_serve_each_other_are_told_exactly(topology: Topology, exact: list[bool]) -> None:
    assert [told_exactly(topology, row) for row in range(len(topology.classes))] == exact


def test_who_shares_a_home_with_one_who_moves_is_not_told_exactly() -> None:
    topology = moving(("p1",), ())
    beside = replace(topology.classes[0], name="beside", elsewhere=())
    assert not told_exactly(replace(topology, classes=(*topology.classes, beside)), 4)
