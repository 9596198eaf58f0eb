"""Regression on values of which some are only known to be at least so much (Tobin, 1958), with errors that persist."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr
from threadpoolctl import threadpool_limits

from demand.history import FloatArray
from forecasting.seasonal_basis import Basis

ROUNDS = 10
"""Newton steps. The likelihood is concave (Olsen, 1978), so a handful would do if deviation and persistence, which are
estimated along the way, stood still."""

MOST_PERSISTENT = 0.98

SMALLEST_DEVIATION = 1e-4

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TobitFit:
    """What is known of level and shape of each series.

    Attributes:
        coefficients: the likeliest, shape (n_series, n_inputs).
        roots: roots of their covariance, shape (n_series, n_inputs, n_inputs).
        deviation: of the errors, shape (n_series,).
        persistence: lag-one autocorrelation of the errors, shape (n_series,).
    """

    coefficients: FloatArray
    roots: FloatArray
    deviation: FloatArray
    persistence: FloatArray

    def draw(self, rng: np.random.Generator) -> FloatArray:
        """Coefficients as they may be (Laplace's approximation), shape (n_series, n_inputs)."""
        noise = rng.standard_normal(self.coefficients.shape)
        return np.asarray(self.coefficients + np.einsum("npq,nq->np", self.roots, noise))


def fit_tobit(values: FloatArray, censored: BoolArray, shape: Basis) -> TobitFit:
    """The likeliest coefficients of every series, given what is expected of them.

    Hours whose errors persist tell less than as many independent ones; their likelihood is weighted by
    (1 - persistence) / (1 + persistence), which is what that does to the variance of a mean.

    Args:
        values: NaN where nothing is known, shape (n_series, n_steps).
        censored: where the value is only the least it may have been.
        shape: the inputs.
    """
    with threadpool_limits(limits=1, user_api="blas"):  # matrices are small; threads cost more than they save
        fits = [_fit_one(row, mask, shape) for row, mask in zip(values, censored, strict=True)]
    coefficients, roots, deviations, persistences = (np.array(part) for part in zip(*fits, strict=True))
    return TobitFit(coefficients, roots, deviations, persistences)


def _fit_one(values: FloatArray, censored: BoolArray, shape: Basis) -> tuple[FloatArray, FloatArray, float, float]:
    known = ~np.isnan(values)
    inputs, hidden = shape.inputs[known], censored[known]
    seen, steps = values[known], np.flatnonzero(known)
    neighbours = (np.diff(steps) == 1) & ~hidden[1:] & ~hidden[:-1]
    whole, vague = inputs.T @ inputs, inputs[hidden]
    start = np.nanmean(values)
    coefficients = np.linalg.lstsq(inputs, np.full(len(seen), start), rcond=None)[0]
    deviation, persistence = max(float(np.std(seen)), SMALLEST_DEVIATION), 0.5
    for _ in range(ROUNDS):
        fit = inputs @ coefficients
        surplus, weight = _expected(seen - fit, hidden, deviation)
        certainty = (1 - persistence) / (1 + persistence) / deviation**2
        told = whole - (vague.T * (1 - weight[hidden])) @ vague
        precision = certainty * told + shape.precision
        slope = certainty * inputs.T @ surplus - shape.precision @ coefficients
        coefficients = coefficients + np.linalg.solve(precision, slope)
        errors, persistence = seen - fit, _persistence(seen - fit, neighbours)
        spread = np.where(hidden, surplus**2 + deviation**2 * (1 - weight), errors**2)
        deviation = max(float(np.sqrt(spread.mean())), SMALLEST_DEVIATION)
    root = np.asarray(np.linalg.inv(np.linalg.cholesky(precision)).T, dtype=np.float64)
    return np.asarray(coefficients, dtype=np.float64), root, deviation, persistence


def _expected(errors: FloatArray, hidden: BoolArray, deviation: float) -> tuple[FloatArray, FloatArray]:
    """Expected errors given what is known of them, and how much each hour tells (1: the value itself)."""
    bound = errors / deviation
    hazard = np.exp(-0.5 * bound**2 - 0.5 * np.log(2 * np.pi) - log_ndtr(-bound))
    surplus = np.where(hidden, deviation * hazard, errors)
    return surplus, np.where(hidden, np.clip(hazard * (hazard - bound), 0.0, 1.0), 1.0)


def _persistence(errors: FloatArray, neighbours: BoolArray) -> float:
    before, after = errors[:-1][neighbours], errors[1:][neighbours]
    energy = float(np.sqrt((before**2).sum() * (after**2).sum()))
    return float(np.clip((before * after).sum() / energy, 0.0, MOST_PERSISTENT)) if energy > 0 else 0.5
