"""Launches: demand that has no history."""

from dataclasses import dataclass, replace

import numpy as np

from demand.history import FloatArray
from demand.paths import DemandPaths
from demand.series import SeriesKey
from planning.estimates import Estimate
from planning.scenarios.curves import ramp
from planning.scenarios.dice import Dice, Moment
from planning.scenarios.events import Event, Futures, check_days, check_positive


@dataclass(frozen=True, kw_only=True)
class Launch(Event):
    """Something new that asks for level x ramp(t).

    Attributes:
        key: the series it is added to; a new one if there is no such series.
        at: when it is launched.
        level: how much it asks for in the end, in the unit of demand.
        ramp_days: until it asks for all of that.
    """

    key: SeriesKey
    at: Moment
    level: Estimate
    ramp_days: float = 0.0

    def check(self) -> None:
        """Refuse a level below zero."""
        check_positive(self.name, "the level", self.level)
        check_days(self.name, "the ramp", self.ramp_days)

    def change(self, futures: Futures, dice: Dice) -> Futures:
        """Futures in which it is launched."""
        level = np.maximum(dice.draw(self.name, "level", self.level), 0)
        there = ramp(futures.edges, dice.days(self.name, "at", self.at), self.ramp_days)
        return replace(futures, demand=with_added(futures.demand, self.key, level[:, None] * there))


def with_added(demand: DemandPaths, key: SeriesKey, added: FloatArray) -> DemandPaths:
    """Demand with more of one series, which may be new.

    Args:
        demand: by series.
        key: of the series.
        added: shape (n_paths, n_steps).
    """
    if key not in demand.labels:
        return replace(demand, labels=(*demand.labels, key), values=np.concatenate([demand.values, added[None]]))
    values = demand.values.copy()
    values[demand.labels.index(key)] += added
    return replace(demand, values=values)
