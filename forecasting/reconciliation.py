"""Forecasts of different granularities made one where their horizons overlap.

A finer forecast says something about coarser buckets: the distribution of its mean over each of them (`implied`). Near
at hand it knows more than the coarser forecast, far away it was never compared with the past and the coarser one was;
so what is served of a coarser bucket is the quantile average of both, with a weight that moves from one to the other
along the lead (`blended`). Then the paths of the finer forecast are fitted into those of the coarser one, path by path
(`fitted_into`), as the temporal hierarchies of Athanasopoulos, Hyndman, Kourentzes and Petropoulos (2017) do with
points: hours average to days in every path, hence in every group, total and quantile.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from demand.calendar import Granularity, buckets, floor, number, previous
from demand.history import FloatArray

IntArray = npt.NDArray[np.int64]

COARSER = {
    Granularity.HOUR: (Granularity.DAY,),
    Granularity.DAY: (Granularity.WEEK, Granularity.MONTH),
    Granularity.WEEK: (),
    Granularity.MONTH: (),
}
"""Granularities that a forecast implies something of."""

PARENT = {Granularity.HOUR: Granularity.DAY, Granularity.DAY: Granularity.MONTH}
"""The granularity whose paths the paths of another are fitted into; weeks do not nest in months, so they have none."""

FINER = {coarse: fine for fine, coarser in COARSER.items() for coarse in coarser}
"""The granularity that implies something of another."""

_NEARLY_NOTHING = 1e-9
"""Share of the coarser level below which a finer path has no shape that could be multiplied."""


@dataclass(frozen=True)
class Cover:
    """Which whole coarser buckets a stretch of finer ones covers.

    Attributes:
        start: the start of the first of them, UTC; of the bucket after the stretch where there is none.
        bounds: where each begins among the finer buckets, and where the last one ends, shape (n_buckets + 1,).
    """

    start: pd.Timestamp
    bounds: IntArray

    @classmethod
    def of(cls, start: pd.Timestamp, n_steps: int, fine: Granularity, coarse: Granularity) -> "Cover":
        """The whole coarser buckets among the `n_steps` finer ones from `start` on."""
        index = buckets(previous(start, fine), n_steps + 2, fine)
        owners = floor(index, coarse)
        changes = np.flatnonzero(np.asarray(owners[1:] != owners[:-1])).astype(np.int64)
        begin = owners[changes[0] + 1] if len(changes) else owners[-1]
        return cls(begin, changes)

    @property
    def count(self) -> int:
        """How many whole buckets there are."""
        return max(len(self.bounds) - 1, 0)


def bucket_means(paths: FloatArray, bounds: IntArray) -> FloatArray:
    """Means over coarser buckets, shape (n_paths, n_buckets).

    Args:
        paths: shape (n_paths, n_steps).
        bounds: where each bucket begins along the steps, and where the last one ends; at least two.
    """
    sums = np.add.reduceat(paths[:, : bounds[-1]], bounds[:-1], axis=1)
    return np.asarray(sums / np.diff(bounds))


@dataclass(frozen=True)
class Implied:
    """What a finer forecast says of coarser buckets.

    Attributes:
        start: the first coarser bucket, UTC.
        quantiles: of the mean over each, shape (n_buckets, n_levels).
    """

    start: pd.Timestamp
    quantiles: FloatArray


def implied(
    paths: FloatArray, start: pd.Timestamp, fine: Granularity, coarse: Granularity, levels: tuple[float, ...]
) -> Implied:
    """The quantiles of means over whole coarser buckets.

    Args:
        paths: sample paths of one series, shape (n_paths, n_steps).
        start: their first bucket, UTC.
        fine: the width of their buckets.
        coarse: the width of the buckets to tell of.
        levels: probabilities.
    """
    cover = Cover.of(start, paths.shape[1], fine, coarse)
    if not cover.count:
        return Implied(cover.start, np.empty((0, len(levels))))
    means = bucket_means(paths, cover.bounds)
    return Implied(cover.start, np.quantile(means, levels, axis=0, method="hazen").T)


def coarser_share(ends: pd.DatetimeIndex, start: pd.Timestamp, fine: Granularity) -> FloatArray:
    """How much the coarser forecast counts beside what the finer one implies, in [0, 1], shape (n_buckets,).

    It is nothing up to the lead that the finer one is compared with the past to, and all at its horizon's limit.

    Args:
        ends: the ends of coarser buckets.
        start: the first bucket of the finer forecast.
        fine: the width of its buckets.
    """
    rhythm = fine.rhythm
    leads = (ends - start) / pd.Timedelta(hours=rhythm.hours)
    return np.clip(
        (np.asarray(leads) - rhythm.backtest_horizon) / (rhythm.horizon_limit - rhythm.backtest_horizon), 0, 1
    )


def blended(
    quantiles: FloatArray, start: pd.Timestamp, coarse: Granularity, hint: Implied, fine_start: pd.Timestamp
) -> FloatArray:
    """Quantiles of a coarser forecast averaged with what a finer one implies, where it does.

    Args:
        quantiles: of the coarser forecast, shape (n_steps, n_levels).
        start: its first bucket, UTC.
        coarse: the width of its buckets.
        hint: what the finer forecast implies, at the same levels.
        fine_start: the first bucket of the finer forecast.
    """
    behind = number(hint.start, coarse) - number(start, coarse)
    first, stop = max(behind, 0), min(behind + len(hint.quantiles), len(quantiles))
    if first >= stop:
        return quantiles
    share = _shares(start, (first, stop), coarse, fine_start)[:, None]
    result = quantiles.copy()
    result[first:stop] = share * quantiles[first:stop] + (1 - share) * hint.quantiles[first - behind : stop - behind]
    return result


@lru_cache(maxsize=256)
def _shares(start: pd.Timestamp, steps: tuple[int, int], coarse: Granularity, fine_start: pd.Timestamp) -> FloatArray:
    """`coarser_share` of some steps of a coarser forecast; most series of an answer have the same."""
    ends = buckets(start, steps[1] + 1, coarse)[steps[0] + 1 :]
    return coarser_share(ends, fine_start, FINER[coarse])


def fitted_into(paths: FloatArray, bounds: IntArray, targets: FloatArray) -> FloatArray:
    """Finer paths whose mean over each whole coarser bucket is that of the coarser path of the same number.

    In each bucket the path with the lowest mean goes where the coarser path is lowest, and so on upwards, and is then
    multiplied by what its mean lacks, which is little: marginals of the finer buckets move only as far as those of the
    coarser ones do. A path that is nearly nothing all through a bucket is raised evenly.

    Args:
        paths: shape (n_paths, n_steps).
        bounds: where each coarser bucket begins along the steps, and where the last one ends; at least two.
        targets: the coarser paths, shape (n_paths, n_buckets).

    Returns:
        Shape (n_paths, n_steps); what lies outside the whole buckets stays as it is.
    """
    result = paths.copy()
    means = bucket_means(paths, bounds)
    lowest_first = np.argsort(means, axis=0, kind="stable")
    places = np.argsort(targets, axis=0, kind="stable")
    for bucket, (first, stop) in enumerate(pairwise(bounds)):
        taken, place = lowest_first[:, bucket], places[:, bucket]
        target, mean = targets[place, bucket, None], means[taken, bucket, None]
        scalable = mean > _NEARLY_NOTHING * target
        factor = np.where(scalable, target / np.where(scalable, mean, 1.0), 1.0)
        result[place, first:stop] = paths[taken, first:stop] * factor + np.where(scalable, 0.0, target - mean)
    return result
