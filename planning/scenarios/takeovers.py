"""Capacity that changes hands: what others let go, and what they take."""

from dataclasses import dataclass, replace

import numpy as np

from demand.errors import Invalid
from planning.estimates import Estimate
from planning.ledger import Block
from planning.scenarios.departures import ALL_OF_IT
from planning.scenarios.dice import Dice, Moment
from planning.scenarios.events import Event, Futures, check_share, told
from planning.scenarios.leases import cut_block
from planning.scenarios.selecting import BlockSelection, selected_blocks
from planning.scenarios.supply_edits import Cut


@dataclass(frozen=True, kw_only=True)
class CapacityReleased(Event):
    """Others let capacity go, and it is taken into the ledger.

    Attributes:
        block: what is gained; its name must be new, and its quantity, slip and chance are those of the ledger.
        quantity: how much of it in place of the block's own, in its unit.
    """

    block: Block
    quantity: Estimate | None = None

    def check(self) -> None:
        """Refuse a quantity that may be below zero."""
        if self.quantity is not None and self.quantity.low < 0:
            self.refuse(f"the quantity is {told(self.quantity)}; give one that is not negative")

    def change(self, futures: Futures, dice: Dice) -> Futures:
        """Futures in which it is gained."""
        if self.quantity is None:
            return with_block(self.name, futures, self.block)
        drawn = np.maximum(dice.draw(self.name, "quantity", self.quantity), 0)
        most = float(drawn.max())
        gained = with_block(self.name, futures, replace(self.block, quantity=most))
        always = np.full(dice.n_paths, -np.inf)
        left = drawn / most if most > 0 else np.ones_like(drawn)
        return cut_block(gained, self.block, Cut(always, left))


@dataclass(frozen=True, kw_only=True)
class CapacityTaken(Event):
    """Others take up capacity that was not fixed; from the date on it is theirs.

    Attributes:
        blocks: which.
        at: when.
        share: how much of each they take.
    """

    blocks: BlockSelection
    at: Moment
    share: Estimate = ALL_OF_IT

    def check(self) -> None:
        """Refuse a share that is none."""
        check_share(self.name, "the share that is taken", self.share)

    def change(self, futures: Futures, dice: Dice) -> Futures:
        """Futures in which they have taken it."""
        cut = Cut(dice.days(self.name, "at", self.at), 1 - np.clip(dice.draw(self.name, "share", self.share), 0, 1))
        for block in selected_blocks(self.name, futures.blocks, self.blocks):
            futures = cut_block(futures, block, cut)
        return futures


def with_block(event: str, futures: Futures, block: Block) -> Futures:
    """Futures with one more block.

    Raises:
        Invalid: its name is taken.
    """
    if any(other.name == block.name for other in futures.blocks):
        raise Invalid(f"event {event!r} adds block {block.name!r}, which the ledger has already; give it another name")
    return replace(futures, blocks=(*futures.blocks, block))
