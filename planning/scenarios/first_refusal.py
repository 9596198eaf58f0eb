"""Rights of first refusal that are exercised."""

from dataclasses import dataclass, replace

import pandas as pd

from planning.ledger import Block, FirstRefusal, Milestone, Phase
from planning.scenarios.dice import Dice
from planning.scenarios.events import Event, Futures
from planning.scenarios.selecting import BlockSelection, selected_blocks
from planning.scenarios.takeovers import with_block
from planning.states import CommitmentState


@dataclass(frozen=True, kw_only=True)
class FirstRefusalExercised(Event):
    """More is taken by a right of first refusal: a block beside the one that gives the right.

    The new block is `<name>, first refusal`, signed but not there; it comes `lead_days` after the right is exercised,
    slips and converts as the first one does, costs the price of the right, and runs at the same cost per unit.

    Attributes:
        block: the name of the block that gives the right.
        at: when it is exercised, UTC.
    """

    block: str
    at: pd.Timestamp

    def change(self, futures: Futures, dice: Dice) -> Futures:  # noqa: ARG002 - nothing about it is uncertain
        """Futures in which it is exercised."""
        (held,) = selected_blocks(self.name, futures.blocks, BlockSelection(names=(self.block,)))
        right = held.first_refusal
        if right is None:
            self.refuse(f"block {held.name!r} gives no right of first refusal, or it was exercised before")
        if self.at > right.until:
            self.refuse(
                f"the right of first refusal on block {held.name!r} ends on {right.until:%Y-%m-%d}, before "
                f"{self.at:%Y-%m-%d}; exercise it earlier"
            )
        kept = tuple(replace(each, first_refusal=None) if each is held else each for each in futures.blocks)
        return with_block(self.name, replace(futures, blocks=kept), _taken(held, right, self.at))


def _taken(held: Block, right: FirstRefusal, at: pd.Timestamp) -> Block:
    online = at + pd.Timedelta(days=right.lead_days)
    per_unit = held.running_cost_per_month / held.quantity if held.quantity > 0 else 0.0
    end = held.end if held.end is not None and held.end > online else None
    return replace(
        held,
        name=f"{held.name}, first refusal",
        quantity=right.quantity,
        online=online,
        phase=Phase.LEASE,
        state=CommitmentState.PENDING,
        end=end,
        milestones={Phase.LEASE: Milestone(at, right.price)},
        running_cost_per_month=per_unit * right.quantity,
        after=(),
        ways_out=(),
        first_refusal=None,
    )
