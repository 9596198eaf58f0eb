from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from demand.accelerators import DEFAULT, Accelerator, Catalogue, Figure, Source
from demand.calendar import Granularity
from demand.errors import Invalid
from demand.estimates import Estimate
from demand.paths import DemandPaths
from demand.series import SeriesKey, Workload
from planning.conversion import Converter
from planning.outlook import Balance, OutlookQuestion, outlook
from planning.pools import DemandClass, Pool, Topology
from planning.telling import Scale, Teller

START = pd.Timestamp("2026-01-01", tz="UTC")
HOURS = np.array([744.0, 672.0])
N_PATHS = 300


def figure(*numbers: float) -> Figure:
    return Figure(Estimate(*numbers) if len(numbers) == 3 else Estimate.certain(numbers[0]), Source("made up"))


CATALOGUE = Catalogue(
    "v",
    (
        Accelerator("big", power_watts=figure(1000), aliases=("grand",)),
        Accelerator("twin", power_watts=figure(1000)),
        Accelerator("small", power_watts=figure(80, 100, 130)),
        Accelerator("dark"),
    ),
    Accelerator(DEFAULT, host_overhead=figure(0.25), pue=figure(1.1, 1.2, 1.5)),
)
TOPOLOGY = Topology(
    (Pool("new", ("eu",), ("big",), rate=2.0), Pool("old", ("us",))),
    (
        DemandClass("serve", "new", Workload.INFERENCE, ("old",), cost_short=9.0),
        DemandClass("train", "old", Workload.TRAINING, cost_short=4.0),
    ),
    {"new": 2.0, "old": 1.0},
)


def teller(unit: str, topology: Topology = TOPOLOGY, n_paths: int = N_PATHS) -> Teller:
    return Teller(unit, topology, n_paths, Converter(CATALOGUE, unit, HOURS, seed=3))


def demand(*keys: SeriesKey) -> DemandPaths:
    values = np.random.default_rng(4).lognormal(4, 0.3, (len(keys), N_PATHS, 2))
    return DemandPaths(keys, Granularity.MONTH, START, values)


def balance() -> Balance:
    """Everything at home: a pool of accelerators of which each serves two, and one of ordinary ones."""
    draws = np.random.default_rng(5)
    asked = draws.lognormal(5, 0.3, (2, N_PATHS, 2))
    supply = draws.lognormal(4.6, 0.2, (2, N_PATHS, 2))
    served = np.minimum(asked, supply * np.array([2.0, 1.0])[:, None, None])
    return Balance(TOPOLOGY, asked, supply, served, served / np.array([2.0, 1.0])[:, None, None], HOURS)


def test_accelerators_of_a_pool_are_told_as_their_power_path_by_path() -> None:
    scale = teller("megawatts").scale([{"big"}, {"small"}])
    big, small = scale.supply
    pue = big[:, 0] * 1e6 / 1000 / 1.25
    assert np.quantile(pue, 0.5) == pytest.approx(1.2, rel=0.02)
    assert pue.min() > 1
    watts = small[:, 0] * 1e6 / 1.25 / pue
    # Both stand in sites of one PUE, which is drawn once per path.
    assert np.quantile(watts, [0.1, 0.5, 0.9]) == pytest.approx([80, 100, 130], rel=0.05)
    np.testing.assert_allclose(scale.demand[0], big / 2)
    np.testing.assert_allclose(scale.of_classes(TOPOLOGY), scale.demand)


def test_accelerator_hours_need_no_accelerator_to_be_known() -> None:
    scale = teller("accelerator_hours").scale([{"nobody knows"}, {"", "dark"}])
    np.testing.assert_array_equal(np.broadcast_to(scale.supply, (2, N_PATHS, 2))[1, 7], HOURS)


def test_what_an_outlook_tells_is_that_of_the_paths_in_the_unit() -> None:
    asked, own = OutlookQuestion(), balance()
    scale = teller("megawatts").scale([{"big"}, {"small"}])
    told, counted = outlook(own, asked, scale), outlook(own, asked)
    factors = np.broadcast_to(scale.supply, own.supply.shape)
    needed = own.demand / np.array([2.0, 1.0])[:, None, None]
    for row in range(2):
        demanded, there = needed[row] * factors[row], own.supply[row] * factors[row]
        missing, idle = np.maximum(demanded - there, 0), np.maximum(there - demanded, 0)
        np.testing.assert_allclose(told.pools.supply[row], there.mean(axis=0))
        np.testing.assert_allclose(told.pools.unmet.mean[row], missing.mean(axis=0), atol=1e-12)
        np.testing.assert_allclose(told.classes.demand[row], demanded.mean(axis=0))
        used = np.minimum(demanded, there).mean(axis=0)
        np.testing.assert_allclose(told.pools.utilization[row], used / there.mean(axis=0))
        # Of 300 paths, 15 may be short at a service level of 95 %.
        np.testing.assert_allclose(told.pools.headroom[row], np.sort(there - demanded, axis=0)[15], atol=1e-12)
        for at, level in enumerate(asked.levels):
            exact = np.quantile(idle, level, axis=0, method="hazen")
            np.testing.assert_allclose(told.pools.idle.quantiles[row, :, at], exact, atol=1e-12)
            exact = np.quantile(missing, level, axis=0, method="hazen")
            np.testing.assert_allclose(told.classes.unmet.quantiles[row, :, at], exact, atol=1e-12)
    for name in ("cost_short", "cost_idle"):
        np.testing.assert_array_equal(getattr(told.pools, name).quantiles, getattr(counted.pools, name).quantiles)
    np.testing.assert_array_equal(told.classes.cost_short.mean, counted.classes.cost_short.mean)
    np.testing.assert_array_equal(told.pools.cost, counted.pools.cost)
    np.testing.assert_array_equal(told.pools.chance_short, counted.pools.chance_short)
    np.testing.assert_array_equal(told.pools.first_breach.first, counted.pools.first_breach.first)


def test_the_money_of_a_class_is_its_price_times_what_it_lacks() -> None:
    own = balance()
    found = outlook(own, OutlookQuestion()).classes.cost_short
    missing = (own.demand[0] - own.served[0]) * 9.0 * HOURS
    np.testing.assert_allclose(found.mean[0], missing.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(found.quantiles[0, :, 2], np.quantile(missing, 0.9, axis=0, method="hazen"), atol=1e-9)


def test_the_same_accelerator_by_another_name_and_one_alike_are_one_pool() -> None:
    scale = teller("megawatts").scale([{"big"}, {"grand", "twin", "big"}])
    np.testing.assert_array_equal(scale.supply[0], scale.supply[1])


@pytest.mark.parametrize(
    ("unit", "held", "said"),
    [
        ("megawatts", {"big", "small"}, "pool 'old' cannot be told in megawatts: it holds big, small, which are not"),
        ("megawatts", {"dark"}, "pool 'old' cannot be told in megawatts: the power of 'dark' is not known"),
        ("megawatts", {"unheard"}, "nothing is known of the accelerator 'unheard'"),
        ("megawatts", {""}, "pool 'old' cannot be told in megawatts: no accelerator is named"),
    ],
)
def test_a_pool_that_does_not_convert_is_named(unit: str, held: set[str], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        teller(unit).scale([{"big"}, held])


def test_a_pool_without_demand_and_supply_needs_nothing_to_be_known() -> None:
    assert teller("megawatts").scale([{"big"}, set()]).supply.shape == (2, N_PATHS, 1)


def test_demand_that_is_counted_in_the_unit_already_stays_and_supply_is_told_by_the_rates() -> None:
    counted = replace(TOPOLOGY, unit="tokens_per_second")
    scale = Teller("tokens_per_second", counted, 1, None).scale([{"big"}, {"dark"}])
    np.testing.assert_array_equal(scale.supply[:, 0, 0], [2, 1])
    np.testing.assert_array_equal(scale.demand, 1)
    paths = demand(SeriesKey(region="eu", accelerator="big"))
    assert Teller("tokens_per_second", counted, N_PATHS, None).told(paths) is paths


def test_demand_by_series_is_told_as_that_of_its_pool() -> None:
    home = SeriesKey(region="eu", accelerator="big", workload=Workload.INFERENCE)
    stray = SeriesKey(region="mars", accelerator="small", workload=Workload.INFERENCE)
    counted = demand(home, stray)
    told = teller("megawatts").told(counted)
    scale = teller("megawatts").scale([{"big"}, {"small"}])
    np.testing.assert_allclose(told.values[0], counted.values[0] * scale.demand[0])
    np.testing.assert_allclose(told.values[1], counted.values[1] * scale.supply[1])
    with pytest.raises(Invalid, match=r"demand of region=us.* cannot be told in megawatts: no accelerator"):
        teller("megawatts").told(demand(SeriesKey(region="us")))


def test_a_scale_is_one_per_class_in_the_order_of_the_classes() -> None:
    topology = replace(TOPOLOGY, classes=tuple(reversed(TOPOLOGY.classes)))
    scale = Scale("megawatts", np.ones((2, 1, 1)), np.array([3.0, 5.0])[:, None, None])
    assert scale.of_classes(topology)[:, 0, 0].tolist() == [5, 3]
