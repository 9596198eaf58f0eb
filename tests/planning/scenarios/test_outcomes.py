from dataclasses import replace

import numpy as np
import pytest

from demand.errors import Invalid
from demand.series import SeriesKey, Workload
from planning.ledger import MEGAWATTS, Block, Commitment, Phase
from planning.pools import Topology, default_topology
from planning.scenarios.additions import Launch
from planning.scenarios.events import Event
from planning.scenarios.leases import LeaseCancelled
from planning.scenarios.outcomes import (
    ABOUT_SUPPLY,
    MONEY,
    Market,
    Outcomes,
    Yardstick,
    by_workload,
    meet,
    without_supply,
)
from planning.scenarios.selecting import BlockSelection
from planning.states import CommitmentState
from planning.supply import Sampling
from tests.planning.scenarios.blocks import HALL
from tests.planning.scenarios.making import INFERENCE, KEYS, TRAINING, day, happening, known, level, moment, noisy

LATER = Block("later", 60, day("2027-01-01"), region="us", accelerator="H100", phase=Phase.LEASE)
TOPOLOGY = default_topology(KEYS)


def priced(**costs: float) -> Topology:
    """The pools, in which only that has a price that is given."""
    classes = tuple(replace(each, cost_short=costs.get("short", 0.0)) for each in TOPOLOGY.classes)
    return replace(TOPOLOGY, classes=classes, cost_idle={"eu H100": costs["idle"]} if "idle" in costs else {})


def come_to(*events: Event, blocks: tuple[Block, ...] = (HALL, LATER), counted: str = "everything") -> Outcomes:
    market = Market(TOPOLOGY, Sampling(3), Commitment(counted))
    return meet(happening(level(), *events, blocks=blocks), market)


def test_demand_meets_supply_pool_by_pool() -> None:
    found = come_to()
    # eu has 1000 for 150 from the start, and us nothing for 30 until 60 come in 2027.
    np.testing.assert_array_equal(found.supply[0], [1000] * 12 + [1060] * 12)
    np.testing.assert_array_equal(found.unmet[0], [30] * 12 + [0] * 12)
    np.testing.assert_array_equal(found.idle[0], [850] * 12 + [880] * 12)
    np.testing.assert_array_equal(found.total[0], [180] * 24)
    assert found.first_breach.first.tolist() == [[0] * 3]
    assert found.remarks == ()


def test_only_what_is_counted_supplies() -> None:
    assert come_to(counted="committed").supply.max() == 1000
    assert HALL.state is CommitmentState.ACTIVE


def test_a_scenario_changes_both_sides() -> None:
    gone = LeaseCancelled(name="gone", blocks=BlockSelection(names=("hall",)), at=moment("2027-01-01"))
    more = Launch(name="more", key=INFERENCE, at=moment("2027-01-01"), level=known(100))
    found = come_to(gone, more)
    np.testing.assert_array_equal(found.supply[0], [1000] * 12 + [60] * 12)
    np.testing.assert_array_equal(found.unmet[0], [30] * 12 + [250] * 12)
    assert found.inference_passes.first.tolist() == [[12] * 3]


@pytest.mark.parametrize(
    ("yardstick", "expected"),
    [
        ("demand", 180),
        ("training", 100),
        ("inference", 80),
        ("shortage", 1),
        ("unmet", 15),
        ("idle", 865),
        ("crossover", 0),
    ],
)
def test_each_yardstick_is_one_number(yardstick: str, expected: float) -> None:
    assert Yardstick(yardstick).of(come_to()) == pytest.approx(expected)


def test_money_is_what_each_missing_or_idle_hour_costs() -> None:
    market = Market(priced(short=2.0, idle=0.5), Sampling(3), Commitment.EVERYTHING)
    found = meet(happening(level(), blocks=(HALL, LATER)), market)
    hours = 24 * np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    # us lacks 30 for a year, and eu has 850 that idle for two; what idles in us has no price.
    short, idle = 2 * 30 * hours.sum(), 0.5 * 850 * hours.sum() * 2
    assert Yardstick.COST_SHORT.of(found) == pytest.approx(short)
    assert Yardstick.COST_IDLE.of(found) == pytest.approx(idle)
    assert Yardstick.COST.of(found) == pytest.approx(short + idle)


@pytest.mark.parametrize(
    ("costs", "known"),
    [
        ({}, set()),
        ({"short": 2.0}, {"cost_short"}),
        ({"idle": 1.0}, {"cost_idle"}),
        ({"short": 1.0, "idle": 1.0}, MONEY),
    ],
)
def test_money_without_a_price_is_not_told(costs: dict[str, float], known: set[str]) -> None:
    found = meet(happening(level(), blocks=(HALL,)), Market(priced(**costs), Sampling(3)))
    assert {each for each in MONEY if each.is_known(found)} == known
    for each in MONEY - known:
        with pytest.raises(Invalid, match="no price is known"):
            each.of(found)


def test_demand_without_a_pool_and_blocks_that_do_not_count_are_remarked() -> None:
    elsewhere = SeriesKey(region="asia", workload=Workload.INFERENCE)
    new = Launch(name="new", key=elsewhere, at=moment("2026-01-01"), level=known(5))
    power = Block("power", 5, day("2027-01-01"), region="us", unit=MEGAWATTS)
    told = come_to(new, blocks=(HALL, power)).remarks
    assert "block 'power' is not counted: it is in megawatts" in told[0]
    assert "demand of region=asia, workload=inference belongs to no pool" in told[1]


def test_what_is_not_about_supply_is_the_same_without_it() -> None:
    alone = without_supply(happening(level()))
    for yardstick in set(Yardstick) - ABOUT_SUPPLY:
        assert yardstick.of(alone) == yardstick.of(come_to())
    assert Yardstick.UNMET.of(alone) == 180


def test_workloads_are_summed_path_by_path() -> None:
    found = by_workload(noisy())
    np.testing.assert_allclose(found[Workload.INFERENCE], noisy().values[1] + noisy().values[2])
    assert list(found) == [Workload.TRAINING, Workload.INFERENCE]
    assert TRAINING.workload is Workload.TRAINING


def test_a_yardstick_of_a_workload_that_is_not_there_is_nothing() -> None:
    market = Market(default_topology(KEYS[:1]), Sampling(3))
    found = meet(happening(level([100.0])), market)
    assert Yardstick.INFERENCE.of(found) == 0
    assert Yardstick.CROSSOVER.of(found) == 0
