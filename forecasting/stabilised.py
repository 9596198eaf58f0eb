"""A space in which effects are nearly multiplicative, and zero stays a level like any other."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from demand.history import FloatArray

SMALLEST_SHARE, LARGEST_SHARE = 0.05, 0.5


@dataclass(frozen=True)
class Stabilised:
    """Takes levels to log(1 + level / scale) and back, each series with a scale of its own.

    Well above the scale a shift in this space is a factor, and well below it an amount; so a series that keeps away
    from zero has a small scale, and one that is idle now and then a large one, lest its idleness be the largest swing.

    Attributes:
        scales: above zero, shape (n_series,).
    """

    scales: FloatArray

    @classmethod
    def of(cls, values: FloatArray) -> "Stabilised":
        """The space for a history, NaN where it is missing, shape (n_series, n_steps)."""
        known = ~np.isnan(values)
        filled = np.where(known, values, 0.0)
        mean = filled.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        low = np.sort(np.where(known, values, np.inf), axis=1)
        place = (0.05 * known.sum(axis=1)).astype(int)
        lowest = np.where(known.any(axis=1), np.take_along_axis(low, place[:, None], axis=1)[:, 0], 0.0)
        ordinary = np.where(mean > 0, mean, 1.0)
        return cls(ordinary * np.clip(LARGEST_SHARE - lowest / ordinary, SMALLEST_SHARE, LARGEST_SHARE))

    def forward(self, values: FloatArray) -> FloatArray:
        """Into the space; the first axis is the series."""
        return np.log1p(values / self._along(values))

    def back(self, values: FloatArray) -> FloatArray:
        """Out of the space, not below zero."""
        return np.maximum(np.expm1(values) * self._along(values), 0.0)

    def row(self, at: int) -> "Stabilised":
        """The same for one series."""
        return Stabilised(self.scales[at : at + 1])

    def _along(self, values: FloatArray) -> FloatArray:
        return self.scales.reshape(-1, *(1,) * (values.ndim - 1))


def shifted(quantiles: FloatArray, shift: FloatArray, variance: FloatArray, levels: tuple[float, ...]) -> FloatArray:
    """Quantiles of the sum of a forecast and of an independent Gaussian effect.

    Exact where the forecast is Gaussian: distances from the median add up by their squares.

    Args:
        quantiles: of the forecast, shape (n_steps, n_levels).
        shift: mean of the effect, shape (n_steps,).
        variance: variance of the effect, shape (n_steps,).
        levels: probabilities, ascending.
    """
    normal = ndtri(np.asarray(levels))
    middle = np.array([np.interp(0.0, normal, row) for row in quantiles])[:, None]
    own = quantiles - middle
    wider = np.sign(normal) * np.sqrt(own**2 + variance[:, None] * normal**2)
    return np.asarray(np.where(variance[:, None] > 0, middle + wider, quantiles) + shift[:, None])
