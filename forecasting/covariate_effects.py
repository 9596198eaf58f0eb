"""How much covariates moved a series: regression beside seasons and trend, shrunk by how sure it can be."""

from dataclasses import dataclass

import numpy as np

from demand.calendar import Granularity
from demand.history import FloatArray

PRIOR_DEVIATION = float(np.log(2))
"""Before anything is seen, the largest swing of a covariate is thought to double or halve demand as one deviation."""

SHORTEST_SEASONS = 2
"""Whole short seasons of history that effects are learned from at least."""

STICKIEST = 0.95
"""Noise that is more persistent than this is told from a trend by the trend."""

_HARMONICS = {
    Granularity.HOUR: ((24.0, 4), (168.0, 8)),
    Granularity.DAY: ((7.0, 3), (365.25, 3)),
    Granularity.WEEK: ((52.18, 3),),
    Granularity.MONTH: ((12.0, 3),),
}
_KNOT_STEPS = {Granularity.HOUR: 336, Granularity.DAY: 91, Granularity.WEEK: 52, Granularity.MONTH: 24}


@dataclass(frozen=True)
class Learned:
    """Effects of some columns on one series, in the stabilised space.

    Attributes:
        sizes: the change per unit of each column, shape (n_columns,).
        covariance: how unsure the sizes are, shape (n_columns, n_columns).
    """

    sizes: FloatArray
    covariance: FloatArray

    def shift(self, columns: FloatArray) -> FloatArray:
        """The change at each step, of columns of shape (n_steps, n_columns)."""
        return np.asarray(columns @ self.sizes)

    def variance(self, columns: FloatArray) -> FloatArray:
        """The variance of that change at each step."""
        return np.asarray(np.einsum("ti,ij,tj->t", columns, self.covariance, columns))


def learn(series: FloatArray, columns: FloatArray, background: FloatArray) -> Learned | None:
    """The effects of the columns on a series, or None where there is too little history to tell.

    Least squares on the columns and the background together, after the first-order autocorrelation of the noise has
    been taken out (Cochrane and Orcutt, 1949). How unsure a size is comes from the residuals or, if that is more, from
    placebos: how large the effect comes out when the column is moved along the history to where nothing happened. A
    Gaussian prior around no effect then shrinks what is unsure, and leaves at zero what was never seen.

    Args:
        series: in the stabilised space, NaN where missing, shape (n_steps,).
        columns: zero where nothing happens, shape (n_steps, n_columns).
        background: see `seasons_and_trend`, shape (n_steps, n_terms).
    """
    known = ~np.isnan(series)
    swings = np.abs(np.where(known[:, None], columns, 0.0)).max(axis=0, initial=0.0)
    seen = np.flatnonzero(swings > 0)
    if known.sum() < 2 * (background.shape[1] + len(seen)) or not len(seen):
        return None
    own = columns[:, seen] / swings[seen]
    design = np.hstack([own, background])
    sizes = np.linalg.lstsq(design[known], series[known], rcond=None)[0]
    noise = np.where(known, series - design @ sizes, 0.0)
    pairs = known[1:] & known[:-1]
    before = noise[:-1][pairs]
    stickiness = float(np.clip(before @ noise[1:][pairs] / max(before @ before, 1e-300), 0.0, STICKIEST))
    target = np.where(pairs, np.nan_to_num(series[1:]) - stickiness * np.nan_to_num(series[:-1]), 0.0)
    whitened = np.where(pairs[:, None], design[1:] - stickiness * design[:-1], 0.0)
    small, small_covariance = _shrunk(whitened, target, len(seen), int(pairs.sum()))
    result = Learned(np.zeros(columns.shape[1]), np.zeros((columns.shape[1],) * 2))
    result.sizes[seen] = small / swings[seen]
    result.covariance[np.ix_(seen, seen)] = small_covariance / np.outer(swings[seen], swings[seen])
    return result


def seasons_and_trend(granularity: Granularity, first: int, n_steps: int) -> FloatArray:
    """What moves demand without any covariate: a bent line and the first harmonics of the seasons that fit twice.

    Args:
        granularity: the width of a bucket.
        first: the number of the first bucket.
        n_steps: how many buckets.

    Returns:
        Shape (n_steps, n_terms); no two terms are the same.
    """
    steps = np.arange(n_steps, dtype=np.float64)
    terms = [np.ones(n_steps), steps / max(n_steps, 1)]
    knots = np.arange(_KNOT_STEPS[granularity], n_steps - _KNOT_STEPS[granularity] / 2, _KNOT_STEPS[granularity])
    terms += [np.maximum(steps - knot, 0.0) / n_steps for knot in knots]
    rates: list[float] = []
    for length, count in _HARMONICS[granularity]:
        if n_steps >= SHORTEST_SEASONS * length:
            rates += [number / length for number in range(1, count + 1)]
    for rate in {round(rate, 9) for rate in rates}:
        angle = 2 * np.pi * rate * (steps + first)
        terms += [np.cos(angle)] if rate == 0.5 else [np.cos(angle), np.sin(angle)]
    return np.stack(terms, axis=1)


def _shrunk(design: FloatArray, target: FloatArray, count: int, pairs: int) -> tuple[FloatArray, FloatArray]:
    """Sizes of the first `count` columns and their covariance, after the prior."""
    own, background = design[:, :count], design[:, count:]
    basis = np.linalg.qr(background)[0]
    own, target = own - basis @ (basis.T @ own), target - basis @ (basis.T @ target)
    gram = own.T @ own
    sizes = np.linalg.lstsq(gram + 1e-9 * np.eye(count), own.T @ target, rcond=None)[0]
    noise = target - own @ sizes
    variance = float(noise @ noise) / max(pairs - design.shape[1], 1)
    inflation = max(_placebo_inflation(own[:, at], noise, variance) for at in range(count))
    precision = gram / max(variance * inflation, 1e-12)
    covariance = np.linalg.inv(precision + np.eye(count) / PRIOR_DEVIATION**2)
    return covariance @ (precision @ sizes), covariance


def _placebo_inflation(column: FloatArray, noise: FloatArray, variance: float) -> float:
    """How many times larger the variance of the effect is among placebos than white noise would have it, at least 1."""
    weight = float(column @ column)
    if weight <= 0 or variance <= 0:
        return 1.0
    length = 2 * len(noise)
    spectrum = np.fft.rfft(noise, length) * np.conj(np.fft.rfft(column, length))
    placebos = np.fft.irfft(spectrum, length)[: len(noise)]
    return max(1.0, float(np.mean(placebos**2)) / (variance * weight))
