from dataclasses import replace

import pytest

from demand.errors import Invalid
from planning.ledger import Milestone, Phase
from planning.scenarios.delays import Slip
from planning.scenarios.first_refusal import FirstRefusalExercised
from planning.scenarios.selecting import BlockSelection
from planning.states import CommitmentState
from tests.planning.scenarios.blocks import HALL, REFUSAL, by_name
from tests.planning.scenarios.making import day, happening, known, level

ALL = BlockSelection()


def test_exercising_a_right_adds_what_it_gives() -> None:
    futures = happening(
        level(), FirstRefusalExercised(name="x", blocks=ALL, at=day("2026-05-03")), blocks=(HALL, REFUSAL)
    )
    taken = futures.blocks[-1]
    assert taken.name == "lease, first refusal"
    assert (taken.quantity, taken.online, taken.region) == (100, day("2026-08-01"), "eu")
    assert (taken.phase, taken.state) == (Phase.LEASE, CommitmentState.PENDING)
    assert taken.milestones == {Phase.LEASE: Milestone(day("2026-05-03"), 50.0)}
    assert taken.running_cost_per_month == 200
    assert by_name(futures)[taken.name].tolist() == [0] * 7 + [100] * 17


def test_a_right_that_has_ended_or_is_none_is_refused() -> None:
    with pytest.raises(Invalid, match="on block 'lease' ends on 2026-06-01, before 2026-06-02; exercise it earlier"):
        happening(level(), FirstRefusalExercised(name="x", blocks=ALL, at=day("2026-06-02")), blocks=(REFUSAL,))
    with pytest.raises(Invalid, match="block 'hall' gives no right of first refusal"):
        happening(level(), FirstRefusalExercised(name="x", blocks=ALL, at=day("2026-05-01")), blocks=(HALL,))


def test_a_right_is_exercised_once() -> None:
    named = BlockSelection(names=("lease",))
    events = [
        FirstRefusalExercised(name="x", blocks=ALL, at=day("2026-05-01")),
        FirstRefusalExercised(name="y", blocks=named, at=day("2026-05-01")),
    ]
    with pytest.raises(Invalid, match="or it was exercised before"):
        happening(level(), *events, blocks=(REFUSAL,))


def test_what_was_taken_can_slip() -> None:
    exercised = FirstRefusalExercised(name="x", blocks=ALL, at=day("2026-05-03"))
    late = Slip(name="y", blocks=BlockSelection(names=("lease, first refusal",)), days=known(31))
    assert by_name(happening(level(), exercised, late, blocks=(REFUSAL,)))["lease, first refusal"].tolist() == (
        [0] * 8 + [100] * 16
    )


def test_more_of_what_ends_before_it_comes_stays() -> None:
    brief = replace(REFUSAL, end=day("2026-07-15"))
    futures = happening(level(), FirstRefusalExercised(name="x", blocks=ALL, at=day("2026-05-03")), blocks=(brief,))
    assert futures.blocks[-1].end is None
