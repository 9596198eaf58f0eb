"""Dependence across series and along time, from the ranks of past errors.

Marginal quantiles say how much each series may vary at each step; what they do not say is what varies together. Here
the errors of the past are resampled by date: one draw of past dates is shared by all series, so series that erred
together in the past err together in the paths, whatever their number, and whatever part of them is asked for. Along
time the resampled scores follow a first-order autoregression whose coefficient each series learned from its own errors.
Only the ranks of the result are used: marginals are re-ordered and never re-estimated (the idea of the Schaake shuffle,
Clark et al., 2004, with resampled instead of observed trajectories).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri
from scipy.stats import rankdata

from demand.history import FloatArray
from forecasting.quantiles import interpolate

MEMORY = 336
"""How many past errors a series keeps."""


@dataclass(frozen=True)
class ErrorMemory:
    """What one series remembers of its past errors.

    Attributes:
        scores: normal scores of the ranks of its errors at the last `MEMORY` buckets, oldest first; NaN where the
            error is unknown, shape (MEMORY,).
        persistence: lag-one autocorrelation of the scores, in [0, 0.99].
    """

    scores: npt.NDArray[np.float32]
    persistence: float


def error_memory(errors: FloatArray) -> ErrorMemory:
    """Remember the errors of one series.

    Args:
        errors: forecast errors at consecutive buckets that end where the history ends, NaN where unknown, any length.
    """
    recent = np.full(MEMORY, np.nan)
    kept = errors[-MEMORY:]
    recent[MEMORY - len(kept) :] = kept
    known = ~np.isnan(recent)
    scores = np.full(MEMORY, np.nan)
    if known.sum() > 1:
        scores[known] = ndtri((rankdata(recent[known]) - 0.5) / known.sum())
    pairs = known[1:] & known[:-1]
    before, after = scores[:-1][pairs], scores[1:][pairs]
    energy = float(np.sqrt((before**2).sum() * (after**2).sum()))
    persistence = float(np.clip((before * after).sum() / energy, 0.0, 0.99)) if energy > 0 else 0.0
    return ErrorMemory(scores.astype(np.float32), persistence)


@dataclass(frozen=True)
class RankTemplate:
    """The shared draw of past dates: with it and its own memory every series finds its own ranks.

    The dates of a bucket depend on the seed and on the bucket alone. So paths can be rebuilt from what is stored for
    any part of the fleet, a longer horizon begins with the paths of a shorter one, and forecasts that start at
    different buckets stay joint.

    Attributes:
        seed: seed of the draw.
        first: the number of the first bucket (`demand.calendar.number`).
        dates: positions in the memories, shape (n_steps, n_paths).
    """

    seed: int
    first: int
    dates: npt.NDArray[np.int64]

    @classmethod
    def draw(cls, seed: int, n_paths: int, first: int, n_steps: int) -> "RankTemplate":
        """The template of `n_steps` buckets from bucket number `first` on."""
        steps = range(first, first + n_steps)
        rows = [np.random.default_rng([seed, step]).integers(0, MEMORY, size=n_paths) for step in steps]
        return cls(seed, first, np.stack(rows))

    def ranks(self, memory: ErrorMemory, own_seed: int, start: int, n_steps: int) -> npt.NDArray[np.int64]:
        """Ranks 0 .. n_paths - 1 of the paths of one series at each step, shape (n_steps, n_paths).

        Args:
            memory: the past errors of the series.
            own_seed: a number of the series' own, for the noise that settles ties and fills what is not remembered.
            start: the number of the series' first bucket, at or after the template's.
            n_steps: how many buckets.
        """
        dates = self.dates[start - self.first : start - self.first + n_steps]
        noise = np.random.default_rng([self.seed, own_seed]).standard_normal(dates.shape)
        remembered = memory.scores[dates]
        shocks = np.where(np.isnan(remembered), noise, remembered + 1e-3 * noise)
        scores = shocks.copy()
        carried, fresh = memory.persistence, np.sqrt(1 - memory.persistence**2)
        for step in range(1, n_steps):
            scores[step] = carried * scores[step - 1] + fresh * shocks[step]
        return np.argsort(np.argsort(scores, axis=1), axis=1)

    def paths(
        self, quantiles: FloatArray, levels: tuple[float, ...], memory: ErrorMemory, own_seed: int, start: int
    ) -> FloatArray:
        """Sample paths of one series with the given marginals, shape (n_paths, n_steps).

        Args:
            quantiles: shape (n_steps, n_levels).
            levels: probabilities of the last axis.
            memory: the past errors of the series.
            own_seed: a number of the series' own.
            start: the number of the series' first bucket.
        """
        n_paths = self.dates.shape[1]
        positions = (np.arange(n_paths) + 0.5) / n_paths
        ordered = interpolate(quantiles, levels, positions)
        ranks = self.ranks(memory, own_seed, start, len(quantiles))
        return np.take_along_axis(ordered, ranks, axis=1).T
