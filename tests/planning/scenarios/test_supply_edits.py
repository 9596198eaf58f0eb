import numpy as np

from planning.scenarios.supply_edits import BlockEdit, Cut, RegionCap, SupplyEdits
from tests.planning.scenarios.blocks import HALL, LEASE, TALKS

EDGES = np.array([0.0, 10.0, 20.0])
TWO = np.array([0.0, 15.0])


def test_without_edits_nothing_changes() -> None:
    edits = SupplyEdits(2)
    supply = np.random.default_rng(0).uniform(size=(2, 2, 2))
    np.testing.assert_array_equal(edits.left((HALL, LEASE), supply, EDGES), np.ones((2, 2, 2)))
    assert edits.extra_days("hall").tolist() == [0, 0]
    assert edits.conversion(TALKS).tolist() == [0.5, 0.5]


def test_cuts_are_taken_path_by_path_and_from_what_is_left() -> None:
    edit = BlockEdit().cut(Cut(TWO, np.array([0.5, 0.5]))).cut(Cut(np.array([10.0, 10.0]), np.array([0.1, 0.0])))
    left = edit.share_left(EDGES, 2)
    np.testing.assert_allclose(left, [[0.5, 0.05], [1.0, 0.0]])
    supply = np.full((2, 2, 2), 8.0)
    adjusted = SupplyEdits(2).having("lease", edit).left((HALL, LEASE), supply, EDGES) * supply
    np.testing.assert_allclose(adjusted[1], 8 * left)
    assert (adjusted[0] == 8).all()
    assert (supply == 8).all()


def test_delays_add_up() -> None:
    edit = BlockEdit().later(np.array([1.0, 2.0])).later(np.array([3.0, 0.0]))
    assert SupplyEdits(2).having("x", edit).extra_days("x").tolist() == [4, 2]


def test_a_second_cap_holds_on_what_the_first_has_left() -> None:
    always, never = np.full(2, -np.inf), np.full(2, np.inf)
    caps = tuple(RegionCap((), np.full(2, size), always, never, {"H100": 0.5}) for size in (6.0, 3.0))
    left = SupplyEdits(2, caps=caps).left((HALL,), np.full((1, 2, 2), 20.0), EDGES)
    np.testing.assert_allclose(20 * left, 6)


def test_nothing_drawn_is_under_any_cap() -> None:
    cap = RegionCap((), np.zeros(2), TWO, TWO + 100, {"H100": 1.0})
    assert np.isfinite(SupplyEdits(2, caps=(cap,)).left((HALL,), np.zeros((1, 2, 2)), EDGES)).all()
