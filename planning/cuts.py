"""How much demand supply can serve at most, by the cut that limits it, on all paths and steps at once.

Demand flows to the pools that it can reach, as in a transport problem. By max-flow min-cut (Ford and Fulkerson, 1956)
what is served is the least over sets of pools of: the capacity of the set, plus the demand that can leave it. Only
unions of what movable demand reaches can be least, and those are few. The pools of the least cut are those of which one
accelerator more would serve more, which is the slope that decomposition methods need.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from demand.errors import Invalid
from demand.history import FloatArray

BoolArray = npt.NDArray[np.bool_]

MOST_UNIONS = 4096
"""As many as twelve independent neighbourhoods have."""

_NUMBERS_AT_A_TIME = 100_000
"""As many as stay in the cache of a processor."""


@dataclass(frozen=True)
class Part:
    """Pools that movable demand ties together.

    Attributes:
        pools: their rows.
        groups: rows of the classes that reach the same pools, group by group.
        unions: which pools are in each union of neighbourhoods, 0 or 1, shape (n_unions, pools of the part).
        inside: which groups cannot leave the union, 0 or 1, shape (n_unions, n_groups).
    """

    pools: tuple[int, ...]
    groups: tuple[tuple[int, ...], ...]
    unions: FloatArray
    inside: FloatArray


@dataclass(frozen=True)
class Flow:
    """What is served at most.

    Attributes:
        total: served demand, shape (n_cells,).
        slope: what one unit of capacity more serves, 0 or 1, shape (n_pools, n_cells).
    """

    total: FloatArray
    slope: FloatArray


@dataclass(frozen=True)
class Cuts:
    """The cuts that can limit a set of classes.

    Attributes:
        at_home: which class is bound to which pool, 0 or 1, shape (n_pools, n_classes).
        parts: of the pools that movable demand reaches.
    """

    at_home: FloatArray
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, reach: BoolArray) -> "Cuts":
        """The cuts of classes that reach pools, shape (n_classes, n_pools); a class that reaches none is not served.

        Raises:
            Invalid: demand moves between pools in too many ways.
        """
        n_reached = reach.sum(axis=1)
        at_home = (reach & (n_reached == 1)[:, None]).T.astype(float)
        masks = [frozenset(np.flatnonzero(row).tolist()) for row in reach]
        together: dict[frozenset[int], list[int]] = {}
        for row in np.flatnonzero(n_reached > 1):
            together.setdefault(masks[row], []).append(int(row))
        parts = [
            _part(pools, {mask: tuple(rows) for mask, rows in together.items() if mask <= pools})
            for pools in tied(together)
        ]
        return cls(at_home, tuple(parts))

    def flow(self, demand: FloatArray, capacity: FloatArray) -> Flow:
        """What is served at most.

        Args:
            demand: shape (n_classes, n_cells).
            capacity: in the unit of demand, shape (n_pools, n_cells).
        """
        bound = self.at_home @ demand
        met = np.minimum(bound, capacity)
        spare = capacity - met
        total, slope = met.sum(axis=0), (capacity < bound).astype(float)
        for part in self.parts:
            rows = list(part.pools)
            moving = np.stack([demand[list(group)].sum(axis=0) for group in part.groups])
            least, limits = _least(part, spare[rows], moving)
            total += moving.sum(axis=0) + least
            slope[rows] = np.maximum(slope[rows], limits)
        return Flow(total, slope)


def tied(neighbourhoods: Iterable[frozenset[int]]) -> list[frozenset[int]]:
    """Sets of pools such that no neighbourhood lies in two of them, by their first pool."""
    parts: list[frozenset[int]] = []
    for mask in neighbourhoods:
        touched = [part for part in parts if part & mask]
        parts = [part for part in parts if not part & mask] + [mask.union(*touched)]
    return sorted(parts, key=min)


def _part(pools: frozenset[int], groups: dict[frozenset[int], tuple[int, ...]]) -> Part:
    unions: set[frozenset[int]] = {frozenset()}
    for mask in groups:
        unions |= {union | mask for union in unions}
        if len(unions) > MOST_UNIONS:
            raise Invalid(
                f"demand moves between {len(pools)} pools in more than {MOST_UNIONS} combinations; give classes the "
                "same `elsewhere` where they may move alike, or let fewer of them move"
            )
    ordered = sorted(unions, key=lambda union: (len(union), sorted(union)))
    rows = sorted(pools)
    return Part(
        tuple(rows),
        tuple(groups.values()),
        np.array([[row in union for row in rows] for union in ordered], dtype=float),
        np.array([[mask <= union for mask in groups] for union in ordered], dtype=float),
    )


def _least(part: Part, spare: FloatArray, moving: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The least excess of a union's spare capacity over the demand that cannot leave it, and its pools."""
    n_cells = spare.shape[1]
    least, chosen = np.zeros(n_cells), np.zeros(n_cells, dtype=np.intp)
    width = max(1, _NUMBERS_AT_A_TIME // len(part.unions))
    for first in range(0, n_cells, width):
        cells = slice(first, first + width)
        excess = part.unions @ spare[:, cells] - part.inside @ moving[:, cells]
        chosen[cells] = excess.argmin(axis=0)
        least[cells] = np.take_along_axis(excess, chosen[None, cells], axis=0)[0]
    return least, part.unions[chosen].T
