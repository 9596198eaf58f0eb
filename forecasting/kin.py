"""Which series are kin, how near they are, and how that is told."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from demand.history import FloatArray
from demand.series import SeriesKey

NEARNESS = {"region": 4.0, "accelerator": 3.0, "provider": 2.0, "stage": 1.0, "tenant": 1.0}
"""Powers of two by which a shared dimension makes kin count more. A workload must be shared where any kin shares it.

The region comes before the accelerator because it says by which clock demand goes up and down, which a young series
cannot tell; the rest is in the order in which dimensions usually explain demand.
"""

MOST_KIN = 24
"""Kin that a series borrows from at most, the nearest ones."""


def nearness(key: SeriesKey, other: SeriesKey) -> float:
    """Logarithm of how much a series counts for another, by what their keys have in common."""
    shared = sum(weight for name, weight in NEARNESS.items() if key.dimension(name) == other.dimension(name))
    return float(np.log(2) * shared)


def nearest_kin(
    row: int, keys: Sequence[SeriesKey], histories: FloatArray, candidates: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """The nearest kin of a series and the logarithm of how much each counts, nearest first.

    Args:
        row: the series, which may be its own kin where it is among the candidates.
        keys: of all series.
        histories: how much history each has, in the history that is enough, shape (n_series,).
        candidates: rows with enough history to lend, ascending.
    """
    same = np.array([keys[other].workload is keys[row].workload for other in candidates], dtype=bool)
    pool = candidates[same] if same.any() else candidates
    weights = np.array([nearness(keys[row], keys[other]) for other in pool])
    weights = weights + np.log(histories[pool] / (1 + histories[pool]))
    order = np.argsort(-weights, kind="stable")[:MOST_KIN]
    return pool[order], weights[order]


def told(keys: Sequence[SeriesKey], kin: npt.NDArray[np.int64], shares: FloatArray) -> str:
    """What was borrowed and from whom, those named that most of it is from."""
    order = np.argsort(-shares, kind="stable")
    named = [str(keys[kin[place]]) for place in order[:3] if shares[place] >= 0.1] or [str(keys[kin[order[0]]])]
    return (
        f"history is short: shape and growth borrowed from {'; '.join(name or 'a nameless series' for name in named)}"
    )
