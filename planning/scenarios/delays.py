"""Slips beyond those that the ledger expects, and other chances of ever converting."""

from dataclasses import dataclass, replace

import numpy as np

from planning.estimates import Estimate
from planning.ledger import Block, Phase
from planning.scenarios.dice import Dice
from planning.scenarios.events import Event, Futures, check_share
from planning.scenarios.selecting import BlockSelection, selected_blocks


@dataclass(frozen=True, kw_only=True)
class Slip(Event):
    """Blocks come later than the ledger expects, all of them by the same time, as of one cause.

    Attributes:
        blocks: which; those that are live already are left out, and it is refused where no other is selected.
        days: added to their dates on every path; negative where they come earlier.
    """

    blocks: BlockSelection
    days: Estimate

    def change(self, futures: Futures, dice: Dice) -> Futures:
        """Futures in which they slip."""
        edits = futures.edits
        days = dice.draw(self.name, "days", self.days)
        for block in _not_live(self, futures, self.blocks):
            edits = edits.having(block.name, edits.of(block.name).later(days))
        return replace(futures, edits=edits)


@dataclass(frozen=True, kw_only=True)
class ConversionChange(Event):
    """Blocks convert with another chance than the ledger says: fail for good where it is 0.

    The draw that decides is the one that decides without the event, so a chance that is lowered takes paths away and
    adds none.

    Attributes:
        blocks: which; those that are live already are left out, and it is refused where no other is selected.
        chance: of ever converting.
    """

    blocks: BlockSelection
    chance: Estimate

    def check(self) -> None:
        """Refuse a chance that is none."""
        check_share(self.name, "the chance of converting", self.chance)

    def change(self, futures: Futures, dice: Dice) -> Futures:
        """Futures in which they convert with this chance."""
        edits = futures.edits
        chance = np.clip(dice.draw(self.name, "chance", self.chance), 0, 1)
        for block in _not_live(self, futures, self.blocks):
            edits = edits.having(block.name, replace(edits.of(block.name), conversion=chance))
        return replace(futures, edits=edits)


def _not_live(event: Event, futures: Futures, selection: BlockSelection) -> list[Block]:
    found = selected_blocks(event.name, futures.blocks, selection)
    waiting = [block for block in found if block.phase is not Phase.LIVE]
    if not waiting:
        event.refuse(f"block {found[0].name!r} is live, so it can neither slip nor fail; cancel it if it goes")
    return waiting
