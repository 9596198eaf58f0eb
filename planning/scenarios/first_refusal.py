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
    """More is taken by the rights of first refusal that the selected blocks give: a block beside each of them.

    The new block is `<name>, first refusal`, signed but not there; it comes `lead_days` after the right is exercised,
    slips and converts as the first one does, costs the price of the right, and runs at the same cost per unit.

    Attributes:
        blocks: those that give the rights; others that are selected are left out.
        at: when they are exercised, UTC.
    """

    blocks: BlockSelection
    at: pd.Timestamp

    def change(self, futures: Futures, dice: Dice) -> Futures:  # noqa: ARG002 - nothing about it is uncertain
        """Futures in which they are exercised."""
        found = selected_blocks(self.name, futures.blocks, self.blocks)
        if all(block.first_refusal is None for block in found):
            self.refuse(f"block {found[0].name!r} gives no right of first refusal, or it was exercised before")
        for held in found:
            if held.first_refusal is not None:
                futures = self._exercised(futures, held, held.first_refusal)
        return futures

    def _exercised(self, futures: Futures, held: Block, right: FirstRefusal) -> Futures:
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
