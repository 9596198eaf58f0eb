"""Demand that goes elsewhere."""

from dataclasses import dataclass

import numpy as np

from demand.series import Selection
from planning.estimates import Estimate
from planning.scenarios.curves import ramp
from planning.scenarios.dice import Dice, Moment
from planning.scenarios.events import Event, Futures, check_days, check_share
from planning.scenarios.selecting import series_rows

ALL_OF_IT = Estimate.certain(1.0)


@dataclass(frozen=True, kw_only=True)
class TenantLeaves(Event):
    """A tenant, or a share of the selected demand, goes elsewhere.

    Of the selected demand 1 - share x ramp(t) stays.

    Attributes:
        selection: whose demand; name the tenant where tenants are told apart, and the workload if only that goes.
        at: when it begins to leave.
        share: how much of it leaves.
        ramp_days: until all of that has left.
    """

    selection: Selection
    at: Moment
    share: Estimate = ALL_OF_IT
    ramp_days: float = 0.0

    def check(self) -> None:
        """Refuse a share that is none."""
        check_share(self.name, "the share that leaves", self.share)
        check_days(self.name, "the ramp", self.ramp_days)

    def change(self, futures: Futures, dice: Dice) -> Futures:
        """Futures in which it leaves."""
        rows = series_rows(self.name, futures.demand, self.selection)
        share = np.clip(dice.draw(self.name, "share", self.share), 0, 1)
        gone = ramp(futures.edges, dice.days(self.name, "at", self.at), self.ramp_days)
        return futures.scaled(rows, 1 - share[:, None] * gone)
