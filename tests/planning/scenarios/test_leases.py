from dataclasses import replace

import numpy as np
import pytest

from demand.errors import Invalid
from planning.estimates import Estimate
from planning.scenarios.leases import LeaseCancelled
from planning.scenarios.selecting import BlockSelection
from tests.planning.scenarios.blocks import BLOCKS, HALL, LEASE, POWER, REFUSAL, by_name, supply_of
from tests.planning.scenarios.making import happening, known, level, moment

THE_LEASE = BlockSelection(names=("lease",))


def test_a_lease_that_is_cancelled_before_it_begins_never_does() -> None:
    event = LeaseCancelled(name="x", blocks=THE_LEASE, at=moment("2026-05-01"))
    assert by_name(happening(level(), blocks=BLOCKS))["lease"].tolist() == [0] * 6 + [400] * 18
    supply = by_name(happening(level(), event, blocks=BLOCKS))
    assert supply["lease"].max() == 0
    assert supply["hall"].tolist() == [1000] * 24


def test_one_that_is_there_goes_at_the_date() -> None:
    event = LeaseCancelled(name="x", blocks=BlockSelection(names=("hall",)), at=moment("2026-04-16"), share=known(0.5))
    np.testing.assert_allclose(
        by_name(happening(level(), event, blocks=BLOCKS))["hall"], [1000] * 3 + [750] + [500] * 20
    )


def test_an_amount_is_taken_pro_rata_and_never_more_than_there_is() -> None:
    both = BlockSelection(names=("hall", "lease"))
    event = LeaseCancelled(name="x", blocks=both, at=moment("2026-01-01"), amount=known(700))
    supply = by_name(happening(level(), event, blocks=BLOCKS))
    assert (supply["hall"][-1], supply["lease"][-1]) == (500, 200)
    event = LeaseCancelled(name="x", blocks=both, at=moment("2026-01-01"), amount=known(9000))
    supply = by_name(happening(level(), event, blocks=BLOCKS))
    assert (supply["hall"][-1], supply["lease"][-1]) == (0, 0)


def test_amounts_of_two_units_are_refused() -> None:
    event = LeaseCancelled(name="x", blocks=BlockSelection(), at=moment("2026-01-01"), amount=known(5))
    with pytest.raises(Invalid, match="accelerators and megawatts cannot be cancelled together"):
        happening(level(), event, blocks=(HALL, POWER))


def test_cancelling_never_raises_supply_on_any_path() -> None:
    event = LeaseCancelled(
        name="x", blocks=BlockSelection(), at=moment("2026-06-01", -90, 0, 90), share=Estimate(0.2, 0.5, 1)
    )
    demand = level(n_paths=300)
    before, after = supply_of(happening(demand, blocks=BLOCKS)), supply_of(happening(demand, event, blocks=BLOCKS))
    assert (after <= before).all()
    assert len(np.unique(after[0, :, -1])) > 100


def test_a_cancellation_after_the_right_to_it_has_ended_is_remarked() -> None:
    event = LeaseCancelled(name="x", blocks=THE_LEASE, at=moment("2026-05-01"))
    (remark,) = happening(level(), event, blocks=(REFUSAL,)).remarks
    assert remark == ("x: block 'lease' is cancelled on 2026-05-01, but the right to cancel it ends on 2026-02-01")
    early = replace(event, at=moment("2026-01-15"))
    assert happening(level(), early, blocks=(REFUSAL,)).remarks == ()


def test_blocks_that_are_not_there_are_refused() -> None:
    event = LeaseCancelled(name="x", blocks=BlockSelection(names=("lodge",)), at=moment("2026-05-01"))
    with pytest.raises(Invalid, match="block 'lodge', which is not in the ledger; there are hall, lease, talks"):
        happening(level(), event, blocks=BLOCKS)
    with pytest.raises(Invalid, match="the ledger is empty"):
        happening(level(), event)


def test_a_share_and_an_amount_at_once_are_refused() -> None:
    with pytest.raises(Invalid, match="not both"):
        LeaseCancelled(name="x", blocks=THE_LEASE, at=moment("2026-05-01"), share=known(1), amount=known(1))
    with pytest.raises(Invalid, match="share that is cancelled is 2"):
        LeaseCancelled(name="x", blocks=THE_LEASE, at=moment("2026-05-01"), share=known(2))


def test_a_block_of_nothing_can_be_cancelled() -> None:
    event = LeaseCancelled(name="x", blocks=THE_LEASE, at=moment("2026-05-01"), amount=known(5))
    assert by_name(happening(level(), event, blocks=(replace(LEASE, quantity=0.0),)))["lease"].max() == 0
