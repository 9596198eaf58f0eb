"""A panel as a family: what each series could lend to the others, and how a history looks without its shape."""

from dataclasses import dataclass

import numpy as np

from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from forecasting.borrowing import SAME_CLOCK, IntArray, Lenders, belief, lenders, own_deviation
from forecasting.kin import nearest_kin
from forecasting.season_shape import short_seasons
from forecasting.stable_space import StableSpace, stable_space

WINDOW = {Granularity.HOUR: 336, Granularity.DAY: 56, Granularity.WEEK: 52, Granularity.MONTH: 24}
"""Buckets of its own history that a series is forecast from at most."""

FEW = 8
"""Observations from which a series can lend where there is no season shorter than a year."""

_FIT = 168
"""Last buckets by which borrowed shapes are compared with the series."""


@dataclass(frozen=True)
class Family:
    """All series of a panel in the stabilised space.

    Attributes:
        history: the panel.
        horizon: buckets ahead that are asked for.
        space: the stabilised space.
        values: history in that space, not known before a launch, shape (n_series, n_steps).
        first: position of the first value of each, shape (n_series,).
        last: position of the last value, shape (n_series,).
        counts: how many values are known, shape (n_series,).
        shapes: what each could lend.
        settled: rows with enough history to lend, ascending.
    """

    history: Panel
    horizon: int
    space: StableSpace
    values: FloatArray
    first: IntArray
    last: IntArray
    counts: IntArray
    shapes: Lenders
    settled: IntArray

    @property
    def reach(self) -> int:
        """The longest lead, from the earliest last value of a series to the end of the horizon."""
        alive = self.counts > 0
        return int(self.history.n_steps + self.horizon - 1 - self.last[alive].min())

    def kin(self, row: int) -> tuple[IntArray, FloatArray]:
        """The nearest kin of a series and how much each counts beforehand, among them itself if it is settled."""
        return self._nearest(row, self.settled)

    def kin_but_itself(self, row: int, *, elsewhere: bool) -> tuple[IntArray, FloatArray]:
        """The same as if the series were young, and the only one of its region where `elsewhere` is true."""
        others = self.settled[self.settled != row]
        if elsewhere:
            others = others[[self._same_clock(row, other) < 1 for other in others.tolist()]]
        return self._nearest(row, others)

    def alone_in_its_region(self, row: int) -> bool:
        """Whether no settled series is of the same region, so that nobody tells the clock."""
        return all(self._same_clock(row, other) < 1 for other in self.settled.tolist())

    def _nearest(self, row: int, candidates: IntArray) -> tuple[IntArray, FloatArray]:
        return nearest_kin(row, self.history.keys, self.counts / enough(self.history.granularity), candidates)

    def view(self, row: int, window: tuple[int, int], lent: tuple[IntArray, FloatArray], end: int) -> "View":
        """A history without its shape.

        Args:
            row: the series.
            window: its first bucket that may be looked at, and the one after the last.
            lent: the kin whose shapes it may have, and how much each counts beforehand.
            end: the bucket up to which the shape is wanted.
        """
        (first, stop), (kin, priors) = window, lent
        known = self.values[row, first:stop]
        shape, shares = np.zeros(end - first), np.zeros(0)
        if len(kin):
            fit = max(first, stop - _FIT)
            clocks = np.array([self._same_clock(row, other) for other in kin.tolist()])
            weights = belief(self.values[row, fit:stop], self.shapes.shapes(kin, fit, stop), priors, clocks)
            shape, shares = self.shapes.blend(kin, weights, first, end), weights.sum(axis=1)
        season = (*short_seasons(self.history.granularity), 1)[0]
        shape = shape + own_deviation(known - shape[: len(known)], len(shape), season)
        rest = (known - shape[: len(known)])[np.isfinite(known)]
        return View(rest, shape[len(known) :], float(np.abs(rest - np.median(rest)).mean()), shares)

    def _same_clock(self, row: int, other: int) -> float:
        mine, theirs = self.history.keys[row].region, self.history.keys[other].region
        if row == other or (mine == theirs and mine):
            return SAME_CLOCK["same region"]
        return SAME_CLOCK["another region" if mine and theirs else "region unknown"]


@dataclass(frozen=True)
class View:
    """A history without its shape.

    Attributes:
        rest: what is left of its known buckets, at least one, shape (n_known,).
        ahead: the shape of the buckets after them.
        unrest: mean absolute deviation of the rest from its median.
        shares: how much of the shape is from each kin; empty without any.
    """

    rest: FloatArray
    ahead: FloatArray
    unrest: float
    shares: FloatArray


def family_of(history: Panel, horizon: int) -> Family:
    """The family of a panel in which at least one series has an observation."""
    demand = since_launch(history.values)
    known = np.isfinite(demand)
    space = stable_space(demand)
    values = space.into(demand)
    counts = known.sum(axis=1)
    return Family(
        history=history,
        horizon=horizon,
        space=space,
        values=values,
        first=known.argmax(axis=1),
        last=history.n_steps - 1 - known[:, ::-1].argmax(axis=1),
        counts=counts,
        shapes=lenders(values, history.granularity, horizon),
        settled=np.flatnonzero(counts >= enough(history.granularity)),
    )


def enough(granularity: Granularity) -> int:
    """Observations from which a series can lend: two of its longest seasons shorter than a year."""
    return 2 * max(short_seasons(granularity), default=FEW // 2)


def since_launch(demand: FloatArray) -> FloatArray:
    """The same without the zeros before a series' first demand, unless it has none at all."""
    active = np.nan_to_num(demand) > 0
    launch = np.where(active.any(axis=1), active.argmax(axis=1), 0)
    return np.where(np.arange(demand.shape[1]) < launch[:, None], np.nan, demand)
