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
        scores: normal scores of the ranks of its errors at the last `MEMORY` buckets, oldest first; zero where the
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
    scores = np.zeros(MEMORY)
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

    The same seed gives the same template, so paths can be rebuilt from what is stored, for any part of the fleet.
    """

    seed: int
    n_paths: int
    n_steps: int

    def ranks(self, memory: ErrorMemory, own_seed: int) -> npt.NDArray[np.int64]:
        """Ranks 0 .. n_paths - 1 of the paths of one series at each step, shape (n_paths, n_steps).

        Args:
            memory: the past errors of the series.
            own_seed: a number of the series' own, for the little noise that settles ties.
        """
        dates = np.random.default_rng(self.seed).integers(0, MEMORY, size=(self.n_paths, self.n_steps))
        noise = np.random.default_rng([self.seed, own_seed]).standard_normal((self.n_paths, self.n_steps))
        known = memory.scores != 0
        shocks = np.where(known[dates], memory.scores[dates] + 1e-3 * noise, noise)
        scores = np.empty_like(shocks)
        scores[:, 0] = shocks[:, 0]
        carried, fresh = memory.persistence, np.sqrt(1 - memory.persistence**2)
        for step in range(1, self.n_steps):
            scores[:, step] = carried * scores[:, step - 1] + fresh * shocks[:, step]
        return np.argsort(np.argsort(scores, axis=0), axis=0)

    def paths(self, quantiles: FloatArray, levels: tuple[float, ...], memory: ErrorMemory, own_seed: int) -> FloatArray:
        """Sample paths of one series with the given marginals, shape (n_paths, n_steps).

        Args:
            quantiles: shape (n_steps, n_levels).
            levels: probabilities of the last axis.
            memory: the past errors of the series.
            own_seed: a number of the series' own.
        """
        positions = (np.arange(self.n_paths) + 0.5) / self.n_paths
        ordered = interpolate(quantiles, levels, positions)
        ranks = self.ranks(memory, own_seed)
        return np.take_along_axis(ordered.T, ranks, axis=0)
