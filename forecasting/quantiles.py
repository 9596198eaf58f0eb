"""Marginal forecasts: quantiles per series and step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtri

from demand.errors import Invalid
from demand.history import FloatArray

GRID = (
    *(0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45),
    *(0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.975, 0.99),
)
DECILES = tuple(tenth / 10 for tenth in range(1, 10))


@dataclass(frozen=True)
class QuantileForecast:
    """Quantiles of each series at each step ahead.

    Attributes:
        levels: probabilities in (0, 1), ascending.
        values: shape (n_series, n_steps, n_levels), never below zero and never crossing; all NaN for a series that
            the model could not forecast.
        failures: why, per row that is all NaN.
        notes: what a reader should know of a row that is forecast, such as what it was borrowed from.
    """

    levels: tuple[float, ...]
    values: FloatArray
    failures: Mapping[int, str] = field(default_factory=dict)
    notes: Mapping[int, str] = field(default_factory=dict)

    def at(self, levels: Sequence[float]) -> FloatArray:
        """Quantiles at other probabilities, shape (n_series, n_steps, n_levels).

        Linear in the normal score of the probability, so a Gaussian forecast is reproduced exactly, in its tails too.
        """
        return interpolate(self.values, self.levels, np.asarray(levels, dtype=float))


def check_levels(levels: Sequence[float]) -> tuple[float, ...]:
    """The levels in ascending order without repeats.

    Raises:
        Invalid: there is none, or one is not strictly between 0 and 1.
    """
    for level in levels:
        if not 0 < level < 1:
            raise Invalid(
                f"quantile {level:g} is not strictly between 0 and 1; 0.1,0.5,0.9 would be a band and its middle"
            )
    if not levels:
        raise Invalid("no quantile is asked for; name at least one strictly between 0 and 1, such as 0.5")
    return tuple(sorted(set(levels)))


def proper(values: FloatArray) -> FloatArray:
    """The same quantiles, in order along the last axis and not below zero."""
    return np.sort(np.maximum(values, 0.0), axis=-1)


def interpolate(values: FloatArray, levels: Sequence[float], wanted: FloatArray) -> FloatArray:
    """Quantiles at the wanted levels from quantiles at known ones.

    Args:
        values: shape (..., n_levels), not crossing.
        levels: the known probabilities, ascending.
        wanted: probabilities in (0, 1) in any order, shape (n_wanted,).

    Returns:
        Shape (..., n_wanted), not below zero; beyond the outermost levels the outermost slope goes on.
    """
    if len(levels) == 1:
        return np.repeat(np.maximum(values, 0.0), len(wanted), axis=-1)
    known, asked = ndtri(np.asarray(levels)), ndtri(wanted)
    upper = np.clip(np.searchsorted(known, asked), 1, len(known) - 1)
    weight = (asked - known[upper - 1]) / (known[upper] - known[upper - 1])
    below, above = values[..., upper - 1], values[..., upper]
    result: FloatArray = below + weight * (above - below)
    # Rounding must not make neighbours cross: between two known quantiles nothing leaves them, beyond them all does.
    result = np.where(weight < 0, np.minimum(result, below), np.maximum(result, below))
    result = np.where(weight > 1, np.maximum(result, above), np.minimum(result, above))
    return np.maximum(result, 0.0)
