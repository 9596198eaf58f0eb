"""Tenants that leave, and tenants that arrive."""

from dataclasses import dataclass, replace

import numpy as np

from demand.paths import DemandPaths
from demand.series import Selection, SeriesKey
from planning.estimates import Estimate
from planning.scenarios.curves import ramp
from planning.scenarios.dice import Dice, Moment
from planning.scenarios.events import Event, Futures, check_days, check_positive, check_share
from planning.scenarios.launches import with_added
from planning.scenarios.selecting import EVERYTHING, keys_of, series_rows

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


@dataclass(frozen=True, kw_only=True)
class TenantArrives(Event):
    """A tenant comes whose demand is like that of others, or of an own level.

    Where `share` is given, share x ramp(t) of the selected demand is added, path by path; otherwise level x ramp(t) is
    added to the series `key`. What is added belongs to the tenant, so that later events can be about it.

    Attributes:
        tenant: who comes.
        at: when it begins to come.
        share: of the selected demand, how much is added to it.
        selection: what the share is of, and where it is added.
        level: how much it uses, in the unit of demand.
        key: where a level is added; its tenant is replaced.
        ramp_days: until all of it is there.
    """

    tenant: str
    at: Moment
    share: Estimate | None = None
    selection: Selection = EVERYTHING
    level: Estimate | None = None
    key: SeriesKey | None = None
    ramp_days: float = 0.0

    def check(self) -> None:
        """Refuse what is neither a share nor a level, or both."""
        if not self.tenant:
            self.refuse("it does not say which tenant arrives; name it")
        if (self.share is None) is (self.level is None) or (self.level is None) is not (self.key is None):
            self.refuse("give either the share of a selection, or a level and the series that it is added to")
        for size in (self.share, self.level):
            if size is not None:
                check_positive(self.name, "the size", size)
        check_days(self.name, "the ramp", self.ramp_days)

    def change(self, futures: Futures, dice: Dice) -> Futures:
        """Futures in which it comes."""
        there = ramp(futures.edges, dice.days(self.name, "at", self.at), self.ramp_days)
        if self.level is not None and self.key is not None:
            level = np.maximum(dice.draw(self.name, "level", self.level), 0)
            key = replace(self.key, tenant=self.tenant)
            return replace(futures, demand=with_added(futures.demand, key, level[:, None] * there))
        rows = series_rows(self.name, futures.demand, self.selection)
        share = np.maximum(dice.draw(self.name, "share", self.share or ALL_OF_IT), 0)
        return replace(futures, demand=self._like(futures.demand, rows, share[:, None] * there))

    def _like(self, demand: DemandPaths, rows: list[int], factor: np.ndarray) -> DemandPaths:
        keys = keys_of(demand)
        added = demand
        for row in rows:
            added = with_added(added, replace(keys[row], tenant=self.tenant), demand.values[row] * factor)
        return added
