from dataclasses import replace

import pandas as pd
import pytest

from demand.errors import Invalid
from planning.amendments import LastingBlock, PhaseReversal, check_amendment, check_changes, check_removal
from planning.ledger import Block, Phase
from planning.states import TRANSITIONS, CommitmentState, ForbiddenTransition

BLOCK = Block("b", 10, pd.Timestamp("2027-01-01", tz="UTC"), phase=Phase.SHELL)
ENDED = {CommitmentState.EXPIRED, CommitmentState.CANCELED, CommitmentState.SUPERSEDED}


@pytest.mark.parametrize("present", list(CommitmentState))
@pytest.mark.parametrize("wanted", list(CommitmentState))
def test_a_state_follows_where_the_table_says_so_and_stays_where_it_is(
    present: CommitmentState, wanted: CommitmentState
) -> None:
    before, after = replace(BLOCK, state=present), replace(BLOCK, state=wanted, quantity=11)
    if wanted is present or wanted in TRANSITIONS[present]:
        check_amendment(before, after, "")
    else:
        with pytest.raises(ForbiddenTransition, match="states that may follow"):
            check_amendment(before, after, "whatever is noted")


@pytest.mark.parametrize("state", sorted(ENDED))
def test_what_has_ended_does_not_come_back(state: CommitmentState) -> None:
    assert TRANSITIONS[state] == frozenset()


def test_a_phase_goes_on_freely_and_back_with_a_reason_only() -> None:
    check_amendment(BLOCK, replace(BLOCK, phase=Phase.LIVE), "")
    back = replace(BLOCK, phase=Phase.LAND)
    with pytest.raises(PhaseReversal, match="from shell to land; say why"):
        check_amendment(BLOCK, back, " ")
    check_amendment(BLOCK, back, "the permit was lost")


@pytest.mark.parametrize("state", list(CommitmentState))
def test_only_a_proposal_is_removed(state: CommitmentState) -> None:
    if state is CommitmentState.PROPOSED:
        check_removal(replace(BLOCK, state=state))
    else:
        with pytest.raises(LastingBlock, match="canceled or superseded"):
            check_removal(replace(BLOCK, state=state))


def test_changes_are_held_against_the_ledger_that_they_make() -> None:
    present = {"b": BLOCK}
    waiting = replace(BLOCK, name="c", after=("b",))
    check_changes(present, {"c": waiting}, "")
    for wanted, told in [
        ({"b": None, "c": waiting}, "waits for 'b', which is not in the ledger"),
        ({"b": replace(BLOCK, after=("c",)), "c": waiting}, "in a circle: b, c"),
        ({"c": replace(waiting, currency="EUR")}, "EUR and USD"),
    ]:
        with pytest.raises(Invalid, match=told):
            check_changes(present, wanted, "")
    check_changes(present, {"b": replace(BLOCK, currency="EUR"), "c": replace(waiting, currency="EUR")}, "")
