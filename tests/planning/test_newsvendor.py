import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from demand.errors import Invalid
from demand.history import FloatArray
from planning.newsvendor import critical_ratio, expected_cost, target_supply

SHORT, IDLE = np.array([9.0]), np.array([3.0])


def drawn(distribution: stats.rv_continuous, n_paths: int = 40_000) -> FloatArray:
    return np.asarray(distribution.rvs((1, n_paths, 1), random_state=np.random.default_rng(8)))


@pytest.mark.parametrize("distribution", [stats.norm(500, 80), stats.lognorm(0.4, scale=500)])
def test_the_target_is_the_quantile_of_demand_at_the_critical_ratio(distribution: stats.rv_continuous) -> None:
    target = target_supply(drawn(distribution), SHORT, IDLE)[0, 0]
    expected = distribution.ppf(0.75)
    error = np.sqrt(0.75 * 0.25 / 40_000) / distribution.pdf(expected)
    assert abs(target - expected) < 4 * error


def test_the_least_cost_of_normal_demand_is_its_deviation_times_the_density_there() -> None:
    demand = drawn(stats.norm(500, 80))
    target = target_supply(demand, SHORT, IDLE)
    least = expected_cost(demand, target, SHORT, IDLE, np.array([730.0]))[0, 0]
    assert least == pytest.approx(730 * 12 * 80 * stats.norm.pdf(stats.norm.ppf(0.75)), rel=0.02)


@pytest.mark.parametrize("supply", [400.0, 520.0, 700.0])
def test_the_cost_of_any_supply_is_that_of_the_loss_function(supply: float) -> None:
    demand, z = drawn(stats.norm(500, 80)), (supply - 500) / 80
    missing = 80 * (stats.norm.pdf(z) - z * stats.norm.sf(z))
    found = expected_cost(demand, np.array([[supply]]), SHORT, IDLE, np.ones(1))[0, 0]
    assert found == pytest.approx(9 * missing + 3 * (missing + supply - 500), rel=0.02)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=12), st.integers(0, 9), st.integers(1, 9))
@settings(max_examples=80, deadline=None)
def test_no_supply_costs_less_than_the_target(demand: list[int], short: int, idle: int) -> None:
    paths = np.array(demand, dtype=float)[None, :, None]
    costs, hours = (np.array([float(short)]), np.array([float(idle)])), np.ones(1)
    least = expected_cost(paths, target_supply(paths, *costs), *costs, hours)[0, 0]
    others = [expected_cost(paths, np.array([[float(supply)]]), *costs, hours)[0, 0] for supply in range(32)]
    assert least == pytest.approx(min(others))


def test_supply_that_is_uncertain_is_met_path_by_path() -> None:
    demand, supply = np.array([[[4.0], [8.0]]]), np.array([[[5.0], [5.0]]])
    assert expected_cost(demand, supply, SHORT, IDLE, np.array([2.0])).tolist() == [[2 * (1.5 * 9 + 0.5 * 3)]]


def test_costs_must_tell_a_supply_from_another() -> None:
    with pytest.raises(Invalid, match="negative"):
        critical_ratio(np.array([-1.0]), IDLE)
    with pytest.raises(Invalid, match="no supply is better"):
        critical_ratio(np.zeros(1), np.zeros(1))
