from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from demand.errors import Invalid
from demand.history import FloatArray
from demand.series import Workload
from planning.outlook import Balance, OutlookQuestion, headroom, outlook
from planning.pools import DemandClass, Pool, Topology

N_PATHS = 40_000
ASKED = OutlookQuestion()
ONE = Topology((Pool("eu"),), (DemandClass("all", "eu", Workload.INFERENCE, cost_short=4.0),), {"eu": 1.5})
TWO = replace(
    ONE,
    classes=(
        DemandClass("training", "eu", Workload.TRAINING, cost_short=4.0),
        DemandClass("inference", "eu", Workload.INFERENCE, priority=1, cost_short=9.0),
    ),
)


def balance(demand: FloatArray, supply: FloatArray, topology: Topology = ONE, hours: float = 730.0) -> Balance:
    """Supply of one pool, given to classes in their order."""
    left, served = supply.copy(), np.empty_like(demand)
    for row, wanted in enumerate(demand):
        served[row] = np.minimum(wanted, left[0])
        left[0] -= served[row]
    return Balance(topology, demand, supply, served, supply - left, np.full(demand.shape[2], hours))


def normal(mean: float, deviation: float) -> FloatArray:
    return np.random.default_rng(11).normal(mean, deviation, (1, N_PATHS, 1))


@pytest.mark.parametrize("supply", [420.0, 500.0, 640.0])
def test_normal_demand_falls_short_as_the_normal_loss_function_says(supply: float) -> None:
    found = outlook(balance(normal(500, 80), np.full((1, N_PATHS, 1), supply)), ASKED).pools
    z = (supply - 500) / 80
    missing = 80 * (stats.norm.pdf(z) - z * stats.norm.sf(z))
    idle = missing + supply - 500
    tail = stats.norm.sf(z)
    assert abs(found.chance_short[0, 0] - tail) < 4 * np.sqrt(tail * (1 - tail) / N_PATHS)
    assert abs(found.unmet.mean[0, 0] - missing) < 4 * 80 / np.sqrt(N_PATHS)
    assert abs(found.idle.mean[0, 0] - idle) < 4 * 80 / np.sqrt(N_PATHS)
    assert found.utilization[0, 0] == pytest.approx((500 - missing) / supply, rel=0.005)
    assert found.cost_short.mean[0, 0] == pytest.approx(found.unmet.mean[0, 0] * 730 * 4)
    assert found.cost_idle.mean[0, 0] == pytest.approx(found.idle.mean[0, 0] * 730 * 1.5)
    for at, level in enumerate(ASKED.levels):
        exact = max(0.0, 500 + 80 * stats.norm.ppf(level) - supply)
        assert found.unmet.quantiles[0, 0, at] == pytest.approx(exact, abs=4 * 80 * 1.71 / np.sqrt(N_PATHS))


def test_lognormal_demand_falls_short_as_the_lognormal_loss_function_says() -> None:
    mu, sigma, supply = 6.0, 0.5, 600.0
    demand = np.exp(np.random.default_rng(12).normal(mu, sigma, (1, N_PATHS, 1)))
    found = outlook(balance(demand, np.full((1, N_PATHS, 1), supply)), ASKED).pools
    d = (mu - np.log(supply)) / sigma
    missing = np.exp(mu + sigma**2 / 2) * stats.norm.cdf(d + sigma) - supply * stats.norm.cdf(d)
    assert found.chance_short[0, 0] == pytest.approx(stats.norm.cdf(d), abs=4 * 0.5 / np.sqrt(N_PATHS))
    assert found.unmet.mean[0, 0] == pytest.approx(missing, abs=4 * demand.std() / np.sqrt(N_PATHS))


def test_supply_that_is_normal_too_falls_short_as_the_difference_says() -> None:
    supply = np.random.default_rng(13).normal(560, 60, (1, N_PATHS, 1))
    found = outlook(balance(normal(500, 80), supply), ASKED).pools
    tail = stats.norm.sf(60 / 100)
    assert abs(found.chance_short[0, 0] - tail) < 4 * np.sqrt(tail * (1 - tail) / N_PATHS)
    room = 60 + 100 * stats.norm.ppf(0.05)
    error = 100 * np.sqrt(0.05 * 0.95 / N_PATHS) / stats.norm.pdf(stats.norm.ppf(0.05))
    assert abs(found.headroom[0, 0] - room) < 4 * error


@given(arrays(float, (1, 30, 2), elements=st.floats(-50, 50)), st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99]))
@settings(max_examples=60, deadline=None)
def test_headroom_is_the_most_that_keeps_the_service_level(margin: FloatArray, level: float) -> None:
    room = headroom(margin, level)
    assert ((margin < room[:, None]).mean(axis=1) <= 1 - level + 1e-9).all()
    assert ((margin < room[:, None] + 1e-6).mean(axis=1) > 1 - level).all()


def test_classes_of_a_pool_fall_short_in_turn_and_each_at_its_own_cost() -> None:
    demand = np.array([[[60.0], [80.0]], [[30.0], [50.0]]])
    found = outlook(balance(demand, np.full((1, 2, 1), 70.0), TWO, hours=1.0), ASKED)
    assert found.classes.chance_short.tolist() == [[0.5], [1.0]]
    assert found.classes.unmet.mean.tolist() == [[5.0], [35.0]]
    assert found.classes.demand.tolist() == [[70.0], [40.0]]
    assert found.pools.cost_short.mean.tolist() == [[(20 * 9 + 10 * 4 + 50 * 9) / 2]]
    assert found.pools.cost.tolist() == [[180.0, 490.0]]


def test_the_first_breach_of_a_pool_and_its_chance_of_never() -> None:
    demand = np.array([[[1.0, 9.0, 1.0], [1.0, 1.0, 1.0], [9.0, 9.0, 9.0], [1.0, 1.0, 9.0]]])
    same = balance(demand, np.full((1, 4, 3), 5.0))
    found = outlook(same, ASKED)
    assert found.pools.first_breach.chance_by().tolist() == [[0.25, 0.5, 0.75]]
    assert found.pools.first_breach.never.tolist() == [0.25]
    np.testing.assert_array_equal(found.classes.first_breach.first, found.pools.first_breach.first)
    lasting = outlook(same, replace(ASKED, sustained=2))
    assert lasting.pools.first_breach.never.tolist() == [0.75]


def test_what_rounding_leaves_over_is_no_shortage() -> None:
    demand = np.full((1, 1, 1), 0.1 + 0.2)
    rounded = Balance(ONE, demand, demand, np.full_like(demand, 0.3), np.full_like(demand, 0.3), np.ones(1))
    found = outlook(rounded, ASKED).pools
    assert (found.chance_short[0, 0], found.idle.mean[0, 0]) == (0, 0)


def test_a_pool_without_supply_has_no_utilization() -> None:
    found = outlook(balance(np.ones((1, 3, 1)), np.zeros((1, 3, 1))), ASKED).pools
    assert np.isnan(found.utilization).all()
    assert found.headroom.tolist() == [[-1.0]]


LEVELS = arrays(float, (2, 8, 3), elements=st.floats(0, 100))
SUPPLY = arrays(float, (1, 8, 3), elements=st.floats(0, 200))


@given(demand=LEVELS, supply=SUPPLY, more=SUPPLY)
@settings(max_examples=60, deadline=None)
def test_more_supply_never_raises_shortage_nor_lowers_idleness_headroom_or_the_first_breach(
    demand: FloatArray, supply: FloatArray, more: FloatArray
) -> None:
    had, has = (outlook(balance(demand, given, TWO), ASKED) for given in (supply, supply + more))
    assert (has.pools.chance_short <= had.pools.chance_short).all()
    assert (has.pools.unmet.quantiles <= had.pools.unmet.quantiles + 1e-6).all()
    assert (has.classes.unmet.mean <= had.classes.unmet.mean + 1e-6).all()
    assert (has.pools.idle.mean >= had.pools.idle.mean - 1e-6).all()
    assert (has.pools.headroom >= had.pools.headroom - 1e-6).all()
    assert (has.pools.first_breach.first >= had.pools.first_breach.first).all()


@given(demand=LEVELS, supply=SUPPLY)
@settings(max_examples=40, deadline=None)
def test_what_is_idle_and_what_is_unmet_differ_by_what_supply_and_demand_do(
    demand: FloatArray, supply: FloatArray
) -> None:
    same = balance(demand, supply, TWO)
    np.testing.assert_allclose(same.margin[0], supply[0] - demand.sum(axis=0), atol=1e-6)


def test_a_balance_must_fit_its_topology() -> None:
    ones = np.ones((1, 2, 3))
    with pytest.raises(Invalid, match="shape of demand"):
        Balance(ONE, ones, ones, np.ones((1, 2, 2)), ones, np.ones(3))
    with pytest.raises(Invalid, match="do not fit 2 classes and 1 pools"):
        Balance(TWO, ones, ones, ones, ones, np.ones(3))


@pytest.mark.parametrize("level", [0.0, 1.0, float("nan")])
def test_a_service_level_is_a_chance(level: float) -> None:
    with pytest.raises(Invalid, match="between 0 and 1"):
        OutlookQuestion(service_level=level)
