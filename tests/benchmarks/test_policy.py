import numpy as np
import pandas as pd
import pytest

from benchmarks.policy import GROWTH, GROWTH_SPREAD, LEVEL, MONTHS, RULES, future, summary, unfold


def test_demand_ahead_is_what_is_known_of_it() -> None:
    start = np.full((2, 1), np.log(LEVEL))
    paths = unfold(3, start, 40_000)
    assert paths.shape == (2, 40_000, MONTHS)
    growth = np.log(paths[:, :, -1] / LEVEL) / MONTHS
    assert growth.mean() == pytest.approx(GROWTH, abs=3e-4)
    assert growth.std() == pytest.approx(np.hypot(GROWTH_SPREAD, 0.04 / np.sqrt(MONTHS)), rel=0.02)


def test_growth_that_was_seen_moves_what_is_expected() -> None:
    steady = np.log(LEVEL) + np.tile(0.03 * np.arange(13), (2, 1))
    ahead = unfold(3, steady, 20_000)
    growth = np.log(ahead[:, :, -1]).mean() - steady[0, -1]
    assert GROWTH < growth / ahead.shape[2] < 0.03


def test_the_summary_pairs_costs_by_future() -> None:
    costs = pd.DataFrame({"plan": [1.0, 2, 6], "never": [11.0, 12, 16]})
    found = summary(costs).set_index("rule")
    assert found.loc["never", ["above_plan", "low", "high", "futures"]].tolist() == [10, 10, 10, 3]


def test_a_future_has_a_cost_for_each_rule_and_comes_out_the_same_again() -> None:
    one = future(1, 4.0)
    assert set(one) == set(RULES)
    assert one == future(1, 4.0)
