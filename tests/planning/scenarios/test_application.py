from dataclasses import replace

import numpy as np
import pytest

from demand.errors import Invalid
from demand.series import SeriesKey, Workload
from planning.estimates import Estimate
from planning.scenarios.additions import Launch
from planning.scenarios.application import apply
from planning.scenarios.delays import Slip
from planning.scenarios.departures import TenantLeaves
from planning.scenarios.dice import Dice
from planning.scenarios.efficiency import EfficiencyGain
from planning.scenarios.selecting import BlockSelection
from tests.planning.scenarios.blocks import BLOCKS
from tests.planning.scenarios.making import (
    ALL_INFERENCE,
    ALL_TRAINING,
    INFERENCE,
    happening,
    known,
    level,
    moment,
    noisy,
)

LEAVES = TenantLeaves(
    name="leaves", selection=ALL_TRAINING, at=moment("2026-05-01", -60, 0, 60), share=Estimate(0.2, 0.4, 0.6)
)
GAIN = EfficiencyGain(
    name="gain", selection=ALL_INFERENCE, middle=moment("2026-09-01", -60, 0, 200), factor=Estimate(1.5, 2, 3)
)
SLIP = Slip(name="slip", blocks=BlockSelection(names=("lease",)), days=Estimate(10, 60, 200))
ELSEWHERE = SeriesKey(region="asia", workload=Workload.INFERENCE)


def test_an_event_that_has_nothing_to_do_with_others_leaves_their_draws_alone() -> None:
    other = Launch(name="other", key=ELSEWHERE, at=moment("2026-02-01", -9, 0, 9), level=Estimate(1, 2, 3))
    without = happening(noisy(), LEAVES, SLIP, blocks=BLOCKS)
    added = happening(noisy(), other, LEAVES, SLIP, blocks=BLOCKS)
    np.testing.assert_array_equal(added.demand.values[:3], without.demand.values)
    np.testing.assert_array_equal(added.edits.extra_days("lease"), without.edits.extra_days("lease"))


def test_the_difference_of_a_scenario_and_itself_is_nothing() -> None:
    one, other = (happening(noisy(), LEAVES, GAIN) for _ in range(2))
    assert (one.demand.values == other.demand.values).all()


def test_the_difference_of_two_scenarios_is_told_far_better_by_common_draws() -> None:
    def total(seed: int, *events: TenantLeaves | EfficiencyGain) -> np.ndarray:
        return happening(noisy(2000), *events, seed=seed).demand.values.sum(axis=(0, 2))

    small = replace(GAIN, reach=known(0.1))
    common = total(1, LEAVES, small) - total(1, LEAVES)
    independent = total(1, LEAVES, small) - total(2, LEAVES)
    assert common.var() < independent.var() / 20


def test_without_events_nothing_changes() -> None:
    futures = happening(noisy(), blocks=BLOCKS)
    np.testing.assert_array_equal(futures.demand.values, noisy().values)
    assert futures.blocks == BLOCKS
    assert futures.remarks == ()


def test_events_come_one_after_the_other() -> None:
    launch = Launch(name="launch", key=INFERENCE, at=moment("2026-01-01"), level=known(50))
    gain = EfficiencyGain(name="gain", selection=ALL_INFERENCE, middle=moment("2026-01-01"), factor=known(2))
    assert happening(level(), launch, gain).demand.values[1].max() == 50
    assert happening(level(), gain, launch).demand.values[1].max() == 75


def test_what_lies_beyond_the_horizon_is_remarked_and_changes_nothing() -> None:
    late = TenantLeaves(name="late", selection=ALL_TRAINING, at=moment("2028-06-01"))
    futures = happening(level(), late)
    assert futures.remarks == (
        "late: 2028-06-01 is beyond the horizon, which ends on 2028-01-01, so it changes nothing",
    )
    np.testing.assert_array_equal(futures.demand.values, level().values)


def test_contradicting_events_are_refused() -> None:
    with pytest.raises(Invalid, match="two events"):
        apply([LEAVES, LEAVES], level(), (), Dice(1, 3))
