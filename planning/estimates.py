"""Numbers that are not known exactly: low, middle and high, and the draws that planning makes of them."""

from dataclasses import dataclass
from zlib import crc32

import numpy as np
from scipy.special import ndtr, ndtri

from demand.errors import Invalid
from demand.history import FloatArray

_OUTER = float(ndtri(0.9))


@dataclass(frozen=True)
class Estimate:
    """A quantity by its 10 %, 50 % and 90 % quantiles.

    Between them, and beyond, the quantity is linear in the normal score of its probability: two halves of normal
    distributions that meet at the median. Equal halves are a normal distribution, and equal numbers are a certainty.

    Attributes:
        low: in nine cases of ten it is more.
        mid: as often more as less.
        high: in nine cases of ten it is less.
    """

    low: float
    mid: float
    high: float

    def __post_init__(self) -> None:
        if not -np.inf < self.low <= self.mid <= self.high < np.inf:
            raise Invalid(f"an estimate of {self.low:g}, {self.mid:g}, {self.high:g} is not in ascending order")

    @classmethod
    def certain(cls, value: float) -> "Estimate":
        """A quantity that is known."""
        return cls(value, value, value)

    @property
    def is_certain(self) -> bool:
        """Whether it can take one value only."""
        return self.low == self.high

    def at(self, scores: FloatArray) -> FloatArray:
        """Values at normal scores, of the same shape."""
        side = np.where(scores < 0, self.mid - self.low, self.high - self.mid)
        return np.asarray(self.mid + side * scores / _OUTER)

    def score(self, value: float) -> float:
        """The normal score at which it takes this value; infinite beyond what it can be."""
        side = self.mid - self.low if value < self.mid else self.high - self.mid
        if not side:
            return float(np.copysign(np.inf, value - self.mid)) if value != self.mid else 0.0
        return float((value - self.mid) * _OUTER / side)


def normal_draws(seed: int, name: str, n_paths: int) -> FloatArray:
    """Standard normal numbers, one per path, that depend on the seed and the name alone.

    Every uncertain thing has a name and its own draws. So what two scenarios have in common is drawn alike in both, and
    their difference is the scenarios' own (common random numbers; Glasserman, 2003, section 4.2).
    """
    return np.random.default_rng([seed, crc32(name.encode())]).standard_normal(n_paths)


def uniform_draws(seed: int, name: str, n_paths: int) -> FloatArray:
    """Numbers in (0, 1), one per path, that depend on the seed and the name alone."""
    return np.asarray(ndtr(normal_draws(seed, name, n_paths)))
