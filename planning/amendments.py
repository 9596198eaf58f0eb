"""What may become of a block that is in the ledger."""

from collections.abc import Mapping

from demand.errors import Conflict
from planning.ledger import Block, check_ledger
from planning.states import CommitmentState, check_transition


class PhaseReversal(Conflict):
    """A block goes back to an earlier phase, and nobody said why."""


class LastingBlock(Conflict):
    """A block is more than a proposal, so it is ended and not removed."""

    def __init__(self, block: Block) -> None:
        super().__init__(
            f"block {block.name!r} is {block.state}, and only one that is proposed can be removed as a mistake; end it "
            "as canceled or superseded"
        )


def check_amendment(before: Block, after: Block, note: str) -> None:
    """Refuse a change that cannot be: a state that may not follow, or a phase that goes back without a reason.

    Phases go back when a permit is lost or an entry was wrong; the note says which.

    Raises:
        ForbiddenTransition: the state may not follow.
        PhaseReversal: the phase goes back and there is no note.
    """
    check_transition(before.name, before.state, after.state)
    if after.phase.rank < before.phase.rank and not note.strip():
        raise PhaseReversal(
            f"block {before.name!r} goes back from {before.phase} to {after.phase}; say why in a note to the change"
        )


def check_removal(block: Block) -> None:
    """Refuse the removal of a block that is more than a proposal.

    Raises:
        LastingBlock: it is.
    """
    if block.state is not CommitmentState.PROPOSED:
        raise LastingBlock(block)


def check_changes(present: Mapping[str, Block], wanted: Mapping[str, Block | None], note: str) -> None:
    """Refuse changes that cannot be made to a ledger.

    Args:
        present: its blocks by name.
        wanted: what they are to be, None for those that are to be removed; blocks that are not named stay.
        note: why.

    Raises:
        Invalid: the blocks would not go together.
        Conflict: a block cannot become what is wanted, or cannot be removed.
    """
    for name, block in wanted.items():
        if block is None:
            check_removal(present[name])
        elif name in present:
            check_amendment(present[name], block, note)
    merged = {**present, **wanted}
    check_ledger([block for block in merged.values() if block is not None])
