import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from demand.errors import Invalid
from planning.cuts import Cuts, tied


@pytest.mark.parametrize("seed", range(40))
def test_the_cut_is_the_maximum_flow_of_a_graph(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n_classes, n_pools = rng.integers(1, 8), rng.integers(1, 7)
    reach = rng.random((n_classes, n_pools)) < 0.4
    demand, capacity = rng.integers(0, 30, (n_classes, 5)), rng.integers(0, 30, (n_pools, 5))
    flow = Cuts.of(reach).flow(demand.astype(float), capacity.astype(float))
    for cell in range(5):
        graph = np.zeros((n_classes + n_pools + 2,) * 2, dtype=np.int32)
        graph[-2, :n_classes] = demand[:, cell]
        graph[:n_classes, n_classes:-2] = reach * 1000
        graph[n_classes:-2, -1] = capacity[:, cell]
        assert flow.total[cell] == maximum_flow(csr_array(graph), len(graph) - 2, len(graph) - 1).flow_value


def test_the_slope_is_what_one_more_unit_serves() -> None:
    reach = np.array([[True, True, False], [False, True, True], [True, False, False]])
    rng = np.random.default_rng(5)
    demand, capacity = rng.uniform(1, 20, (3, 50)), rng.uniform(1, 20, (3, 50))
    cuts = Cuts.of(reach)
    flow = cuts.flow(demand, capacity)
    for pool in range(3):
        nudge = np.zeros((3, 1))
        nudge[pool] = 1e-6
        np.testing.assert_allclose(
            (cuts.flow(demand, capacity + nudge).total - flow.total) / 1e-6, flow.slope[pool], atol=1e-3
        )


def test_pools_are_tied_through_others() -> None:
    parts = tied([frozenset({0, 1}), frozenset({3, 4}), frozenset({1, 2}), frozenset({5})])
    assert parts == [frozenset({0, 1, 2}), frozenset({3, 4}), frozenset({5})]


def test_too_many_ways_to_move_are_refused() -> None:
    reach = np.eye(14, dtype=bool)[1:]
    reach[:, 0] = True
    with pytest.raises(Invalid, match="more than 4096 combinations"):
        Cuts.of(reach)
