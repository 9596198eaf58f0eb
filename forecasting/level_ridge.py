"""Levels ahead: ridge regression of a level on its own past, in a variance-stabilised space, for many series at once.

What is regressed is the change from the last level, so that a ridge without any evidence leaves a random walk. The
strength of the ridge is not chosen but averaged over a grid, each weighted by the likelihood of its leave-one-out
errors, which a ridge gives in closed form (Golub, Heath and Wahba, 1979).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from demand.history import FloatArray

STRENGTHS = np.logspace(0, 4, 13)
"""In units of the mean squared change; weaker ridges fit the noise of the few dozen changes that a history has."""

MEANS = (3, 7, 14)
"""Periods that recent mean levels are taken over."""

OFFSET = 0.5
"""Share of the recent mean level that is added before the logarithm is taken: large levels vary in proportion to
themselves, and levels near zero by amounts."""

MEMORY = 28.0
"""Periods after which a change counts half in the regression."""

FEWEST = 12
"""Changes, each with a whole cycle before it, that a regression is learned from at least: twice as many as it
has inputs. With fewer a level is a random walk whose steps are as likely up as down."""

PLAUSIBLE = 4.0
"""How far beyond the past levels a path goes at most, as a multiple of their range in the stabilised space."""

_LARGEST = 60.0
"""Logarithm that nothing exceeds, so that a level stays a number in single precision too."""

RECENT = 5.0
"""Periods after which a level counts half in the recent mean level."""


@dataclass(frozen=True)
class Levels:
    """Past levels, one per period, oldest first.

    Attributes:
        values: never below zero, shape (n_series, n_periods).
        known: False for periods before a series began.
        cycle: after how many periods a level tends to come again.
    """

    values: FloatArray
    known: npt.NDArray[np.bool_]
    cycle: int

    @property
    def lags(self) -> tuple[int, ...]:
        """Periods back whose difference from the last level is looked at."""
        return tuple(sorted({2, 3, max(self.cycle, 4)}))


@dataclass(frozen=True)
class Ridge:
    """A fitted regression: coefficients (n_series, n_features) and leave-one-out errors (n_series, n_samples)."""

    coefficients: FloatArray
    errors: FloatArray


def level_paths(past: Levels, ahead: int, uniforms: FloatArray) -> FloatArray:
    """Bootstrap paths of levels ahead.

    Args:
        past: levels so far, at least two.
        ahead: how many periods.
        uniforms: draws in [0, 1) that choose the residuals, shape (ahead, n_paths).

    Returns:
        Never below zero, shape (n_series, n_paths, ahead).
    """
    offset = _offset(past)
    begun = np.argmax(past.known, axis=1)
    stabilised = np.log(past.values + offset)
    first = np.take_along_axis(stabilised, begun[:, None], axis=1)
    stabilised = np.where(np.arange(stabilised.shape[1]) < begun[:, None], first, stabilised)
    targets = np.arange(1, stabilised.shape[1])
    whole = targets > begun[:, None] + past.cycle
    enough = whole.sum(axis=1, keepdims=True) >= FEWEST
    weights = np.where(enough, whole, targets > begun[:, None]) * 0.5 ** ((targets[-1] - targets) / MEMORY)
    inputs = np.stack([_inputs(stabilised[:, :at], past.lags) for at in targets], axis=1) * enough[..., None]
    fitted = ridge(inputs, np.diff(stabilised, axis=1), weights)
    mirrored = np.concatenate([weights, np.where(enough, 0.0, weights)], axis=1)
    drawn = _resample(np.concatenate([fitted.errors, -fitted.errors], axis=1), mirrored, uniforms)
    lowest, highest = stabilised.min(axis=1, keepdims=True), stabilised.max(axis=1, keepdims=True)
    beyond = PLAUSIBLE * (highest - lowest)
    walked = np.repeat(stabilised[:, None, -_looked_back(past.lags) :], uniforms.shape[1], axis=1)
    for step in range(ahead):
        change = np.einsum("snf,sf->sn", _inputs(walked, past.lags), fitted.coefficients)
        following = np.clip(walked[..., -1] + change + drawn[:, step], lowest - beyond, highest + beyond)
        walked = np.concatenate([walked, following[..., None]], axis=2)
    return np.asarray(np.maximum(np.exp(np.minimum(walked[..., -ahead:], _LARGEST)) - offset[..., None], 0.0))


def ridge(inputs: FloatArray, targets: FloatArray, weights: FloatArray) -> Ridge:
    """Weighted ridge regressions without an intercept, averaged over `STRENGTHS` by their leave-one-out errors.

    Args:
        inputs: shape (n_series, n_samples, n_features).
        targets: shape (n_series, n_samples).
        weights: not below zero, shape (n_series, n_samples).
    """
    mass = np.maximum(weights.sum(axis=1), np.finfo(float).tiny)
    unit = np.sqrt((weights * targets**2).sum(axis=1) / mass)
    unit = np.where(unit > 0, unit, 1.0)[:, None]
    scaled, wanted = inputs / unit[..., None], targets / unit
    gram = np.einsum("snf,sn,sng->sfg", scaled, weights, scaled, optimize=True)
    strength, axes = np.linalg.eigh(gram)
    strength = np.maximum(strength, 0.0)
    turned = scaled @ axes
    along = np.einsum("snf,sn,sn->sf", turned, weights, wanted, optimize=True)
    shrunk = along / (strength + STRENGTHS[:, None, None])
    leverage = np.einsum("snf,asf->asn", turned**2, 1 / (strength + STRENGTHS[:, None, None])) * weights
    missed = wanted - np.einsum("snf,asf->asn", turned, shrunk, optimize=True)
    errors = missed / np.maximum(1 - leverage, 1e-3)
    losses = (weights * errors**2).sum(axis=2) / mass
    least = np.maximum(losses.min(axis=0), np.finfo(float).tiny)
    share = np.exp(np.maximum(-0.5 * mass * (losses / least - losses.min(axis=0) / least), -700.0))
    share /= share.sum(axis=0)
    averaged = np.einsum("as,asf->sf", share, shrunk)
    return Ridge(np.einsum("sgf,sf->sg", axes, averaged), np.einsum("as,asn->sn", share, errors) * unit)


def _offset(past: Levels) -> FloatArray:
    recent = past.known * 0.5 ** (np.arange(past.values.shape[1])[::-1] / RECENT)
    mean = (recent * past.values).sum(axis=1) / recent.sum(axis=1)
    return np.asarray(OFFSET * np.where(mean > 0, mean, 1.0))[:, None]


def _looked_back(lags: tuple[int, ...]) -> int:
    return max(*MEANS, *lags)


def _inputs(levels: FloatArray, lags: tuple[int, ...]) -> FloatArray:
    """Earlier levels and recent means less the last level, zero where there are none yet; shape (..., n_features)."""
    last = levels[..., -1]
    before = [levels[..., -lag] - last if lag <= levels.shape[-1] else np.zeros_like(last) for lag in lags]
    means = [levels[..., -span:].mean(axis=-1) - last for span in MEANS]
    return np.stack([*before, *means], axis=-1)


def _resample(errors: FloatArray, weights: FloatArray, uniforms: FloatArray) -> FloatArray:
    """Errors drawn with the chance of their weight, none where a series has none; shape (n_series, *uniforms.shape)."""
    total = np.cumsum(weights, axis=1)
    chances = np.divide(total, total[:, -1:], out=np.ones_like(total), where=total[:, -1:] > 0)
    chosen = [np.searchsorted(chance, uniforms, side="right") for chance in chances]
    picked = np.minimum(np.stack(chosen), errors.shape[1] - 1).reshape(len(errors), -1)
    drawn = np.take_along_axis(errors, picked, axis=1) * (total[:, -1:] > 0)
    return drawn.reshape(len(errors), *uniforms.shape)
