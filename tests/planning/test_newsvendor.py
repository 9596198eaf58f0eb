import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from demand.errors import Invalid
from demand.history import FloatArray
from planning.newsvendor import critical_ratio, expected_cost, target_supply

SHORT, IDLE = np.array([9.0]), 3.0
MONTH = np.array([730.0])


def drawn(distribution: stats.rv_continuous, n_paths: int = 40_000) -> FloatArray:
    return np.asarray(distribution.rvs((1, n_paths, 1), random_state=np.random.default_rng(8)))


def cost_one_by_one(demand: FloatArray, supply: float, short: list[float], idle: float) -> float:
    """What supply costs on average in one step, by handing it out class by class on every path."""
    total = 0.0
    for path in demand[:, :, 0].T:
        left = supply
        for wanted, price in zip(path, short, strict=True):
            given_out = min(wanted, left)
            left -= given_out
            total += price * (wanted - given_out)
        total += idle * left
    return total / demand.shape[1]


@pytest.mark.parametrize("distribution", [stats.norm(500, 80), stats.lognorm(0.4, scale=500)])
def test_the_target_is_the_quantile_of_demand_at_the_critical_ratio(distribution: stats.rv_continuous) -> None:
    target = target_supply(drawn(distribution), SHORT, IDLE)[0]
    expected = distribution.ppf(0.75)
    error = np.sqrt(0.75 * 0.25 / 40_000) / distribution.pdf(expected)
    assert abs(target - expected) < 4 * error


@given(st.integers(1, 3), st.integers(1, 40), st.integers(1, 9), st.integers(1, 9), st.integers(0, 99))
@settings(max_examples=80, deadline=None)
def test_where_all_classes_cost_the_same_it_is_that_quantile_of_their_sum(
    n_classes: int, n_paths: int, short: int, idle: int, seed: int
) -> None:
    demand = np.random.default_rng(seed).uniform(0, 50, (n_classes, n_paths, 3))
    target = target_supply(demand, np.full(n_classes, float(short)), float(idle))
    total = demand.sum(axis=0)
    expected = np.quantile(total, short / (short + idle), axis=0, method="inverted_cdf")
    np.testing.assert_allclose(target, expected, rtol=1e-12)


def test_two_classes_that_are_normal_are_balanced_where_their_tails_cost_what_idleness_does() -> None:
    """The first is N(300, 30), the sum of both N(500, 50): 5 P(first > S) + 4 P(sum > S) = 1 P(sum < S)."""
    draws = np.random.default_rng(9)
    first = draws.normal(300, 30, (40_000, 1))
    second = draws.normal(200, 40, (40_000, 1))
    target = target_supply(np.stack([first, second]), np.array([9.0, 4.0]), 1.0)[0]
    alone, both = stats.norm(300, 30), stats.norm(500, 50)
    expected = optimize.brentq(lambda at: 5 * alone.sf(at) + 4 * both.sf(at) - both.cdf(at), 300, 700)
    steepness = 5 * alone.pdf(expected) + 5 * both.pdf(expected)
    assert abs(target - expected) < 4 * np.sqrt(0.8 * 0.2 / 40_000) * 5 / steepness


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=8),
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)).filter(any),
    st.integers(1, 9),
)
@settings(max_examples=150, deadline=None)
def test_no_supply_on_a_grid_costs_less_and_no_smaller_one_as_little(
    paths: list[tuple[int, int, int]], short: tuple[int, int, int], idle: int
) -> None:
    demand = np.array(paths, dtype=float).T[:, :, None]
    target = target_supply(demand, np.array(short, dtype=float), float(idle))[0]
    costs = [cost_one_by_one(demand, supply, list(map(float, short)), idle) for supply in range(38)]
    assert cost_one_by_one(demand, target, list(map(float, short)), idle) == pytest.approx(min(costs))
    best = [supply for supply, cost in enumerate(costs) if cost == pytest.approx(min(costs))]
    assert target == pytest.approx(best[0])


def test_a_dear_class_that_is_served_last_is_worth_serving_all_that_come_before_it() -> None:
    demand = np.array([[[10.0]], [[5.0]]])
    assert target_supply(demand, np.array([0.1, 9.0]), 1.0).tolist() == [15.0]
    assert target_supply(demand, np.array([0.1, 0.0]), 1.0).tolist() == [10.0]
    assert target_supply(demand, np.array([0.0, 9.0]), 1.0).tolist() == [15.0]


def test_the_least_cost_of_normal_demand_is_its_deviation_times_the_density_there() -> None:
    demand = drawn(stats.norm(500, 80))
    target = target_supply(demand, SHORT, IDLE)
    least = expected_cost(demand, target, SHORT, IDLE, MONTH)[0]
    assert least == pytest.approx(730 * 12 * 80 * stats.norm.pdf(stats.norm.ppf(0.75)), rel=0.02)


@pytest.mark.parametrize("supply", [400.0, 520.0, 700.0])
def test_the_cost_of_any_supply_is_that_of_the_loss_function(supply: float) -> None:
    demand, z = drawn(stats.norm(500, 80)), (supply - 500) / 80
    missing = 80 * (stats.norm.pdf(z) - z * stats.norm.sf(z))
    found = expected_cost(demand, np.array([supply]), SHORT, IDLE, np.ones(1))[0]
    assert found == pytest.approx(9 * missing + 3 * (missing + supply - 500), rel=0.02)


@pytest.mark.parametrize("supply", [0.0, 7.0, 33.0])
def test_the_cost_of_several_classes_is_that_of_handing_supply_out(supply: float) -> None:
    demand = np.random.default_rng(4).uniform(0, 20, (3, 50, 1))
    found = expected_cost(demand, np.array([supply]), np.array([7.0, 2.0, 5.0]), 1.5, np.array([2.0]))[0]
    assert found == pytest.approx(2 * cost_one_by_one(demand, supply, [7.0, 2.0, 5.0], 1.5))


def test_supply_that_is_uncertain_is_met_path_by_path() -> None:
    demand, supply = np.array([[[4.0], [8.0]]]), np.array([[5.0], [5.0]])
    assert expected_cost(demand, supply, SHORT, IDLE, np.array([2.0])).tolist() == [2 * (1.5 * 9 + 0.5 * 3)]


def test_costs_must_tell_a_supply_from_another() -> None:
    with pytest.raises(Invalid, match="negative"):
        critical_ratio(np.array([-1.0]), np.array([IDLE]))
    with pytest.raises(Invalid, match="no supply is better"):
        critical_ratio(np.zeros(1), np.zeros(1))
    with pytest.raises(Invalid, match="no supply is better"):
        target_supply(np.ones((1, 1, 1)), np.zeros(1), 0.0)
