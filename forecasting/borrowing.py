"""A seasonal shape borrowed from kin: an average by nearness and by how well each fits what little is known."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from demand.calendar import Granularity
from demand.history import FloatArray
from forecasting.season_shape import cyclic_shape, repeated, short_seasons, year_of, yearly_shape

IntArray = npt.NDArray[np.int64]

SAME_CLOCK = {"same region": 1.0, "region unknown": 0.9, "another region": 0.25}
"""Probability that kin keep the same hours; the rest is spread over the other hours of the day."""

REMEMBERED = 6
"""Neighbouring hours that err together, so that so many of them count as one observation of a shape."""

OWN_BELIEF = 3.0
"""Cycles that a series must have seen before its own deviations count as much as what it borrowed."""

_LEAST_ERROR = 0.03**2


@dataclass(frozen=True)
class Lenders:
    """Seasonal shapes of all series.

    Attributes:
        granularity: the width of a bucket.
        cycles: shape within the seasons shorter than a year, shape (n_series, season), place 0 being the first bucket
            ahead.
        year: yearly deviations over the history and ahead, shape (n_series, n_steps + horizon).
        n_steps: buckets of history.
    """

    granularity: Granularity
    cycles: FloatArray
    year: FloatArray
    n_steps: int

    @property
    def turns(self) -> int:
        """How many clocks a shape may be turned to: the hours of a day; one at coarser granularities."""
        return 24 if self.granularity is Granularity.HOUR else 1

    def shapes(self, rows: IntArray, first: int, stop: int) -> FloatArray:
        """Shapes of some series over some buckets of history and future, shape (n_rows, turns, stop - first)."""
        return self._turned(rows, np.arange(first, stop) - self.n_steps) + self.year[rows, None, first:stop]

    def blend(self, rows: IntArray, weights: FloatArray, first: int, stop: int) -> FloatArray:
        """The average of `shapes` with weights of shape (n_rows, turns), without building them all."""
        season = self.cycles.shape[1]
        cycle = np.tensordot(weights, self._turned(rows, np.arange(season)), axes=2)
        steps = np.arange(first, stop) - self.n_steps
        return np.asarray(cycle[steps % season] + weights.sum(axis=1) @ self.year[rows, first:stop])

    def _turned(self, rows: IntArray, steps: IntArray) -> FloatArray:
        places = (steps - np.arange(self.turns)[:, None]) % self.cycles.shape[1]
        return np.asarray(self.cycles[rows][:, places])


def lenders(values: FloatArray, granularity: Granularity, horizon: int) -> Lenders:
    """What each series could lend.

    Args:
        values: stabilised history, shape (n_series, n_steps).
        granularity: the width of a bucket.
        horizon: buckets ahead.
    """
    n_steps = values.shape[1]
    cycles = cyclic_shape(values, short_seasons(granularity))
    year, whole = year_of(granularity), np.zeros((len(values), n_steps + horizon))
    if year:
        whole = np.hstack(yearly_shape(values - repeated(cycles, np.arange(-n_steps, 0)), year, horizon))
    return Lenders(granularity, cycles, whole, n_steps)


def belief(known: FloatArray, lent: FloatArray, priors: FloatArray, same_clock: FloatArray) -> FloatArray:
    """How far each shape, and each turn of it, is believed to be that of a young series.

    Args:
        known: stabilised observations of the series, NaN where missing, shape (n_known,).
        lent: shapes over the same buckets, shape (n_kin, turns, n_known).
        priors: logarithm of how much each kin counts, shape (n_kin,).
        same_clock: probability that each kin keeps the same hours, shape (n_kin,).

    Returns:
        Weights that add up to one, shape (n_kin, turns).
    """
    here = np.isfinite(known)
    rest = known[here] - lent[..., here]
    turns = lent.shape[1]
    clocks = np.repeat((1 - same_clock[:, None]) / max(turns - 1, 1), turns, axis=1)
    clocks[:, 0] = same_clock if turns > 1 else 1.0
    independent = here.sum() / (REMEMBERED if turns > 1 else 2)
    with np.errstate(divide="ignore"):
        believed = priors[:, None] + np.log(clocks) - independent / 2 * np.log(rest.var(axis=-1) + _LEAST_ERROR)
    weights = np.exp(believed - believed.max())
    return np.asarray(weights / weights.sum())


def own_deviation(rest: FloatArray, length: int, season: int) -> FloatArray:
    """What a series itself says of its shape beyond what it borrowed.

    Args:
        rest: its history without the borrowed shape, NaN where missing, at least one value known, shape (n_known,).
        length: buckets to return from the first of the history on.
        season: buckets in which it shows its own shape.
    """
    if season < 2 or len(rest) < season:
        return np.zeros(length)
    places = np.arange(len(rest)) % season
    here = np.isfinite(rest)
    centred = np.where(here, rest - np.median(rest[here]), 0.0)
    deviation = np.bincount(places, centred, season) / (np.bincount(places, here, season) + OWN_BELIEF)
    return np.asarray((deviation - deviation.mean())[np.arange(length) % season])
