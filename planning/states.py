"""The states of a commitment, and which may follow which."""

from collections.abc import Mapping
from enum import StrEnum

from demand.errors import Conflict


class CommitmentState(StrEnum):
    """The state of a commitment, in the terms of FOCUS 1.4."""

    PROPOSED = "proposed"
    PENDING = "pending"
    ACTIVE = "active"
    EXHAUSTED = "exhausted"
    EXPIRED = "expired"
    CANCELED = "canceled"
    SUPERSEDED = "superseded"


TRANSITIONS: Mapping[CommitmentState, frozenset[CommitmentState]] = {
    CommitmentState.PROPOSED: frozenset(
        {CommitmentState.PENDING, CommitmentState.ACTIVE, CommitmentState.CANCELED, CommitmentState.SUPERSEDED}
    ),
    CommitmentState.PENDING: frozenset(
        {CommitmentState.ACTIVE, CommitmentState.CANCELED, CommitmentState.EXPIRED, CommitmentState.SUPERSEDED}
    ),
    CommitmentState.ACTIVE: frozenset(
        {
            CommitmentState.EXHAUSTED,
            CommitmentState.EXPIRED,
            CommitmentState.CANCELED,
            CommitmentState.SUPERSEDED,
        }
    ),
    CommitmentState.EXHAUSTED: frozenset({CommitmentState.ACTIVE, CommitmentState.EXPIRED, CommitmentState.SUPERSEDED}),
    CommitmentState.EXPIRED: frozenset(),
    CommitmentState.CANCELED: frozenset(),
    CommitmentState.SUPERSEDED: frozenset(),
}
"""Which state may follow which; what has ended does not come back, a new block takes its place."""


class ForbiddenTransition(Conflict):
    """A block cannot go from its state to the one that was asked for."""

    def __init__(self, name: str, present: CommitmentState, wanted: CommitmentState) -> None:
        allowed = ", ".join(sorted(TRANSITIONS[present])) or "none: what has ended is replaced by a new block"
        super().__init__(f"block {name!r} is {present} and cannot become {wanted}; states that may follow: {allowed}")


def check_transition(name: str, present: CommitmentState, wanted: CommitmentState) -> None:
    """Refuse a change of state that is not allowed.

    Raises:
        ForbiddenTransition: it is not.
    """
    if wanted is not present and wanted not in TRANSITIONS[present]:
        raise ForbiddenTransition(name, present, wanted)
