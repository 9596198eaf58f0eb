"""Growth that is stated and replaces the paths' own."""

from dataclasses import dataclass

import numpy as np

from demand.calendar import Granularity
from demand.history import FloatArray
from demand.series import Selection
from planning.estimates import Estimate
from planning.scenarios.curves import to_days
from planning.scenarios.dice import Dice, Moment
from planning.scenarios.events import Event, Futures, told
from planning.scenarios.selecting import series_rows

_DAYS_PER_YEAR = 365.25
_BUCKETS_PER_YEAR = {Granularity.DAY: 365, Granularity.WEEK: 52, Granularity.MONTH: 12}


@dataclass(frozen=True, kw_only=True)
class GrowthOverride(Event):
    """Selected demand grows by a stated rate a year in place of its own, and keeps its seasons and its variation.

    Its own rate is that of the mean over all paths of the selected sum, after the beginning: the average of what
    buckets a year apart tell, and where none are, the slope of a line through the logarithms. Every path is multiplied
    by ((1 + annual_growth) / (1 + own rate)) ** years since the beginning.

    Attributes:
        selection: whose growth.
        begins: from when on.
        annual_growth: relative; 0.4 for 40 % a year.
        ends: until when; to the end if not given. Demand then goes on from where it is with its own growth.
    """

    selection: Selection
    begins: Moment
    annual_growth: Estimate
    ends: Moment | None = None

    def check(self) -> None:
        """Refuse a growth that leaves nothing, and an end before the beginning."""
        if self.annual_growth.low <= -1:
            self.refuse(f"annual growth is {told(self.annual_growth)}; give more than -1, which is the loss of all")
        if self.ends is not None and self.ends.date <= self.begins.date:
            self.refuse(f"it ends on {self.ends.date:%Y-%m-%d}, not after it begins on {self.begins.date:%Y-%m-%d}")

    def change(self, futures: Futures, dice: Dice) -> Futures:
        """Futures in which demand grows like that."""
        rows = series_rows(self.name, futures.demand, self.selection)
        edges = futures.edges
        middles = (edges[1:] + edges[:-1]) / 2
        begins = np.maximum(dice.days(self.name, "begins", self.begins), edges[0])
        ends = np.full(dice.n_paths, edges[-1])
        if self.ends is not None:
            ends = np.maximum(dice.days(self.name, "ends", self.ends), begins)
        years = np.clip(middles[None, :] - begins[:, None], 0, (ends - begins)[:, None]) / _DAYS_PER_YEAR
        within = (middles >= to_days(self.begins.date)) & (middles <= self._end_days(edges[-1]))
        mean = futures.demand.values[rows].sum(axis=0).mean(axis=0)
        lag = _BUCKETS_PER_YEAR.get(futures.demand.granularity, len(mean))
        own = own_growth(middles[within], mean[within], lag)
        stated = np.log1p(np.maximum(dice.draw(self.name, "annual_growth", self.annual_growth), -0.99))
        return futures.scaled(rows, np.exp((stated[:, None] - own) * years))

    def _end_days(self, last: float) -> float:
        return last if self.ends is None else to_days(self.ends.date)


def own_growth(days: FloatArray, level: FloatArray, lag: int) -> float:
    """The rate at which a level grows, as the logarithm of its growth in a year.

    Args:
        days: the times of the level.
        level: at these times; what is zero tells nothing.
        lag: how many buckets make a year.
    """
    known = level > 0
    logs = np.log(np.where(known, level, 1.0))
    pairs = known[lag:] & known[:-lag]
    if pairs.any():
        rates = (logs[lag:] - logs[:-lag])[pairs] / ((days[lag:] - days[:-lag])[pairs] / _DAYS_PER_YEAR)
        return float(rates.mean())
    if known.sum() < 2:
        return 0.0
    return float(np.polyfit(days[known] / _DAYS_PER_YEAR, logs[known], 1)[0])
