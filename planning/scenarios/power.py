"""Caps on power: what regions may draw, whatever is built there."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from planning.estimates import Estimate
from planning.scenarios.dice import Dice, Moment
from planning.scenarios.events import Event, Futures, check_positive
from planning.scenarios.selecting import BlockSelection, selected_blocks
from planning.scenarios.supply_edits import RegionCap


@dataclass(frozen=True, kw_only=True)
class PowerCap(Event):
    """The capacity of regions may together draw so much power and no more.

    It caps supply and not demand: what cannot run is short, and shows as shortage. What is left is shared between the
    regions' blocks in proportion to what they would draw.

    Attributes:
        regions: which; all if none is named.
        at: from when on.
        megawatts: the most that it may draw.
        megawatts_per_accelerator: what one accelerator draws with its host and cooling, by accelerator.
        until: when it ends; it stays if not given.
    """

    at: Moment
    megawatts: Estimate
    regions: tuple[str, ...] = ()
    megawatts_per_accelerator: Mapping[str, float] = field(default_factory=dict)
    until: Moment | None = None

    def check(self) -> None:
        """Refuse power below zero, and an end before the beginning."""
        check_positive(self.name, "the power", self.megawatts)
        for accelerator, power in self.megawatts_per_accelerator.items():
            if not 0 < power < np.inf:
                self.refuse(f"an accelerator {accelerator!r} draws {power:g} MW; give a number above zero")
        if self.until is not None and self.until.date <= self.at.date:
            self.refuse(f"it ends on {self.until.date:%Y-%m-%d}, not after it begins on {self.at.date:%Y-%m-%d}")

    def change(self, futures: Futures, dice: Dice) -> Futures:
        """Futures in which it holds."""
        selected = selected_blocks(self.name, futures.blocks, BlockSelection(region=self.regions))
        begins = dice.days(self.name, "at", self.at)
        ends = np.full(dice.n_paths, np.inf)
        if self.until is not None:
            ends = np.maximum(dice.days(self.name, "until", self.until), begins)
        cap = RegionCap(
            self.regions,
            np.maximum(dice.draw(self.name, "megawatts", self.megawatts), 0),
            begins,
            ends,
            self.megawatts_per_accelerator,
        )
        for block in selected:
            cap.rate(block)
        return replace(futures, edits=replace(futures.edits, caps=(*futures.edits.caps, cap)))
