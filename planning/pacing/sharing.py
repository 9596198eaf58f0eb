"""What a class is served as sums of largest flows, where that can be said.

Levels are served one after the other, so a class that is alone in its level is served what comes of it to the largest
flow. Classes that share a level are all served at home first, then each in turn from what is spare, and then make room
for each other (`planning.allocation.allocate`). Which of them loses nothing to whom follows from who can reach what.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from demand.history import FloatArray
from planning.allocation import reach_of, served_most, service_order
from planning.cuts import BoolArray
from planning.pacing.evaluation import Part


@dataclass(frozen=True)
class Flow:
    """A largest flow of some classes, or a share of it that belongs to one of them.

    Attributes:
        reach: which class of the part can be served by which pool in it, shape (n_classes, n_pools).
        hours: what a unit of it counts for, shape (n_paths, n_steps).
    """

    reach: BoolArray
    hours: FloatArray

    def of(self, part: Part, supply: FloatArray) -> float:
        """The flow in accelerator-hours, on average over the paths."""
        total = served_most(part.demand, supply, part.topology, self.reach).total
        return float((total * self.hours).sum(axis=1).mean())

    def most(self, part: Part) -> float:
        """The flow if supply knew no limit."""
        wanted = part.demand[self.reach.any(axis=1)].sum(axis=0)
        return float((wanted * self.hours).sum(axis=1).mean())

    def tangent(self, part: Part, chosen: FloatArray) -> tuple[float, FloatArray]:
        """The flow, and what one of each choice of the part adds, shape (n_columns of the part,)."""
        found = served_most(part.demand, part.pooled(chosen), part.topology, self.reach)
        total = float((found.total * self.hours).sum(axis=1).mean())
        return total, part.slopes(found.slope * self.hours).mean(axis=1)


@dataclass(frozen=True)
class Bound:
    """What a class is served at most, whatever the supply: largest flows added, and others taken off.

    Attributes:
        added: flows that count as they are.
        less: flows that are taken off; none of them is empty.
    """

    added: tuple[Flow, ...]
    less: tuple[Flow, ...]

    def of(self, part: Part, supply: FloatArray) -> float:
        """The bound in accelerator-hours, on average over the paths."""
        return sum(each.of(part, supply) for each in self.added) - sum(each.of(part, supply) for each in self.less)


def bounds_of(part: Part, row: int, hours: FloatArray) -> tuple[tuple[Bound, ...], bool]:
    """Bounds on what a class is served, and whether there is one that is what it is served.

    Args:
        part: that the class is in.
        row: of the class in the part.
        hours: of each path and step.
    """
    sharing = _Sharing(part, row, hours)
    if (exact := sharing.exact()) is not None:
        return (exact,), True
    return sharing.loose(), False


class _Sharing:
    """A class among those of its level, without those that it is served the same without."""

    def __init__(self, part: Part, row: int, hours: FloatArray) -> None:
        self.part, self.row, self.hours = part, row, hours
        self.reach = reach_of(part.topology)
        self.homes = np.array(
            [[each.home == pool.name for pool in part.topology.pools] for each in part.topology.classes]
        )
        levels = service_order(part.topology)
        at = next(at for at, level in enumerate(levels) if row in level)
        self.earlier = [each for level in levels[:at] for each in level]
        self.plain = not any(self._moves(each) for each in self.earlier)
        self.level = self._peeled(list(levels[at])) if self.plain else list(levels[at])

    def exact(self) -> Bound | None:
        """What the class is served, where flows can tell."""
        others = [each for each in self.level if each != self.row]
        if not others or (self.plain and self._comes_last(self.row, self.level)):
            return self._bound([self._flow([*self.earlier, *self.level])], [self._flow([*self.earlier, *others])])
        if self.plain and not any(self._moves(each) for each in self._housemates()):
            return self._bound(*self._home())
        if self.plain and self._settled(self.level) and self._apart():
            before = [each for each in self.level if each < self.row]
            after = [each for each in self.level if each > self.row]
            added, less = self._home()
            added.append(self._flow([*self.earlier, *before, self.row], after))
            less.append(self._flow([*self.earlier, *before], [self.row, *after]))
            return self._bound(added, less)
        return None

    def loose(self) -> tuple[Bound, ...]:
        """It is served no more than if it came first, and no more than what others do not surely get at home."""
        first = self._bound([self._flow([*self.earlier, self.row])], [self._flow(self.earlier)])
        if not self.plain:
            return (first,)
        others = [each for each in self.level if (self.homes[each] != self.homes[self.row]).any()]
        left = self._bound([self._flow([*self.earlier, *self.level])], [self._flow(self.earlier, others)])
        return first, left

    def _bound(self, added: Sequence[Flow], less: Sequence[Flow]) -> Bound:
        return Bound(tuple(added), tuple(each for each in less if each.reach.any()))

    def _flow(self, moving: Collection[int], at_home: Collection[int] = (), share: FloatArray | None = None) -> Flow:
        reach = np.zeros_like(self.reach)
        reach[list(moving)] = self.reach[list(moving)]
        reach[list(at_home)] = self.homes[list(at_home)]
        return Flow(reach, self.hours if share is None else self.hours * share)

    def _home(self) -> tuple[list[Flow], list[Flow]]:
        """Its share of what is served at home of those of its level who live there."""
        together = self._housemates()
        asked = self.part.demand[together].sum(axis=0)
        share = np.divide(self.part.demand[self.row], asked, out=np.zeros_like(asked), where=asked > 0)
        return [self._flow(self.earlier, together, share)], [self._flow(self.earlier, (), share)]

    def _apart(self) -> bool:
        """Whether nobody shares a home with one who moves; by leaving, it would leave its share to the others."""
        return all(
            (self.homes[self.level] == self.homes[each]).all(axis=1).sum() == 1
            for each in self.level
            if self._moves(each)
        )

    def _housemates(self) -> list[int]:
        return [each for each in self.level if (self.homes[each] == self.homes[self.row]).all()]

    def _peeled(self, level: list[int]) -> list[int]:
        """The level without classes that take only what all others leave, one after the other."""
        while last := [each for each in level if each != self.row and self._comes_last(each, level)]:
            level.remove(last[0])
        return level

    def _comes_last(self, row: int, level: Sequence[int]) -> bool:
        """Whether all others of the level are served what they would be without a class.

        Nobody else can use its home; where it moves to, only those are who live there and are served before; and the
        others have no use for the room that they could make for each other, so it takes none of it.
        """
        others = [each for each in level if each != row]
        at_home, abroad = self.homes[row], self.reach[row] & ~self.homes[row]
        visits = [self.reach[each] & ~self.homes[each] for each in others]
        if any((self.reach[each] & at_home).any() for each in others) or any((one & abroad).any() for one in visits):
            return False
        return self._settled(others)

    def _settled(self, level: Sequence[int]) -> bool:
        """Whether none of the classes gains when another makes room for it.

        A class has no use for it where it meets only those who can move to just the same pools, or who come to its home
        from elsewhere and get what it leaves.
        """
        meets = self.reach & ~self.homes
        return all(
            one == other
            or (self.reach[one] == self.reach[other]).all()
            or not ((meets[one] & self.reach[other]) | (self.homes[one] & self.homes[other])).any()
            for one in level
            for other in level
            if self._moves(other)
        )

    def _moves(self, row: int) -> bool:
        return bool(self.reach[row].sum() > 1)
