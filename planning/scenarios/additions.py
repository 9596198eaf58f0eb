"""Demand that is added: launches, and tenants that arrive."""

from dataclasses import dataclass, replace

import numpy as np

from demand.history import FloatArray
from demand.paths import DemandPaths
from demand.series import Selection, SeriesKey
from planning.estimates import Estimate
from planning.scenarios.curves import ramp
from planning.scenarios.dice import Dice, Moment
from planning.scenarios.events import Event, Futures, check_days, check_positive
from planning.scenarios.selecting import EVERYTHING, keys_of, series_rows


@dataclass(frozen=True, kw_only=True)
class Addition(Event):
    """Demand comes to what is there, as a share of it or of a level of its own.

    Where `share` is given, share x ramp(t) of the selected demand is added to each of its series, path by path;
    otherwise level x ramp(t) is added to the series `key`, which is a new one if there is none.

    Attributes:
        at: when it begins.
        share: of the selected demand.
        selection: what the share is of, and where it is added.
        level: in the unit of demand.
        key: where a level is added.
        ramp_days: until all of it is there.
    """

    at: Moment
    share: Estimate | None = None
    selection: Selection = EVERYTHING
    level: Estimate | None = None
    key: SeriesKey | None = None
    ramp_days: float = 0.0

    def check(self) -> None:
        """Refuse what is neither a share nor a level, or both."""
        if (self.share is None) is (self.level is None) or (self.level is None) is not (self.key is None):
            self.refuse("give either the share of a selection, or a level and the series that it is added to")
        for size in (self.share, self.level):
            if size is not None:
                check_positive(self.name, "the size", size)
        check_days(self.name, "the ramp", self.ramp_days)

    def owned(self, key: SeriesKey) -> SeriesKey:
        """The series that what is added to a series belongs to."""
        return key

    def change(self, futures: Futures, dice: Dice) -> Futures:
        """Futures in which it has come."""
        there = ramp(futures.edges, dice.days(self.name, "at", self.at), self.ramp_days)
        demand = futures.demand
        if self.level is not None and self.key is not None:
            level = np.maximum(dice.draw(self.name, "level", self.level), 0)
            return replace(futures, demand=with_added(demand, self.owned(self.key), level[:, None] * there))
        rows = series_rows(self.name, demand, self.selection)
        keys = keys_of(demand)
        share = np.maximum(dice.draw(self.name, "share", self.share or Estimate.certain(0.0)), 0)
        added = demand
        for row in rows:
            added = with_added(added, self.owned(keys[row]), demand.values[row] * share[:, None] * there)
        return replace(futures, demand=added)


@dataclass(frozen=True, kw_only=True)
class Launch(Addition):
    """Something new is launched, and asks for compute that has no history."""


@dataclass(frozen=True, kw_only=True)
class TenantArrives(Addition):
    """A tenant comes; what is added belongs to it, so that later events can be about it.

    Attributes:
        tenant: who comes.
    """

    tenant: str

    def check(self) -> None:
        """Refuse a tenant without a name."""
        if not self.tenant:
            self.refuse("it does not say which tenant arrives; name it")
        super().check()

    def owned(self, key: SeriesKey) -> SeriesKey:
        """The series of the tenant in the place of another's."""
        return replace(key, tenant=self.tenant)


def with_added(demand: DemandPaths, key: SeriesKey, added: FloatArray) -> DemandPaths:
    """Demand with more of one series, which may be new.

    Args:
        demand: by series.
        key: of the series.
        added: shape (n_paths, n_steps).
    """
    if key not in demand.labels:
        return replace(demand, labels=(*demand.labels, key), values=np.concatenate([demand.values, added[None]]))
    values = demand.values.astype(np.float64)
    values[demand.labels.index(key)] += added
    return replace(demand, values=values)
