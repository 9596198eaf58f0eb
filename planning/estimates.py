"""The draws that planning makes of numbers that are not known exactly."""

from zlib import crc32

import numpy as np
from scipy.special import ndtr

from demand.estimates import Estimate
from demand.history import FloatArray

__all__ = ["Estimate", "normal_draws", "uniform_draws"]


def normal_draws(seed: int, name: str, n_paths: int) -> FloatArray:
    """Standard normal numbers, one per path, that depend on the seed and the name alone.

    Every uncertain thing has a name and its own draws. So what two scenarios have in common is drawn alike in both, and
    their difference is the scenarios' own (common random numbers; Glasserman, 2003, section 4.2).
    """
    return np.random.default_rng([seed, crc32(name.encode())]).standard_normal(n_paths)


def uniform_draws(seed: int, name: str, n_paths: int) -> FloatArray:
    """Numbers in (0, 1), one per path, that depend on the seed and the name alone."""
    return np.asarray(ndtr(normal_draws(seed, name, n_paths)))
