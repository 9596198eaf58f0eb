import pytest

from planning.states import TRANSITIONS, CommitmentState, ForbiddenTransition, check_transition


def test_a_proposal_can_be_signed_and_what_was_canceled_does_not_come_back() -> None:
    check_transition("iowa", CommitmentState.PROPOSED, CommitmentState.PENDING)
    check_transition("iowa", CommitmentState.ACTIVE, CommitmentState.ACTIVE)
    with pytest.raises(ForbiddenTransition, match=r"'iowa' is canceled .* replaced by a new block"):
        check_transition("iowa", CommitmentState.CANCELED, CommitmentState.ACTIVE)


def test_a_refusal_names_what_may_follow() -> None:
    with pytest.raises(ForbiddenTransition, match="active, canceled, expired, superseded"):
        check_transition("iowa", CommitmentState.PENDING, CommitmentState.PROPOSED)


def test_every_state_says_what_may_follow() -> None:
    assert set(TRANSITIONS) == set(CommitmentState)
