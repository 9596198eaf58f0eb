"""Empirical Bayes over a fleet: what is known of one series from the others."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from demand.history import FloatArray

ENOUGH = 3
"""Others from which a variance between series can be told."""

SUREST = 1e-3
"""Least variance that counts, as a share of the median one, so that no series outvotes all others."""


@dataclass(frozen=True)
class Prior:
    """What others say of each series: mean and variance of what it might be, each of shape (n_series,)."""

    mean: FloatArray
    variance: FloatArray


def kin_prior(estimates: FloatArray, variances: FloatArray, groups: Sequence[Hashable], default: Prior) -> Prior:
    """A prior for each series from the others of its group, from all others where the group is small.

    The mean is weighted by precision; the variance between series is the moment estimate of DerSimonian and Laird
    (1986). A series never takes part in its own prior.

    Args:
        estimates: one per series; NaN where there is none. Shape (n_series,).
        variances: sampling variances of the estimates, shape (n_series,).
        groups: whose kin each series is.
        default: the prior where there are fewer than `ENOUGH` others.
    """
    mean, variance = default.mean.copy(), default.variance.copy()
    usable = np.isfinite(estimates) & np.isfinite(variances) & (variances > 0)
    if usable.any():
        variances = np.maximum(variances, SUREST * np.median(variances[usable]))
    everyone = np.ones(len(estimates), dtype=bool)
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    labels = np.array([numbers[group] for group in groups])
    for members in (everyone, *(labels == label for label in np.unique(labels))):
        inside = members & usable
        others = inside.sum() - inside
        served = members & (others >= ENOUGH)
        if served.any():
            pooled = _without_self(estimates, variances, inside)
            mean[served], variance[served] = pooled.mean[served], pooled.variance[served]
    return Prior(mean, variance)


def _without_self(estimates: FloatArray, variances: FloatArray, inside: npt.NDArray[np.bool_]) -> Prior:
    precision = np.where(inside, 1 / np.where(inside, variances, 1.0), 0.0)
    values = np.where(inside, estimates, 0.0)
    between = _between(values, precision)
    weight = np.where(inside, 1 / (1 / np.where(inside, precision, 1.0) + between), 0.0)
    rest = weight.sum() - weight
    safe = np.where(rest > 0, rest, np.inf)
    return Prior((np.sum(weight * values) - weight * values) / safe, between + 1 / safe)


def _between(values: FloatArray, precision: FloatArray) -> float:
    """Variance between series beyond what sampling explains; never below a hundredth of their spread."""
    total = precision.sum()
    mean = (precision * values).sum() / total
    count = np.count_nonzero(precision)
    surplus = (precision * (values - mean) ** 2).sum() - (count - 1)
    spread = float(np.var(values[precision > 0]))
    return float(max(surplus / (total - (precision**2).sum() / total), 0.01 * spread, 1e-16))
