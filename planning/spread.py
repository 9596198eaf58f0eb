"""What paths say about a number: its mean and its quantiles, sorted once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from demand.history import FloatArray


@dataclass(frozen=True)
class Spread:
    """The distribution of one number per row and step.

    Attributes:
        mean: shape (n_rows, n_steps).
        quantiles: shape (n_rows, n_steps, n_levels).
    """

    mean: FloatArray
    quantiles: FloatArray

    def times(self, factors: FloatArray) -> "Spread":
        """The distribution of the number times factors that are known and not negative, shape (n_rows, n_steps)."""
        return Spread(self.mean * factors, self.quantiles * factors[..., None])


def spread(values: FloatArray, levels: Sequence[float]) -> Spread:
    """The distribution over the paths of values of shape (n_rows, n_paths, n_steps)."""
    return Spread(values.mean(axis=1), quantiles(ascending(values), levels))


def ascending(values: FloatArray) -> FloatArray:
    """Values of shape (n_rows, n_paths, n_steps) in ascending order of the paths, shape (n_rows, n_steps, n_paths)."""
    return np.sort(np.ascontiguousarray(np.swapaxes(values, 1, 2)), axis=-1)


def quantiles(ordered: FloatArray, levels: Sequence[float]) -> FloatArray:
    """Quantiles of what is in ascending order along the last axis, which becomes that of the levels.

    Each value stands in the middle of its share, with straight lines in between (Hazen; type 5 of Hyndman and Fan,
    1996), as in `DemandPaths.quantiles`.
    """
    count = ordered.shape[-1]
    places = np.clip(np.asarray(levels) * count - 0.5, 0, count - 1)
    below = np.floor(places).astype(np.int64)
    above = np.minimum(below + 1, count - 1)
    weight = places - below
    return np.asarray(ordered[..., below] * (1 - weight) + ordered[..., above] * weight)


def least_covering(ordered: np.ndarray, level: FloatArray | float) -> np.ndarray:
    """The smallest value that at least this share of the paths does not exceed.

    It is the inverse of the empirical distribution function, and always the value of a path.

    Args:
        ordered: ascending along the last axis.
        level: probabilities that broadcast to the other axes.
    """
    count = ordered.shape[-1]
    shares = np.broadcast_to(np.asarray(level, dtype=np.float64), ordered.shape[:-1])
    # A share of 0.7 of ten paths is seven of them, though 0.7 times ten is a little more than that.
    place = np.clip(np.ceil(shares * count - 1e-9).astype(np.int64) - 1, 0, count - 1)
    return np.take_along_axis(ordered, place[..., None], axis=-1)[..., 0]
