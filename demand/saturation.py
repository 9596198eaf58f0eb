"""Where the growth of each series ends, from saturations that several of them share."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from demand.history import FloatArray, Panel
from demand.limits import TOLERANCE, Limit, members

USUAL_PEAK = 0.9
"""The quantile of the last season that is taken for how high it goes; its one highest bucket may be chance."""


@dataclass(frozen=True)
class Saturation:
    """Where growth ends; arrays have shape (n_series,).

    Attributes:
        caps: the level that each series will not grow beyond, NaN where none is known.
        outgrown: the level of a saturation that the history lies above already, so that it is not believed; NaN where
            there is none.
    """

    caps: FloatArray
    outgrown: FloatArray

    @classmethod
    def none(cls, n_series: int) -> "Saturation":
        """Nothing is known of any series."""
        unknown = np.full(n_series, np.nan)
        return cls(unknown, unknown)

    def first(self, n_series: int) -> "Saturation":
        """That of the first series only."""
        return Saturation(self.caps[:n_series], self.outgrown[:n_series])


def saturation(panel: Panel, limits: Iterable[Limit]) -> Saturation:
    """Where the growth of each series of a panel ends.

    What bounds a sum of several series is divided among them by their current shares: each may grow by the factor by
    which the sum may. Currently means at the last bucket, or as high as the last season usually goes if that is
    higher. A series that currently has nothing has no share, so nothing is known of its cap. The lowest of several caps
    counts, and a saturation that does not hold in the last bucket does not count.

    Args:
        panel: the history, with every series that shares a saturation.
        limits: of any kind; all but saturations are passed over.
    """
    found = Saturation.none(panel.n_series)
    caps, outgrown = found.caps.copy(), found.outgrown.copy()
    for limit in limits:
        rows = members(limit, panel.keys, panel.units)
        if limit.holds_use_down or not len(rows) or not panel.n_steps:
            continue
        level = float(limit.levels(panel.index[-1:])[0])
        if not np.isfinite(level):
            continue
        used = panel.values[rows]
        together = np.where(np.isnan(used).all(axis=0), np.nan, np.nansum(used, axis=0))
        whole, parts = _current(together, panel), np.array([_current(row, panel) for row in used])
        if whole > level * (1 + TOLERANCE):
            outgrown[rows] = np.fmin(outgrown[rows], level)
            continue
        shares = np.ones(1) if len(rows) == 1 else parts / (whole or np.inf)
        caps[rows] = np.fmin(caps[rows], np.where(shares > 0, level * shares, np.nan))
    return Saturation(caps, outgrown)


def _current(values: FloatArray, panel: Panel) -> float:
    """How high one series goes at present, zero where its last season is unknown."""
    season = values[-panel.granularity.rhythm.whole_seasons[0] :]
    known = season[~np.isnan(season)]
    return max(float(known[-1]), float(np.quantile(known, USUAL_PEAK))) if len(known) else 0.0
