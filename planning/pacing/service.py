"""Minimum service of a class: what it is served itself, and bounds on that from largest flows.

A class that is alone in its level is served the largest flow of all classes up to it, less that of those before. Both
are ranks of supply in a polymatroid: the first is concave, the second has decreasing returns. So tangents of the one
less chains of marginal gains of the other (the greedy vectors of Edmonds, 1970) are linear bounds, and exact at the
plan that they come from. So too for a class that stays at a home that only such classes compete for. Any other class
that shares its level is served no more than if it came before the others of the level, and no more than what they are
sure to leave; what it is served of that, the allocation tells.
"""

from dataclasses import dataclass

import numpy as np

from demand.history import FloatArray
from planning.allocation import allocate, reach_of, served_most, service_order
from planning.cuts import BoolArray
from planning.pacing.evaluation import Evaluator, Part

TOLERANCE = 1e-6
"""Relative to what is asked for; the solver keeps rows no more exactly."""


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
    """What a class is served at most: a largest flow with it, less one of those that come before it.

    Attributes:
        upto: the first.
        before: the second.
    """

    upto: Flow
    before: Flow

    def of(self, part: Part, supply: FloatArray) -> float:
        """The bound in accelerator-hours, on average over the paths."""
        return self.upto.of(part, supply) - self.before.of(part, supply)


@dataclass(frozen=True)
class Service:
    """A minimum of service.

    Attributes:
        name: of the class.
        least: accelerator-hours of the class that must be served on average over the paths.
        asked: accelerator-hours of the class that are asked for on average.
        part: the row of the part that it is served in.
        row: of the class in the part.
        bounds: on what it is served; each holds for every plan.
        exact: whether the class is served as much as the first bound and no less.
    """

    name: str
    least: float
    asked: float
    part: int
    row: int
    bounds: tuple[Bound, ...]
    exact: bool

    def keeps(self, served: float) -> bool:
        """Whether as much is served."""
        return served >= self.least - TOLERANCE * self.asked

    def served(self, evaluator: Evaluator, chosen: FloatArray) -> float:
        """What of the class is served with a plan, in accelerator-hours, on average over the paths."""
        part = evaluator.parts[self.part]
        supply = part.pooled(chosen)
        if self.exact:
            return self.bounds[0].of(part, supply)
        served = allocate(part.demand, supply, part.topology).served[self.row]
        return float((served @ evaluator.problem.terms.hours).mean())


def services_of(evaluator: Evaluator) -> tuple[Service, ...]:
    """All minima of service."""
    return tuple(_service(evaluator, name, share) for name, share in evaluator.problem.limits.minimum_service.items())


def _service(evaluator: Evaluator, name: str, share: float) -> Service:
    names = [[each.name for each in part.topology.classes] for part in evaluator.parts]
    at = next(at for at, found in enumerate(names) if name in found)
    part, row = evaluator.parts[at], names[at].index(name)
    asked = float((part.demand[row] @ evaluator.problem.terms.hours).mean())
    hours = np.broadcast_to(evaluator.problem.terms.hours, evaluator.problem.shape)
    bounds, exact = _bounds(part, row, hours)
    return Service(name, share * asked, asked, at, row, bounds, exact)


def _bounds(part: Part, row: int, hours: FloatArray) -> tuple[tuple[Bound, ...], bool]:
    """Bounds on what a class of a part is served, and whether the first is what it is served."""
    reach, levels = reach_of(part.topology), service_order(part.topology)
    homes = [each.home for each in part.topology.classes]
    at = next(at for at, level in enumerate(levels) if row in level)
    level, earlier = levels[at], [each for before in levels[:at] for each in before]
    stays = reach.sum(axis=1) == 1
    before = Flow(_only(reach, earlier), hours)
    first = Bound(Flow(_only(reach, [*earlier, row]), hours), before)
    if len(level) == 1:
        return (first,), True
    if not stays[earlier].all():
        return (first,), False
    beside = [each for each in level if homes[each] == homes[row]]
    if stays[beside].all():
        together = part.demand[beside].sum(axis=0)
        share = np.divide(part.demand[row], together, out=np.zeros_like(together), where=together > 0)
        upto = Flow(_only(reach, [*earlier, *beside]), hours * share)
        return (Bound(upto, Flow(before.reach, hours * share)),), True
    others = [each for each in level if homes[each] != homes[row]]
    at_home = reach & np.array([[home == pool.name for pool in part.topology.pools] for home in homes])
    sure = Flow(_only(at_home, [*earlier, *others]), hours)
    return (first, Bound(Flow(_only(reach, [*earlier, *level]), hours), sure)), False


def _only(reach: BoolArray, rows: list[int]) -> BoolArray:
    kept = np.zeros(len(reach), dtype=bool)
    kept[rows] = True
    return reach & kept[:, None]


def at_least(evaluator: Evaluator, at: int, flow: Flow, chosen: FloatArray) -> FloatArray:
    """Per choice of a part a number, the sum of which over any plan is at most the largest flow.

    It is the flow itself for the plan that is nearest to what is chosen. Blocks are added one by one. What a choice has
    in common with that of the plan gains at least what it gains beside the blocks of the plan before it; what is beyond
    gains at least what it gains beside the most that the blocks before can supply and the plan's choices of the rest.

    Args:
        evaluator: of the problem.
        at: the row of the part.
        flow: of the part.
        chosen: how much of each choice is taken, shape (n_columns,); what is taken most surely comes first.

    Returns:
        Accelerator-hours on average over the paths, shape (n_columns of the part,).
    """
    part, decisions, plan = evaluator.parts[at], evaluator.problem.decisions, evaluator.plan(chosen)
    columns = evaluator.first[:-1] + plan
    rows = sorted(np.flatnonzero(evaluator.part_of == at), key=lambda row: -chosen[columns[row]])
    names = [pool.name for pool in part.topology.pools]
    chain, beside = np.zeros_like(part.pooled(chosen)), part.pooled(evaluator.taken(plan))
    gains = np.zeros(evaluator.n_columns)

    def gain(base: FloatArray, pool: int, less: FloatArray | float, more: FloatArray) -> float:
        both = [base.copy(), base.copy()]
        both[0][pool] += less
        both[1][pool] += more
        return flow.of(part, both[1]) - flow.of(part, both[0])

    for row in rows:
        choices, own = decisions[row].choices, decisions[row].choices[plan[row]].supply
        pool = names.index(evaluator.problem.topology.pools[decisions[row].pool].name)
        beside[pool] = np.maximum(beside[pool] - own, 0.0)
        for column, choice in enumerate(choices, start=evaluator.first[row]):
            shared = np.minimum(choice.supply, own)
            gains[column] = gain(chain, pool, 0.0, shared)
            if (choice.supply > own).any():
                gains[column] += gain(beside, pool, shared, choice.supply)
        chain[pool] += own
        beside[pool] += np.max([choice.supply for choice in choices], axis=0)
    return gains[part.columns]
