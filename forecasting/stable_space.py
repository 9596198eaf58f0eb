"""A space in which demand grows along straight lines and varies about as much at any level."""

from dataclasses import dataclass

import numpy as np

from demand.history import FloatArray

OFFSET = 0.3
"""Share of a series' usual level that is added before taking logarithms, so that zeros have one and quiet times do
not shake more than busy ones."""

HEADROOM = 0.02
"""Share of a cap by which demand could exceed it; without any, demand at the cap would lie infinitely far out."""

_FURTHEST = 60.0
"""Largest exponent that is taken back, far beyond anything real and far below overflow."""


@dataclass(frozen=True)
class StableSpace:
    """log(offset + demand), or its logistic counterpart below a cap, in which growth towards the cap is a line too.

    Attributes:
        offset: in the unit of demand, shape (n_series,).
        limit: what demand cannot exceed, infinite where that is unknown, shape (n_series,).
    """

    offset: FloatArray
    limit: FloatArray

    def into(self, demand: FloatArray) -> FloatArray:
        """From demand, shape (n_series, n_steps)."""
        offset, limit = self.offset[:, None], self.limit[:, None]
        bounded = np.minimum(demand, limit / (1 + HEADROOM))
        return np.log1p(bounded / offset) - np.log1p(-bounded / limit)

    def back(self, values: FloatArray) -> FloatArray:
        """To demand, from shape (n_series, ...); below zero where values are."""
        shape = (len(values),) + (1,) * (values.ndim - 1)
        offset, limit = self.offset.reshape(shape), self.limit.reshape(shape)
        raised = np.exp(np.minimum(values, _FURTHEST))
        return np.asarray(offset * (raised - 1) / (1 + raised * offset / limit))

    def relative_growth(self, level: FloatArray) -> FloatArray:
        """Relative growth of demand per unit of slope where the level is this, uncapped, shape (n_series,)."""
        return np.asarray(1 / -np.expm1(-np.maximum(level, 0.2)))


def stable_space(history: FloatArray, caps: FloatArray | None = None) -> StableSpace:
    """The space for each series.

    Args:
        history: shape (n_series, n_steps), NaN where missing.
        caps: shape (n_series,), NaN or infinite where none is known.
    """
    known = np.isfinite(history)
    level = np.where(known, history, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    limit = np.full(len(history), np.inf)
    if caps is not None:
        limit = np.where(np.isfinite(caps) & (caps > 0), caps * (1 + HEADROOM), np.inf)
    return StableSpace(OFFSET * np.where(level > 0, level, 1.0), limit)
