"""The draws of a scenario: every uncertain number of every event by its name, so that scenarios share them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from demand.history import FloatArray
from planning.estimates import Estimate, normal_draws
from planning.ledger import ON_TIME
from planning.scenarios.curves import to_days


@dataclass(frozen=True)
class Moment:
    """A date that may not be known exactly.

    Attributes:
        date: UTC.
        shift_days: how much later it may be, in days.
    """

    date: pd.Timestamp
    shift_days: Estimate = ON_TIME

    @property
    def middle_days(self) -> float:
        """The middle of what it may be, in days since 1970."""
        return to_days(self.date) + self.shift_days.mid


@dataclass(frozen=True)
class Dice:
    """Draws that depend on the seed and on names alone (common random numbers).

    Attributes:
        seed: of all draws.
        n_paths: how many draws each number has.
        pinned: normal scores that replace the draws of the numbers of these names.
        still: whether all others are taken at their middle.
    """

    seed: int
    n_paths: int
    pinned: Mapping[str, float] = field(default_factory=dict)
    still: bool = False

    def draw(self, event: str, number: str, estimate: Estimate) -> FloatArray:
        """Values of an uncertain number of an event, shape (n_paths,)."""
        name = number_name(event, number)
        if name in self.pinned or self.still or estimate.is_certain:
            return estimate.at(np.full(self.n_paths, self.pinned.get(name, 0.0)))
        return estimate.at(normal_draws(self.seed, name, self.n_paths))

    def days(self, event: str, number: str, moment: Moment) -> FloatArray:
        """An uncertain date of an event in days since 1970, shape (n_paths,)."""
        return to_days(moment.date) + self.draw(event, number, moment.shift_days)


def number_name(event: str, number: str) -> str:
    """What the draws of a number of an event go by."""
    return f"event/{event}/{number}"
