import numpy as np

from forecasting.simulated_shortage import simulate_shortage


def test_use_is_what_demand_leaves_under_the_capacity() -> None:
    fleet = simulate_shortage(seed=1, n_series=4, hours=672)
    used = fleet.utilization.values
    assert (used <= fleet.capacity).all()
    assert (used <= fleet.demand.values).all()
    short = fleet.demand.values > fleet.capacity
    np.testing.assert_array_equal(used[short], fleet.capacity[short])
    assert 0.02 < short.mean() < 0.6


def test_only_what_is_turned_away_queues_and_not_all_of_it() -> None:
    fleet = simulate_shortage(seed=1, n_series=4, hours=672)
    turned_away = fleet.demand.values - fleet.utilization.values
    assert (fleet.queued <= turned_away + 1e-9).all()
    assert (fleet.queued[turned_away > 0] > 0).all()
    assert fleet.queued.sum() < turned_away.sum()


def test_capacity_never_shrinks_and_is_laid_out_in_steps() -> None:
    fleet = simulate_shortage(seed=2, n_series=3, hours=672, steps=3)
    assert (np.diff(fleet.capacity, axis=1) >= 0).all()
    assert all(len(np.unique(row)) <= 3 for row in fleet.capacity)


def test_the_same_seed_gives_the_same_fleet_and_tighter_capacity_turns_more_away() -> None:
    one, same = (simulate_shortage(seed=3, n_series=2, hours=336) for _ in range(2))
    np.testing.assert_array_equal(one.demand.values, same.demand.values)
    np.testing.assert_array_equal(one.queued, same.queued)
    starved = simulate_shortage(seed=3, n_series=2, hours=336, tightness=(0.1, 0.3))
    assert starved.utilization.values.sum() < one.utilization.values.sum()
