from dataclasses import replace

import pandas as pd
import pytest

from demand.errors import Invalid
from planning.estimates import Estimate
from planning.ledger import Block, Commitment, Exit, FirstRefusal, Milestone, Phase, WayOut, check_ledger, in_order
from planning.states import CommitmentState


def day(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


BLOCK = Block("iowa", 1000, day("2027-06-01"))
LIVE = replace(BLOCK, phase=Phase.LIVE, state=CommitmentState.ACTIVE)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "no name"),
        ({"quantity": -1.0}, "quantity of block 'iowa' is -1"),
        ({"running_cost_per_month": -5.0}, "running cost of block 'iowa' is -5"),
        ({"unit": "racks"}, "accelerators and megawatts"),
        ({"conversion": 1.5}, "between 0 and 1"),
        ({"online": pd.Timestamp("2027-06-01")}, "no UTC offset"),
        ({"end": day("2027-06-01")}, "not after it is online"),
        ({"phase": Phase.LIVE, "conversion": 0.5}, "live and may still slip"),
        ({"milestones": {Phase.CHIPS: Milestone(day("2027-07-01"))}}, "completes chips on 2027-07-01, after live"),
        (
            {"milestones": {Phase.SHELL: Milestone(day("2026-02-01")), Phase.LAND: Milestone(day("2026-03-01"))}},
            "completes land on 2026-03-01, after shell on 2026-02-01",
        ),
        ({"ways_out": (WayOut(Exit.CANCEL, day("2026-01-01")),) * 2}, "a way out twice"),
    ],
)
def test_an_impossible_block_is_refused_with_the_reason(change: dict[str, object], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        replace(BLOCK, **change)  # type: ignore[arg-type]


def test_ways_out_and_rights_are_checked() -> None:
    with pytest.raises(Invalid, match="months for pause and slow only"):
        WayOut(Exit.CANCEL, day("2026-01-01"), months=3)
    with pytest.raises(Invalid, match="months for pause and slow only"):
        WayOut(Exit.SLOW, day("2026-01-01"))
    with pytest.raises(Invalid, match="charge of a way to cancel is -2"):
        WayOut(Exit.CANCEL, day("2026-01-01"), charge=-2)
    with pytest.raises(Invalid, match="quantity of a right"):
        FirstRefusal(-1, day("2026-01-01"))
    with pytest.raises(Invalid, match="cost of a phase is -3"):
        Milestone(cost=-3)


def test_a_way_out_is_found_by_its_kind() -> None:
    way = WayOut(Exit.SLOW, day("2026-01-01"), months=6)
    assert replace(BLOCK, ways_out=(way,)).way_out(Exit.SLOW) == way
    assert BLOCK.way_out(Exit.SLOW) is None


def test_live_is_within_committed_is_within_everything() -> None:
    states = [replace(LIVE, state=state) for state in CommitmentState]
    states += [replace(BLOCK, state=state, slip_days=Estimate(0, 10, 90)) for state in CommitmentState]
    counted = [{block for block in range(len(states)) if level.counts(states[block])} for level in Commitment]
    assert counted[0] < counted[1] < counted[2]
    ended = {CommitmentState.EXPIRED, CommitmentState.CANCELED, CommitmentState.SUPERSEDED}
    assert all(states[row].state not in ended for row in counted[2])


def test_a_ledger_needs_one_currency_unique_names_and_no_circles() -> None:
    other = replace(BLOCK, name="ohio")
    check_ledger([BLOCK, other])
    with pytest.raises(Invalid, match="two blocks 'iowa'"):
        check_ledger([BLOCK, BLOCK])
    with pytest.raises(Invalid, match="EUR and USD"):
        check_ledger([BLOCK, replace(other, currency="EUR")])
    with pytest.raises(Invalid, match="waits for 'utah'"):
        check_ledger([replace(BLOCK, after=("utah",))])
    with pytest.raises(Invalid, match="circle: iowa, ohio"):
        check_ledger([replace(BLOCK, after=("ohio",)), replace(other, after=("iowa",))])


def test_each_block_comes_after_those_it_waits_for() -> None:
    assert in_order({"chips": ("hall", "power"), "hall": ("power",), "power": ()}) == ["power", "hall", "chips"]
