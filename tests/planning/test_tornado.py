import numpy as np
import pytest

from planning.estimates import Estimate
from planning.scenarios.delays import Slip
from planning.scenarios.departures import TenantLeaves
from planning.scenarios.efficiency import EfficiencyGain
from planning.scenarios.events import Futures
from planning.scenarios.selecting import BlockSelection
from planning.scenarios.takeovers import CapacityReleased
from planning.tornado import OCCURRENCE, tornado
from tests.planning.scenarios.blocks import BLOCKS, LEASE
from tests.planning.scenarios.making import ALL_INFERENCE, ALL_TRAINING, known, level, moment, noisy

LEAVES = TenantLeaves(name="leaves", selection=ALL_TRAINING, at=moment("2026-01-01"), share=Estimate(0.1, 0.2, 0.6))
GAIN = EfficiencyGain(name="gain", selection=ALL_INFERENCE, middle=moment("2026-01-01"), factor=Estimate(2, 4, 5))


def last_total(futures: Futures) -> float:
    return float(futures.demand.values[:, :, -1].sum(axis=0).mean())


def test_every_assumption_is_moved_alone_and_the_widest_swing_comes_first() -> None:
    told = tornado([LEAVES, GAIN], level(), (), last_total, seed=1)
    # 100 of training, of which 80 stay; 80 of inference, of which a quarter stays.
    assert told.without == 180
    assert told.middle == pytest.approx(100)
    found = {(bar.event, bar.number): (pytest.approx(bar.low), pytest.approx(bar.high)) for bar in told.bars}
    assert found == {
        ("leaves", "share"): (90 + 20, 40 + 20),
        ("gain", "factor"): (80 + 40, 80 + 16),
        ("leaves", OCCURRENCE): (100 + 20, 100),
        ("gain", OCCURRENCE): (80 + 80, 100),
    }
    swings = [bar.swing for bar in told.bars]
    assert swings == sorted(swings, reverse=True)
    assert (told.bars[0].event, told.bars[0].number) == ("gain", OCCURRENCE)


def test_what_is_known_has_no_bar_but_its_occurrence() -> None:
    certain = TenantLeaves(name="leaves", selection=ALL_TRAINING, at=moment("2026-01-01"), share=known(0.5))
    (bar,) = tornado([certain], level(), (), last_total, seed=1).bars
    assert (bar.number, bar.low, bar.high) == (OCCURRENCE, 180, 130)


def test_what_does_not_matter_has_no_swing_however_demand_varies() -> None:
    slip = Slip(name="slip", blocks=BlockSelection(names=("lease",)), days=Estimate(0, 10, 90))
    told = tornado([slip], noisy(), BLOCKS, last_total, seed=1)
    assert [bar.swing for bar in told.bars] == [0, 0]
    assert np.isclose(told.middle, noisy().values[:, :, -1].sum(axis=0).mean())


def test_an_event_that_others_build_on_is_not_left_out_alone() -> None:
    gained = CapacityReleased(name="gained", block=LEASE)
    slip = Slip(name="slip", blocks=BlockSelection(names=("lease",)), days=known(3))
    told = tornado([gained, slip], level(), (), last_total, seed=1)
    assert told.needed == ("gained",)
    assert [bar.event for bar in told.bars] == ["slip"]
