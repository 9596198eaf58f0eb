import numpy as np
import pytest

from demand.errors import Invalid
from planning.estimates import Estimate
from planning.ledger import Phase
from planning.scenarios.delays import ConversionChange, Slip
from planning.scenarios.selecting import BlockSelection
from tests.planning.scenarios.blocks import BLOCKS, LEASE, TALKS, by_name, supply_of
from tests.planning.scenarios.making import happening, known, level

WAITING = BlockSelection(phase=(Phase.LEASE, Phase.EXPLORATORY))


def test_a_slip_is_added_to_the_date() -> None:
    event = Slip(name="x", blocks=BlockSelection(names=("lease",)), days=known(31 + 15.5))
    np.testing.assert_allclose(by_name(happening(level(), event, blocks=BLOCKS))["lease"], [0] * 7 + [200] + [400] * 16)


def test_slips_add_up_and_blocks_of_one_event_slip_together() -> None:
    events = [Slip(name=name, blocks=WAITING, days=Estimate(0, 30, 90)) for name in "xy"]
    futures = happening(level(n_paths=100), *events, blocks=BLOCKS)
    only = happening(level(n_paths=100), events[0], blocks=BLOCKS)
    other = happening(level(n_paths=100), events[1], blocks=BLOCKS)
    both = only.edits.extra_days("lease") + other.edits.extra_days("lease")
    np.testing.assert_allclose(futures.edits.extra_days("lease"), both)
    np.testing.assert_array_equal(only.edits.extra_days("lease"), only.edits.extra_days("talks"))
    assert (only.edits.extra_days("hall") == 0).all()


def test_what_is_live_neither_slips_nor_fails() -> None:
    live = BlockSelection(names=("hall",))
    with pytest.raises(Invalid, match="block 'hall' is live"):
        happening(level(), Slip(name="x", blocks=live, days=known(1)), blocks=BLOCKS)
    with pytest.raises(Invalid, match="block 'hall' is live"):
        happening(level(), ConversionChange(name="x", blocks=live, chance=known(0)), blocks=BLOCKS)


@pytest.mark.parametrize("chance", [0.0, 0.2, 1.0])
def test_a_chance_of_converting_replaces_that_of_the_ledger(chance: float) -> None:
    event = ConversionChange(name="x", blocks=BlockSelection(names=("talks",)), chance=known(chance))
    there = supply_of(happening(level(n_paths=4000), event, blocks=BLOCKS))[2, :, -1] > 0
    assert there.mean() == pytest.approx(chance, abs=0.02)


def test_a_lower_chance_takes_paths_away_and_adds_none() -> None:
    demand = level(n_paths=1000)
    event = ConversionChange(name="x", blocks=BlockSelection(names=("talks",)), chance=Estimate(0.1, 0.2, 0.3))
    before = supply_of(happening(demand, blocks=(LEASE, TALKS)))[1, :, -1] > 0
    after = supply_of(happening(demand, event, blocks=(LEASE, TALKS)))[1, :, -1] > 0
    assert before.mean() == pytest.approx(0.5, abs=0.05)
    assert not (after & ~before).any()


def test_a_chance_is_between_none_and_all() -> None:
    with pytest.raises(Invalid, match=r"chance of converting is 1\.5"):
        ConversionChange(name="x", blocks=WAITING, chance=known(1.5))
