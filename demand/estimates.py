"""Numbers that are not known exactly: low, middle and high."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from demand.errors import Invalid
from demand.history import FloatArray

_OUTER = NormalDist().inv_cdf(0.9)


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

    def above(self, least: float, scores: FloatArray) -> FloatArray:
        """Values at normal scores of a quantity that cannot be `least` or less, of the same shape.

        What it is above `least` is linear in its logarithm, so the three quantiles stay as they are given. A quantity
        that may be `least` itself is linear, and never less.
        """
        if self.low <= least:
            return np.maximum(self.at(scores), least)
        low, mid, high = (float(np.log(value - least)) for value in (self.low, self.mid, self.high))
        return np.asarray(least + np.exp(Estimate(low, mid, high).at(scores)))
