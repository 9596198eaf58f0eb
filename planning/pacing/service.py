"""Minimum service of a class: what it is served itself, and bounds on that from largest flows.

What a class is served is bounded by sums of largest flows (`sharing.py`), which are ranks of supply in polymatroids:
concave where they are added, and of decreasing returns where they are taken off. So tangents of the first less chains
of marginal gains of the second (the greedy vectors of Edmonds, 1970) are linear bounds, exact at the plan that they are
made at.
"""

from dataclasses import dataclass

import numpy as np

from demand.history import FloatArray
from planning.allocation import allocate
from planning.pacing.evaluation import Evaluator
from planning.pacing.rows import span_of, told
from planning.pacing.sharing import Bound, Flow, bounds_of

TOLERANCE = 1e-6
"""Relative to what is asked for; the solver keeps rows no more exactly."""


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
        words: all of it, in words.
    """

    name: str
    least: float
    asked: float
    part: int
    row: int
    bounds: tuple[Bound, ...]
    exact: bool
    words: str

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
    bounds, exact = bounds_of(part, row, hours)
    words = (
        f"a minimum service of {100 * share:.4g} % for {name!r}: {told(share * asked)} of {told(asked)} "
        f"accelerator-hours {span_of(evaluator, 0, evaluator.problem.shape[1])}"
    )
    return Service(name, share * asked, asked, at, row, bounds, exact, words)


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

    def gain(base: FloatArray, pool: int, less: FloatArray, more: FloatArray) -> float:
        if not (more > less).any():
            return 0.0
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
            gains[column] = gain(chain, pool, np.zeros_like(own), shared) + gain(beside, pool, shared, choice.supply)
        chain[pool] += own
        beside[pool] += np.max([choice.supply for choice in choices], axis=0)
    return np.asarray(gains[part.columns])
