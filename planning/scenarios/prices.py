"""Changes of price, and what demand makes of them."""

from dataclasses import dataclass

import numpy as np

from demand.series import Selection
from planning.estimates import Estimate
from planning.scenarios.curves import ramp
from planning.scenarios.dice import Dice, Moment
from planning.scenarios.events import Event, Futures, check_days, told
from planning.scenarios.selecting import series_rows

_LEAST_CHANGE = -0.99


@dataclass(frozen=True, kw_only=True)
class PriceChange(Event):
    """A price changes, and demand answers with a constant elasticity.

    In the end demand is multiplied by (1 + change) ** elasticity, and on the way there by the ramp's share of it.

    Attributes:
        selection: whose price.
        at: when it changes.
        change_of_price: relative; -0.3 for a price that falls by 30 %.
        elasticity: of demand with respect to price; negative where a lower price is answered by more demand.
        ramp_days: until demand has answered in full.
    """

    selection: Selection
    at: Moment
    change_of_price: Estimate
    elasticity: Estimate
    ramp_days: float = 0.0

    def check(self) -> None:
        """Refuse prices that fall to nothing."""
        if self.change_of_price.low < _LEAST_CHANGE:
            self.refuse(f"the price changes by {told(self.change_of_price)}; give more than {_LEAST_CHANGE:g}")
        check_days(self.name, "the ramp", self.ramp_days)

    def change(self, futures: Futures, dice: Dice) -> Futures:
        """Futures in which the price has changed."""
        rows = series_rows(self.name, futures.demand, self.selection)
        change = np.maximum(dice.draw(self.name, "change_of_price", self.change_of_price), _LEAST_CHANGE)
        answer = (1 + change) ** dice.draw(self.name, "elasticity", self.elasticity)
        there = ramp(futures.edges, dice.days(self.name, "at", self.at), self.ramp_days)
        return futures.scaled(rows, 1 + there * (answer[:, None] - 1))
