import pandas as pd
import pytest

from planning.ledger import Block, Exit, Phase, WayOut
from planning.pacing.actions import Move, actions, closed_ways, last_moment
from planning.states import CommitmentState


def day(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


NOW = day("2026-01-01")
WAYS = (
    WayOut(Exit.CANCEL, day("2026-03-01"), charge=5, refund=1),
    WayOut(Exit.SLOW, day("2026-06-01"), charge=1, charge_per_month=0.5, months=8),
    WayOut(Exit.PAUSE, day("2025-12-31"), months=9),
)
BLOCK = Block("iowa", 100, day("2027-01-01"), ways_out=WAYS)


def test_a_way_out_that_ended_yesterday_is_named_and_not_offered() -> None:
    found = actions(BLOCK, NOW)
    assert [str(each) for each in found] == ["proceed", "cancel", "slow by 3 months", "slow by 6 months"]
    (closed,) = closed_ways(BLOCK, NOW)
    assert (closed.block, closed.kind) == ("iowa", Exit.PAUSE)
    assert closed.reason == "it could be decided until 2025-12-31, which is before 2026-01-01"


def test_a_way_out_that_ends_now_is_still_offered() -> None:
    assert Move.PAUSE in {each.move for each in actions(BLOCK, day("2025-12-31"))}


def test_a_short_delay_is_tried_in_full() -> None:
    block = Block("iowa", 100, day("2027-01-01"), ways_out=(WayOut(Exit.SLOW, day("2026-06-01"), months=2),))
    assert [each.months for each in actions(block, NOW)] == [0, 2]


def test_a_charge_is_less_what_is_refunded_and_grows_with_the_months() -> None:
    charges = {str(each): each.charge for each in actions(BLOCK, NOW)}
    assert charges == {"proceed": 0, "cancel": 4, "slow by 3 months": 2.5, "slow by 6 months": 4}


def test_what_is_live_cannot_be_slowed() -> None:
    live = Block("x", 1, day("2025-01-01"), phase=Phase.LIVE, state=CommitmentState.ACTIVE, ways_out=WAYS[:2])
    assert [each.move for each in actions(live, NOW)] == [Move.PROCEED, Move.CANCEL]
    assert "pause it or cancel it" in closed_ways(live, NOW)[0].reason


@pytest.mark.parametrize(("now", "last"), [("2026-01-01", "2026-06-01"), ("2027-01-01", None)])
def test_the_last_moment_is_that_of_the_last_way_out(now: str, last: str | None) -> None:
    assert last_moment(BLOCK, day(now)) == (last and day(last))
