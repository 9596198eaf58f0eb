"""Gains in efficiency, and the demand that they call forth."""

from dataclasses import dataclass

import numpy as np

from demand.series import Selection
from planning.estimates import Estimate
from planning.scenarios.curves import logistic
from planning.scenarios.dice import Dice, Moment
from planning.scenarios.events import Event, Futures, check_days, check_positive, check_share, told
from planning.scenarios.selecting import series_rows

NO_REBOUND = Estimate.certain(0.0)
EVERYONE = Estimate.certain(1.0)


@dataclass(frozen=True, kw_only=True)
class EfficiencyGain(Event):
    """An accelerator does `factor` times the work, for those who have adopted what makes it so.

    Work gets cheaper by the factor, and so factor ** rebound times as much is asked for. An adopter needs
    factor ** (rebound - 1) times the accelerators; demand is multiplied by 1 - a(t) + a(t) x factor ** (rebound - 1),
    where a(t) is the share that has adopted: `reach` times a logistic curve.

    Attributes:
        selection: whose work.
        middle: when one half of those who ever will have adopted it.
        factor: the work of an accelerator with it, relative to one without; at least 1.
        adoption_days: from one tenth to nine tenths of those who ever will.
        reach: the share that ever adopts it.
        rebound: elasticity of work with respect to what it takes; 0 for none, 1 where more work takes back the whole
            gain, and above that demand rises (Jevons, 1865; Saunders, 1992).
    """

    selection: Selection
    middle: Moment
    factor: Estimate
    adoption_days: float = 0.0
    reach: Estimate = EVERYONE
    rebound: Estimate = NO_REBOUND

    def check(self) -> None:
        """Refuse losses, and elasticities of the wrong sign."""
        if self.factor.low < 1:
            self.refuse(f"the factor of an efficiency gain is {told(self.factor)}; give one of at least 1")
        check_share(self.name, "the reach", self.reach)
        check_positive(self.name, "the rebound elasticity", self.rebound)
        check_days(self.name, "the time of adoption", self.adoption_days)

    def change(self, futures: Futures, dice: Dice) -> Futures:
        """Futures in which it is adopted."""
        rows = series_rows(self.name, futures.demand, self.selection)
        factor = np.maximum(dice.draw(self.name, "factor", self.factor), 1)
        rebound = np.maximum(dice.draw(self.name, "rebound", self.rebound), 0)
        reach = np.clip(dice.draw(self.name, "reach", self.reach), 0, 1)
        middle = dice.days(self.name, "middle", self.middle)
        adopted = reach[:, None] * logistic(futures.edges, middle, self.adoption_days)
        needed = factor ** (rebound - 1)
        return futures.scaled(rows, 1 - adopted + adopted * needed[:, None])
