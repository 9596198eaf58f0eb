from dataclasses import replace

import numpy as np
import pytest

from demand.errors import Invalid
from planning.estimates import Estimate
from planning.scenarios.selecting import BlockSelection
from planning.scenarios.takeovers import CapacityReleased, CapacityTaken
from tests.planning.scenarios.blocks import BLOCKS, LEASE, by_name, supply_of
from tests.planning.scenarios.making import happening, known, level, moment

GAINED = replace(LEASE, name="gained", quantity=70.0)


def test_what_others_let_go_is_gained() -> None:
    futures = happening(level(), CapacityReleased(name="x", block=GAINED), blocks=BLOCKS)
    assert by_name(futures)["gained"].tolist() == [0] * 6 + [70] * 18
    assert by_name(futures)["lease"].max() == 400


def test_how_much_is_gained_may_be_uncertain() -> None:
    event = CapacityReleased(name="x", block=GAINED, quantity=Estimate(50, 80, 200))
    supply = supply_of(happening(level(n_paths=50_000), event, blocks=BLOCKS))[3, :, -1]
    np.testing.assert_allclose(np.quantile(supply, [0.1, 0.5, 0.9]), [50, 80, 200], rtol=0.03)


def test_what_is_gained_has_a_new_name_and_is_no_loss() -> None:
    with pytest.raises(Invalid, match="adds block 'lease', which the ledger has already"):
        happening(level(), CapacityReleased(name="x", block=LEASE), blocks=BLOCKS)
    with pytest.raises(Invalid, match="the quantity is -1"):
        CapacityReleased(name="x", block=GAINED, quantity=known(-1))


def test_what_others_take_is_gone_from_then_on() -> None:
    event = CapacityTaken(name="x", blocks=BlockSelection(names=("lease",)), at=moment("2026-10-01"), share=known(0.25))
    assert by_name(happening(level(), event, blocks=BLOCKS))["lease"].tolist() == [0] * 6 + [400] * 3 + [300] * 15


def test_what_is_taken_twice_is_taken_of_what_was_left() -> None:
    blocks = BlockSelection(names=("lease",))
    events = [CapacityTaken(name=name, blocks=blocks, at=moment("2026-01-01"), share=known(0.5)) for name in "xy"]
    assert by_name(happening(level(), *events, blocks=BLOCKS))["lease"][-1] == 100
