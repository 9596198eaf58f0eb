import numpy as np
import pandas as pd

from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from demand.series import SeriesKey
from forecasting.censoring import HIGHEST, uncensor
from forecasting.simulated_shortage import simulate_shortage

START = pd.Timestamp("2025-01-06", tz="UTC")


def panel(values: FloatArray) -> Panel:
    keys = tuple(SeriesKey(tenant=str(row)) for row in range(len(values)))
    return Panel(keys, ("accelerators",) * len(values), Granularity.HOUR, START, values)


def test_nothing_changes_where_nothing_is_censored() -> None:
    history = panel(np.random.default_rng(1).uniform(5, 9, (2, 200)))
    same = uncensor(history, np.zeros((2, 200), dtype=bool), seed=1)
    np.testing.assert_array_equal(same.panel.values, history.values)


def test_only_censored_hours_change_and_never_downwards() -> None:
    fleet = simulate_shortage(seed=4, n_series=4, hours=1008)
    used = fleet.utilization
    full = used.values >= fleet.capacity
    drawn = uncensor(used, full, seed=2).panel.values
    np.testing.assert_array_equal(drawn[~full], used.values[~full])
    assert (drawn[full] >= used.values[full]).all()
    assert (drawn[full] <= HIGHEST * used.values[full] * (1 + 1e-9)).all()


def test_a_draw_is_repeatable_and_another_seed_gives_another() -> None:
    fleet = simulate_shortage(seed=5, n_series=2, hours=504)
    full = fleet.utilization.values >= fleet.capacity
    first, same, other = (uncensor(fleet.utilization, full, seed=seed).panel.values for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, same)
    assert (first != other).any()


def test_gaps_stay_gaps() -> None:
    fleet = simulate_shortage(seed=6, n_series=2, hours=504)
    values = fleet.utilization.values.copy()
    full = values >= fleet.capacity
    values[0, 50:90] = np.nan
    drawn = uncensor(panel(values), full, seed=1)
    np.testing.assert_array_equal(np.isnan(drawn.panel.values), np.isnan(values))
    assert not drawn.censored[0, 50:90].any()


def test_a_series_that_was_always_full_is_still_drawn() -> None:
    drawn = uncensor(panel(np.full((1, 336), 10.0)), np.ones((1, 336), dtype=bool), seed=1).panel.values
    assert np.isfinite(drawn).all()
    assert (drawn >= 10).all()


def test_any_granularity_is_taken() -> None:
    for granularity in Granularity:
        values = 100 + np.random.default_rng(2).normal(0, 10, (1, 130))
        history = Panel((SeriesKey(),), ("accelerators",), granularity, START, np.minimum(values, 110))
        drawn = uncensor(history, values >= 110, seed=1).panel.values
        assert (drawn[values >= 110] > 110).mean() > 0.9


def test_true_demand_lies_anywhere_among_the_draws_of_a_tight_fleet() -> None:
    """Its rank among draws would be uniform if they came from what demand may have been."""
    fleet = simulate_shortage(seed=1, n_series=16, hours=1344)
    used, truth = fleet.utilization, fleet.demand.values
    full = used.values >= fleet.capacity
    draws = np.stack([uncensor(used, full, seed=seed).panel.values[full] for seed in range(4)])
    ranks = np.bincount((draws < truth[full]).sum(axis=0), minlength=5) / full.sum()
    assert (ranks > 0.1).all()
    assert (ranks < 0.36).all()
    hidden = (truth - used.values)[full].sum()
    assert 0.8 < (draws.mean(axis=0) - used.values[full]).sum() / hidden < 1.2
