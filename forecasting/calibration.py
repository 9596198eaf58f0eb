"""Calibration: widths of forecasts corrected until past bands held as many outcomes as they were asked to.

Per series, side of the median and stretch of the horizon there is one factor on the distance from the median. It is
split conformal prediction (Vovk, Gammerman and Shafer, 2005; Romano, Patterson and Candès, 2019) with the distance of
an outcome from the median, in units of the forecast's distance to its outer quantile, as the score: a factor that is
the right quantile of past scores would have covered as asked. Few origins give few independent scores, so a series'
scores are mixed with those of all series, and the logarithm of the factor is drawn towards zero, the more the fewer
windows there are. Between trainings factors follow the outcomes (`followed`): adaptive conformal inference of Gibbs
and Candès (2021), multiplied instead of added.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from demand.history import FloatArray
from forecasting.quantiles import interpolate

IntArray = npt.NDArray[np.int64]

OUTER = 0.1
"""Share of outcomes that should lie beyond the outer quantile on either side."""

OWN_ORIGINS = 8.0
"""Origins of a series from which its own scores count as much as those of all series."""

FLEET_WINDOWS = 48.0
"""Windows (series times origins) of evidence that no correction counts as much as."""

SHARED_ORIGINS = 4.0
"""The same in origins: series of one origin share what was special about those dates, however many they are."""

UNCHECKED = 1.25
"""Factor where nothing of the past could be compared: wider, as nothing speaks for less."""

LIMITS = (0.4, 4.0)
FOLLOWING = 0.01
"""How far a factor moves for one outcome: a day of hours beyond a quantile widens by about a quarter."""

_ROUNDING = 1e-6
"""Widths below this share of the median are rounding, and nothing is learned from them."""

_LEAST_WIDTH = 0.1
"""Share of the mean width that a width is at least taken for, so that one step without any does not decide."""


@dataclass(frozen=True)
class Calibration:
    """Factors on the distance from the median.

    Attributes:
        lower: below the median, shape (n_series, n_stretches).
        upper: above it.
    """

    lower: FloatArray
    upper: FloatArray

    @classmethod
    def unchecked(cls, n_series: int, n_stretches: int) -> "Calibration":
        """The factors of series whose past could not be compared."""
        wider = np.full((n_series, n_stretches), UNCHECKED)
        return cls(wider, wider.copy())

    def applied(self, quantiles: FloatArray, levels: tuple[float, ...], stretch: IntArray) -> FloatArray:
        """Quantiles with corrected widths, not below zero.

        Args:
            quantiles: shape (n_series, n_steps, n_levels).
            levels: probabilities of the last axis.
            stretch: of each step; later stretches than were learned take the last one's factor.
        """
        median = interpolate(quantiles, levels, np.array([0.5]))
        at = np.minimum(stretch, self.lower.shape[1] - 1)
        factor = np.where(np.asarray(levels) < 0.5, self.lower[:, at, None], self.upper[:, at, None])
        return np.asarray(np.maximum(median + factor * (quantiles - median), 0.0))


@dataclass(frozen=True)
class Outcomes:
    """What became true of forecasts that did not know it.

    Attributes:
        lower: the quantile at `OUTER`, shape (n_series, n_steps).
        median: the middle.
        upper: the quantile at one minus `OUTER`.
        actual: NaN where unknown.
        stretch: of each step, shape (n_steps,).
    """

    lower: FloatArray
    median: FloatArray
    upper: FloatArray
    actual: FloatArray
    stretch: IntArray

    @classmethod
    def of(cls, quantiles: FloatArray, levels: tuple[float, ...], actual: FloatArray, stretch: IntArray) -> "Outcomes":
        """From quantiles at any levels, shape (n_series, n_steps, n_levels)."""
        lower, median, upper = np.moveaxis(interpolate(quantiles, levels, np.array([OUTER, 0.5, 1 - OUTER])), -1, 0)
        return cls(lower, median, upper, actual, stretch)


def calibrate(outcomes: Outcomes, origins: int) -> Calibration:
    """Factors that would have covered as asked, as far as the evidence goes.

    Args:
        outcomes: of forecasts made without knowing them, such as the ensemble's with weights from the other origins.
        origins: how many rolling origins they come from.
    """
    n_series, n_stretches = len(outcomes.actual), int(outcomes.stretch.max()) + 1
    factors = {1.0: np.ones((n_series, n_stretches)), -1.0: np.ones((n_series, n_stretches))}
    for stretch in range(n_stretches):
        steps = outcomes.stretch == stretch
        for side, outer in ((-1.0, outcomes.lower), (1.0, outcomes.upper)):
            scores = _scores(outcomes.actual[:, steps], outcomes.median[:, steps], outer[:, steps], side)
            factors[side][:, stretch] = _factors(scores, origins)
    return Calibration(factors[-1.0], factors[1.0])


def followed(known: Calibration, outcomes: Outcomes) -> Calibration:
    """Factors moved by what has come true since: wider after outcomes beyond the outer quantiles, else narrower.

    In the long run the share beyond is `OUTER`, whatever the series does (Gibbs and Candès, 2021).
    """
    lower, upper = np.log(known.lower), np.log(known.upper)
    seen = ~np.isnan(outcomes.actual)
    for stretch in range(lower.shape[1]):
        here = (np.minimum(outcomes.stretch, lower.shape[1] - 1) == stretch) & seen
        beyond = (outcomes.actual < outcomes.lower) & here, (outcomes.actual > outcomes.upper) & here
        for logarithm, missed in zip((lower, upper), beyond, strict=True):
            logarithm[:, stretch] += FOLLOWING * (missed.sum(axis=1) - OUTER * here.sum(axis=1))
    limits = np.log(LIMITS)
    return Calibration(np.exp(np.clip(lower, *limits)), np.exp(np.clip(upper, *limits)))


def _scores(actual: FloatArray, median: FloatArray, outer: FloatArray, side: float) -> FloatArray:
    """Distance of outcomes from the median towards a side, in units of the forecast's; NaN where unknown or unmoved."""
    width = side * (outer - median)
    least = np.maximum(width, _LEAST_WIDTH * width.mean(axis=1, keepdims=True))
    tiny = np.finfo(np.float32).tiny
    least = np.where(least > np.maximum(_ROUNDING * np.abs(median), tiny), least, np.nan)
    return np.asarray(side * (actual - median) / least)


def _factors(scores: FloatArray, origins: int) -> FloatArray:
    """One factor per series from scores of shape (n_series, n_steps)."""
    known = ~np.isnan(scores)
    windows = origins * known.any(axis=1).sum()
    if windows == 0:
        return np.ones(len(scores))
    result = _mixed_quantile(scores, origins / (origins + OWN_ORIGINS), 1 - OUTER)
    trusted = windows / (windows + FLEET_WINDOWS) * origins / (origins + SHARED_ORIGINS)
    return np.asarray(np.clip(result, *LIMITS) ** trusted)


def _mixed_quantile(scores: FloatArray, own_share: float, level: float) -> FloatArray:
    """Per series a quantile of its own scores mixed with those of all series, found by halving; shape (n_series,)."""
    known = ~np.isnan(scores)
    everyone, counts = np.sort(scores[known]), known.sum(axis=1)
    share = own_share * (counts > 0)
    low, high = np.zeros(len(scores), dtype=np.int64), np.full(len(scores), len(everyone) - 1)
    while (low < high).any():
        middle = (low + high) // 2
        own = (scores <= everyone[middle, None]).sum(axis=1) / np.maximum(counts, 1)
        enough = share * own + (1 - share) * (middle + 1) / len(everyone) >= level - 1e-9
        low, high = np.where(enough, low, middle + 1), np.where(enough, middle, high)
    return everyone[low]
