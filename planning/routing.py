"""Who is served from where: home first, then what is spare elsewhere, then by making room for each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from demand.history import FloatArray
from planning.cuts import BoolArray, Cuts

_NOTHING = 1e-9
"""Relative to what is served: less than this counts as zero."""


@dataclass
class Service:
    """What is served and used while it is being found; arrays are changed in place.

    What is known of who serves whom is that some routing serves just this demand with just this capacity. That is
    enough to go on: more served from what is left needs no change of the routing, and how much more can be served by
    changing it is a largest flow.

    Attributes:
        reach: which class can be served by which pool, shape (n_classes, n_pools).
        served: in the unit of demand, shape (n_classes, n_cells).
        unmet: as well.
        used: capacity in the unit of demand, shape (n_pools, n_cells).
        left: as well.
    """

    reach: BoolArray
    served: FloatArray
    unmet: FloatArray
    used: FloatArray
    left: FloatArray

    @classmethod
    def none_yet(cls, reach: BoolArray, demand: FloatArray, capacity: FloatArray) -> "Service":
        """Nothing is served yet."""
        return cls(reach, np.zeros_like(demand), demand.copy(), np.zeros_like(capacity), capacity.copy())

    def fill(self, homes: Mapping[int, Sequence[int]], elsewhere: Mapping[int, Sequence[int]]) -> None:
        """Serve classes from their homes, in proportion where it is not enough, and then from what is spare.

        Args:
            homes: rows of the classes by the row of their home.
            elsewhere: rows of other pools by the row of the class.
        """
        for pool, rows in homes.items():
            self._share(rows, pool)
        for row, pools in elsewhere.items():
            for pool in pools:
                self._share([row], pool)

    def _share(self, rows: Sequence[int], pool: int) -> None:
        asked = self.unmet[rows].sum(axis=0)
        share = np.divide(np.minimum(asked, self.left[pool]), asked, out=np.zeros_like(asked), where=asked > 0)
        given = self.unmet[rows] * share
        self.served[rows] += given
        self.unmet[rows] -= given
        self._use(pool, slice(None), given.sum(axis=0))

    def _use(self, pool: int, cells: slice | BoolArray, amount: FloatArray) -> None:
        self.used[pool, cells] += amount
        self.left[pool, cells] = np.maximum(self.left[pool, cells] - amount, 0.0)

    def make_room(self, level: Sequence[int], first: BoolArray) -> None:
        """Serve as much of a level as any routing can, where that is more; nobody is served less for it.

        Args:
            level: rows of the classes.
            first: which classes are of this level or served before it.
        """
        cuts = Cuts.of(self.reach & first[:, None])
        if not cuts.parts:
            return
        most = cuts.flow(self.served + self.unmet, self.used + self.left).total
        missing = most - self.served[first].sum(axis=0)
        open_cells = missing > _NOTHING * most
        for row in level:
            cells = open_cells & (self.unmet[row] > 0)
            if cells.any():
                missing[cells] -= self._extend(cuts, row, cells)
                open_cells = missing > _NOTHING * most
        self._place(cuts, self.served[first].sum(axis=0) - self.used.sum(axis=0), _NOTHING * most)

    def _extend(self, cuts: Cuts, row: int, cells: BoolArray) -> FloatArray:
        """Serve as much more of one class as can be beside all that is served already."""
        asked, unmet = self.served[:, cells], self.unmet[row, cells]
        before = asked.sum(axis=0)
        asked[row] += unmet
        more: FloatArray = np.clip(
            cuts.flow(asked, self.used[:, cells] + self.left[:, cells]).total - before, 0.0, unmet
        )
        self.served[row, cells] += more
        self.unmet[row, cells] -= more
        return more

    def _place(self, cuts: Cuts, missing: FloatArray, nothing: FloatArray) -> None:
        """Use more of the pools, in their order, until all that is served has its place."""
        for pool in range(len(self.used)):
            cells = (missing > nothing) & (self.left[pool] > 0)
            if cells.any():
                capacity, left = self.used[:, cells], self.left[pool, cells]
                before = capacity.sum(axis=0)
                capacity[pool] += left
                more = np.clip(cuts.flow(self.served[:, cells], capacity).total - before, 0.0, left)
                self._use(pool, cells, more)
                missing[cells] -= more
