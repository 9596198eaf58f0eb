"""Dependence across series and along time, from the ranks of past errors.

Marginal quantiles say how much each series may vary at each step; what they do not say is what varies together. Here
the errors of the past are resampled by date: one draw of past dates is shared by all series, so series that erred
together in the past err together in the paths, whatever their number, and whatever part of them is asked for. Along
time the resampled scores follow a first-order autoregression whose coefficient each series learned from its own errors,
at a lag of one bucket or, where it is clear there, of one season: a forecast that is off is off for a while. A handful
of past weeks holds too few separate occasions to show what a whole fleet has in common, a boom or a price, so a small
share of every score is a course that all series have together, without which totals come out too sure of themselves.
Only the ranks of the result are used: marginals are re-ordered and never re-estimated (the idea of the Schaake shuffle,
Clark et al., 2004, with resampled instead of observed trajectories).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from demand.history import FloatArray
from forecasting.quantiles import interpolate

SHARED_SEED = 0
"""Seed of the dates that all paths share, whichever runs made the forecasts."""

PATHS = 500
"""Paths from which it is told what a forecast implies; as many as are served unless settings say otherwise."""

CANDIDATES = 16
"""Dates drawn per bucket and path, of which a series takes the first that it remembers. A series that remembers a
quarter of the dates then finds none in one of a hundred draws."""


SHARED = 0.2
"""Share of the variance of a score that all series have in common beside what their memories say."""

SHARED_PERSISTENCE = 0.97
UNKNOWN_PERSISTENCE = 0.9
"""Persistence of a series that remembers too little to tell."""


@dataclass(frozen=True)
class ErrorMemory:
    """What one series remembers of its past errors.

    Attributes:
        scores: normal scores of the ranks of its errors, NaN where unknown; the error at bucket number n
            (`demand.calendar.number`) stands at n modulo the size, so that the same place means the same bucket for
            every series whose history ends at about the same time.
        persistence: autocorrelation of the scores from one bucket to the next, in [0, 0.99].
    """

    scores: npt.NDArray[np.float32]
    persistence: float


def error_memory(errors: FloatArray, end: int, size: int, season: int) -> ErrorMemory:
    """Remember the errors of one series.

    Args:
        errors: forecast errors at consecutive buckets, NaN where unknown, any length.
        end: the number of the bucket after the last of them.
        size: how many of the last errors to remember.
        season: the longer lag that persistence is told from, in buckets.
    """
    recent = errors[-size:]
    known = ~np.isnan(recent)
    scores = np.full(len(recent), np.nan)
    if known.sum() > 1:
        scores[known] = ndtri((_ranks(recent[known]) - 0.5) / known.sum())
    persistence = _persistence(scores, season) if np.isfinite(scores[1:] * scores[:-1]).any() else UNKNOWN_PERSISTENCE
    remembered = np.full(size, np.nan, dtype=np.float32)
    remembered[np.arange(end - len(recent), end) % size] = scores
    return ErrorMemory(remembered, persistence)


def _ranks(values: FloatArray) -> FloatArray:
    """Ranks from 1 on; equal values share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[place])


def _persistence(scores: FloatArray, season: int) -> float:
    """Autocorrelation at one bucket, or per bucket over a season where that is clearly there and lasts longer."""
    short, long = _autocorrelation(scores, 1), _autocorrelation(scores, season)
    clear = 2 / np.sqrt(max(int(np.isfinite(scores[season:] * scores[:-season]).sum()), 1))
    lasting = long ** (1 / season) if short > long > clear else 0.0
    return min(max(short, lasting, 0.0), 0.99)


def _autocorrelation(scores: FloatArray, lag: int) -> float:
    before, after = scores[:-lag], scores[lag:]
    both = np.isfinite(before * after)
    energy = float(np.sqrt((before[both] ** 2).sum() * (after[both] ** 2).sum()))
    return float((before[both] * after[both]).sum() / energy) if energy > 0 else 0.0


def normal_scores(actual: FloatArray, quantiles: FloatArray, levels: tuple[float, ...]) -> FloatArray:
    """How high outcomes were among what was forecast for them, as standard normal scores, shape (n_steps,).

    Args:
        actual: outcomes, shape (n_steps,).
        quantiles: of each step, ascending, shape (n_steps, n_levels).
        levels: probabilities of the last axis; a score does not leave their range.
    """
    known = ndtri(np.asarray(levels))
    below, above = (quantiles < actual[:, None]).sum(axis=1), (quantiles <= actual[:, None]).sum(axis=1)
    middle = np.array([np.interp(y, row, known) for y, row in zip(actual, quantiles, strict=True)])
    # where quantiles coincide with the outcome, it could be any of them: the middle one is told
    tied = above > below
    place = np.clip((below + above - 1) // 2, 0, len(levels) - 1)
    return np.where(tied, known[place], middle)


@dataclass(frozen=True)
class RankTemplate:
    """The shared draw of past dates: with it and its own memory every series finds its own ranks.

    The dates of a bucket depend on the seed and on the bucket alone. So paths can be rebuilt from what is stored for
    any part of the fleet, a longer horizon begins with the paths of a shorter one, and forecasts that start at
    different buckets stay joint.

    Attributes:
        seed: seed of the draw.
        first: the number of the first bucket (`demand.calendar.number`).
        dates: places in the memories, shape (CANDIDATES, n_steps, n_paths).
        shared: standard normal draws that all series have in common, shape (n_steps, n_paths).
    """

    seed: int
    first: int
    dates: npt.NDArray[np.int16]
    shared: FloatArray

    @classmethod
    def draw(cls, seed: int, n_paths: int, span: range, size: int) -> "RankTemplate":
        """The template of the buckets whose numbers are in the span, for memories of this size."""
        generators = [np.random.default_rng([seed, bucket]) for bucket in span]
        dates = [each.integers(0, size, size=(CANDIDATES, n_paths), dtype=np.int16) for each in generators]
        shared = [each.standard_normal(n_paths) for each in generators]
        return cls(seed, span.start, np.stack(dates, axis=1), np.stack(shared))

    def scores(self, memory: ErrorMemory, own_seed: int, start: int, n_steps: int) -> FloatArray:
        """How high each path of one series is among all its paths at each step, shape (n_steps, n_paths).

        Args:
            memory: the past errors of the series.
            own_seed: a number of the series' own, for the noise that settles ties and fills what is not remembered.
            start: the number of the series' first bucket, at or after the template's.
            n_steps: how many buckets.
        """
        here = slice(start - self.first, start - self.first + n_steps)
        dates = self.dates[:, here]
        noise = np.random.default_rng([self.seed, own_seed]).standard_normal(dates.shape[1:])
        recalled = memory.scores[dates[0]].astype(np.float64)
        for candidates in dates[1:]:
            unknown = np.isnan(recalled)
            if not unknown.any():
                break
            recalled[unknown] = memory.scores[candidates[unknown]]
        own = _persisting(np.where(np.isnan(recalled), noise, recalled + 1e-3 * noise), memory.persistence)
        common = _persisting(self.shared[here], SHARED_PERSISTENCE)
        return np.asarray(np.sqrt(1 - SHARED) * own + np.sqrt(SHARED) * common)

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
        n_paths = self.dates.shape[2]
        ordered = interpolate(quantiles, levels, (np.arange(n_paths) + 0.5) / n_paths)
        lowest_first = np.argsort(self.scores(memory, own_seed, start, len(quantiles)), axis=1)
        result = np.empty_like(ordered)
        np.put_along_axis(result, lowest_first, ordered, axis=1)
        return result.T


def _persisting(fresh: FloatArray, persistence: float) -> FloatArray:
    """A first-order autoregression of unit variance along the first axis."""
    course, share = fresh.copy(), np.sqrt(1 - persistence**2)
    for step in range(1, len(course)):
        course[step] = persistence * course[step - 1] + share * fresh[step]
    return course
