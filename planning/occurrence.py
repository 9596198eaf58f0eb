"""When something happens for the first time, as a distribution with the chance that it never does."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from demand.history import FloatArray
from planning.spread import least_covering


@dataclass(frozen=True)
class Occurrence:
    """The step at which something happens, path by path.

    Attributes:
        first: the step, or `n_steps` where it does not happen, shape (n_rows, n_paths).
        n_steps: how many steps there are.
    """

    first: np.ndarray
    n_steps: int

    @property
    def never(self) -> FloatArray:
        """The chance that it does not happen, shape (n_rows,)."""
        return np.asarray((self.first == self.n_steps).mean(axis=1))

    @property
    def already(self) -> FloatArray:
        """The chance that it has happened by the first step, shape (n_rows,)."""
        return np.asarray((self.first == 0).mean(axis=1))

    def chance_by(self) -> FloatArray:
        """The chance that it has happened by each step, that step included, shape (n_rows, n_steps)."""
        counts = [np.bincount(row, minlength=self.n_steps + 1)[: self.n_steps] for row in self.first]
        happened = np.cumsum(np.reshape(counts, (len(self.first), self.n_steps)), axis=1)
        return np.asarray(happened / self.first.shape[1], dtype=np.float64)

    def quantiles(self, levels: Sequence[float]) -> np.ndarray:
        """The first step by which it has happened with each of these chances, shape (n_rows, n_levels).

        Where it does not come to that it is `n_steps`.
        """
        ordered = np.sort(self.first, axis=1)
        return np.stack([least_covering(ordered, level) for level in levels], axis=-1)
