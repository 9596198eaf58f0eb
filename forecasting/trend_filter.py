"""Level and damped slope of many series at once: a Kalman filter over a grid of possible dynamics.

The dynamics are those of the damped trend (Gardner and McKenzie, 1985) as a state-space model (Harvey, 1989, ch. 4):

    observed = level + noise,   level' = level + phi slope + shock,   slope' = phi slope + bend.

Nobody knows how much of a change stays, how fast growth bends and how long it lasts, and a short history cannot say.
So every combination of a small grid is run, and each counts by its likelihood (Bayesian model averaging).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from demand.history import FloatArray

LASTING_SHARES = (0.04, 0.15, 0.4, 0.7, 0.9, 1.0)
"""Shares of the variance of a change that stay in the level; the rest is noise around it."""

BENDS = (0.0, 1e-4, 1e-3, 1e-2, 1e-1)
"""Variance of a bend of the slope, as a share of that of a shock to the level."""

HALF_LIVES = (4.0, 16.0, 64.0, 256.0)
"""Buckets in which growth falls by half."""

DIFFUSE = 100.0
"""Variance of a slope of which nothing is known, in variances of a one-step change."""

SURPRISE = 4.0
"""Standard deviations beyond which a surprise counts no more, so that a spike does not carry the level away."""

FORGETTING = 0.995
"""Share of the evidence that is kept per observation, as noise and dynamics of two hundred buckets ago may differ."""

ROUNDS = 4
"""Rounds in which the usual dynamics of a group is found."""

_CELLS = np.array(list(product(LASTING_SHARES, BENDS, HALF_LIVES))).T


@dataclass(frozen=True)
class Dynamics:
    """One column per combination of the grid, each attribute of shape (n_cells,).

    Attributes:
        shock: variance of a lasting change, in variances of a one-step change.
        noise: variance of what does not last, in the same.
        bend: variance of a change of the slope, in the same.
        damping: share of the slope that is left after a bucket.
    """

    shock: FloatArray
    noise: FloatArray
    bend: FloatArray
    damping: FloatArray


GRID = Dynamics(_CELLS[0], 1 - _CELLS[0], _CELLS[0] * _CELLS[1], 0.5 ** (1 / _CELLS[2]))


@dataclass(frozen=True)
class Trend:
    """What is known of level and slope at one moment, each of shape (n_series, n_cells).

    Variances are in units of `scale`, squared, which is not part of it.
    """

    level: FloatArray
    slope: FloatArray
    level_variance: FloatArray
    covariance: FloatArray
    slope_variance: FloatArray

    def ahead(self) -> "Trend":
        """One bucket later, without an observation."""
        phi = GRID.damping
        return Trend(
            self.level + phi * self.slope,
            phi * self.slope,
            self.level_variance + 2 * phi * self.covariance + phi**2 * self.slope_variance + GRID.shock,
            phi * self.covariance + phi**2 * self.slope_variance,
            phi**2 * self.slope_variance + GRID.bend,
        )

    def corrected(self, surprise: FloatArray, variance: FloatArray) -> "Trend":
        """After an observation of the level, `surprise` above what was expected with this variance; NaN is none."""
        seen = np.isfinite(surprise)
        gain = np.where(seen, self.level_variance / variance, 0.0)
        slope_gain = np.where(seen, self.covariance / variance, 0.0)
        surprise = np.where(seen, surprise, 0.0)
        return Trend(
            self.level + gain * surprise,
            self.slope + slope_gain * surprise,
            self.level_variance * (1 - gain),
            self.covariance * (1 - gain),
            self.slope_variance - slope_gain * self.covariance,
        )

    def told_slope(self, mean: FloatArray, variance: FloatArray) -> "Trend":
        """After being told that the slope is about `mean`, with this variance in units of the scale squared."""
        total = self.slope_variance + variance
        gain, level_gain = self.slope_variance / total, self.covariance / total
        surprise = mean - self.slope
        return Trend(
            self.level + level_gain * surprise,
            self.slope + gain * surprise,
            self.level_variance - level_gain * self.covariance,
            self.covariance * (1 - gain),
            self.slope_variance * (1 - gain),
        )


@dataclass(frozen=True)
class Filtered:
    """What the histories say.

    Attributes:
        trend: level and slope after the last bucket.
        likelihood: logarithm of how likely each dynamics made the history, shape (n_series, n_cells).
        squares: mean square of a surprise in units of its variance, shape (n_series, n_cells).
        evidence: how many surprises that rests on after forgetting, shape (n_series,).
        past: level and slope as they were known after some earlier buckets, by the number of buckets.
    """

    trend: Trend
    likelihood: FloatArray
    squares: FloatArray
    evidence: FloatArray
    past: Mapping[int, Trend]


@dataclass(frozen=True)
class Belief:
    """What is believed of the dynamics.

    Attributes:
        weights: how far each dynamics is believed, shape (n_series, n_cells), rows adding up to one.
        scale: squared size of a one-step change, shape (n_series,).
    """

    weights: FloatArray
    scale: FloatArray


def run_filter(values: FloatArray, usual: FloatArray, keep: Collection[int] = ()) -> Filtered:
    """Filter many series.

    Args:
        values: shape (n_series, n_steps), NaN where missing.
        usual: size of an ordinary one-step change, shape (n_series,), used only to bound surprises.
        keep: numbers of buckets after which what is known is kept.
    """
    shape = (len(values), len(GRID.shock))
    trend = Trend(*(np.zeros(shape) for _ in range(2)), *(np.zeros(shape) for _ in range(3)))
    squares, logs = np.zeros(shape), np.zeros(shape)
    evidence = np.zeros(len(values))
    seen: npt.NDArray[np.int64] = np.zeros(len(values), dtype=np.int64)
    past = {}
    for step, column in enumerate(values.T, start=1):
        here = np.isfinite(column)
        trend = trend.ahead()
        variance = trend.level_variance + GRID.noise
        surprise = column[:, None] - trend.level
        bound = SURPRISE * usual[:, None] * np.sqrt(variance)
        bounded = np.clip(surprise, -bound, bound)
        trend = trend.corrected(bounded, variance)
        trend = _begun(trend, column, here & (seen == 0), seen == 0)
        counts = (here & (seen >= 2))[:, None]
        kept = np.where(counts, FORGETTING, 1.0)
        squares = kept * squares + np.where(counts, bounded**2 / variance, 0.0)
        logs = kept * logs + np.where(counts, np.log(variance), 0.0)
        evidence = kept[:, 0] * evidence + counts[:, 0]
        seen += here
        if step in keep:
            past[step] = trend
    mean = squares / np.maximum(evidence, 1e-9)[:, None]
    known = (mean > 0).all(axis=1, keepdims=True)
    # A size of noise that nobody knows is integrated out, which leaves a Student likelihood.
    likelihood = -0.5 * (logs + evidence[:, None] * np.log(np.where(known, mean, 1.0)))
    return Filtered(trend, likelihood, mean, evidence, past)


def _begun(trend: Trend, column: FloatArray, begins: npt.NDArray[np.bool_], waiting: npt.NDArray[np.bool_]) -> Trend:
    """Start where the first observation is; before it nothing moves."""
    if not waiting.any():
        return trend
    held, start = waiting[:, None], np.where(begins, column, 0.0)[:, None]
    return Trend(
        np.where(held, start, trend.level),
        np.where(held, 0.0, trend.slope),
        np.where(held, GRID.noise, trend.level_variance),
        np.where(held, 0.0, trend.covariance),
        np.where(held, DIFFUSE, trend.slope_variance),
    )


def beliefs(filtered: Filtered, groups: Sequence[object]) -> FloatArray:
    """How far each dynamics is believed, rows adding up to one, shape (n_series, n_cells).

    What is usual in a group counts beforehand; it is found by maximising the likelihood of all its series together
    (Dempster, Laird and Rubin, 1977), a few rounds of it, from every dynamics being as usual as every other.

    Args:
        filtered: what the histories say.
        groups: series of the same group are of one kind.
    """
    likelihood = np.exp(filtered.likelihood - filtered.likelihood.max(axis=1, keepdims=True))
    weights: FloatArray = np.empty_like(likelihood)
    for group in dict.fromkeys(groups):
        rows = np.array([each == group for each in groups])
        usual = np.ones(likelihood.shape[1])
        for _ in range(ROUNDS):
            belief = likelihood[rows] * usual
            belief /= belief.sum(axis=1, keepdims=True)
            usual = belief.sum(axis=0) + 1 / len(usual)
        weights[rows] = belief
    return weights


def moments(trend: Trend, belief: Belief, leads: npt.NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of what will be observed, over all dynamics.

    Args:
        trend: what is known of level and slope.
        belief: which dynamics is believed, and how large changes are.
        leads: buckets ahead, shape (n_leads,).

    Returns:
        Each of shape (n_series, n_leads).
    """
    phi, weights = GRID.damping, belief.weights
    steps = np.arange(leads.max() + 1)[:, None]
    grown = phi * (1 - phi**steps) / (1 - phi)
    bends = np.concatenate([np.zeros((1, len(phi))), np.cumsum(grown**2, axis=0)])[leads]
    reach = grown[leads].T
    fixed = GRID.noise + leads[:, None] * GRID.shock + GRID.bend * bends
    centre = (weights * trend.level).sum(axis=1, keepdims=True)
    level, weighted = trend.level - centre, weights * trend.slope
    middle = weighted @ reach
    between = (weights * level**2).sum(axis=1, keepdims=True) + 2 * (weighted * level) @ reach
    between = between + (weighted * trend.slope) @ reach**2 - middle**2
    own = (weights * trend.level_variance).sum(axis=1, keepdims=True) + 2 * (weights * trend.covariance) @ reach
    own = own + (weights * trend.slope_variance) @ reach**2 + weights @ fixed.T
    return centre + middle, belief.scale[:, None] * own + np.maximum(between, 0.0)


def together(parts: Sequence[Filtered]) -> Filtered:
    """One result from those of several blocks of series."""
    likelihood, squares, evidence = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("likelihood", "squares", "evidence")
    )
    past = {step: _stacked([part.past[step] for part in parts]) for step in parts[0].past}
    return Filtered(_stacked([part.trend for part in parts]), likelihood, squares, evidence, past)


def _stacked(trends: Sequence[Trend]) -> Trend:
    return Trend(*(np.concatenate(each) for each in zip(*(vars(trend).values() for trend in trends), strict=True)))
