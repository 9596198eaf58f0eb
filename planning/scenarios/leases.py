"""Leases that are cancelled."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from demand.history import FloatArray
from planning.estimates import Estimate
from planning.ledger import Block, Exit
from planning.scenarios.departures import ALL_OF_IT
from planning.scenarios.dice import Dice, Moment
from planning.scenarios.events import Event, Futures, check_positive, check_share
from planning.scenarios.selecting import BlockSelection, selected_blocks
from planning.scenarios.supply_edits import Cut


@dataclass(frozen=True, kw_only=True)
class LeaseCancelled(Event):
    """Blocks are let go, in whole or in part: from the date on they are not there, and before they are as planned.

    Attributes:
        blocks: which.
        at: when.
        share: how much of each.
        amount: how much of all of them together in place of a share, in their unit, each giving its part pro rata; all
            of them if it is more than they have.
    """

    blocks: BlockSelection
    at: Moment
    share: Estimate | None = None
    amount: Estimate | None = None

    def check(self) -> None:
        """Refuse two sizes at once."""
        if self.share is not None and self.amount is not None:
            self.refuse("give the share that is cancelled, or the amount, not both")
        if self.share is not None:
            check_share(self.name, "the share that is cancelled", self.share)
        if self.amount is not None:
            check_positive(self.name, "the amount that is cancelled", self.amount)

    def change(self, futures: Futures, dice: Dice) -> Futures:
        """Futures in which they are cancelled."""
        found = selected_blocks(self.name, futures.blocks, self.blocks)
        left = 1 - self._gone(found, dice)
        when = dice.days(self.name, "at", self.at)
        for block in found:
            futures = cut_block(futures, block, Cut(when, left))
            way = block.way_out(Exit.CANCEL)
            if way is not None and way.until < self.at.date:
                futures = futures.remarked(
                    f"{self.name}: block {block.name!r} is cancelled on {_day(self.at.date)}, but the right to cancel "
                    f"it ends on {_day(way.until)}"
                )
        return futures

    def _gone(self, found: list[Block], dice: Dice) -> FloatArray:
        if self.amount is None:
            return np.clip(dice.draw(self.name, "share", self.share or ALL_OF_IT), 0, 1)
        units = sorted({block.unit for block in found})
        if len(units) > 1:
            self.refuse(f"an amount of {' and '.join(units)} cannot be cancelled together; give a share, or one unit")
        total = sum(block.quantity for block in found)
        amount = np.maximum(dice.draw(self.name, "amount", self.amount), 0)
        return np.minimum(1.0, amount / total) if total > 0 else np.zeros_like(amount)


def cut_block(futures: Futures, block: Block, cut: Cut) -> Futures:
    """Futures in which less of a block is left."""
    edit = futures.edits.of(block.name).cut(cut)
    return replace(futures, edits=futures.edits.having(block.name, edit))


def _day(instant: pd.Timestamp) -> str:
    return instant.strftime("%Y-%m-%d")
