"""What must be decided before the next review, when all else can still follow what is seen until then.

The two-stage programme decides everything at once, so it hedges early with a block that is due although a later block
could be kept if demand turns out high. Here, what is not due is decided again in clusters of paths, by the demand that
will have been seen when the next of them is due: one stage more, by the clusters that scenario trees are built from.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
import pandas as pd

from planning.pacing.actions import Move
from planning.pacing.evaluation import Evaluator
from planning.pacing.neighbourhood import Neighbourhood
from planning.pacing.problem import Decision, Limits, Problem, Risk
from planning.pacing.solving import Solution, Solver

CLUSTERS = 4
MOST_COMBINATIONS = 200
"""As many combinations of what is due are all tried; where there are more, each action for all of it is, and
then one decision is changed after the other."""


@dataclass(frozen=True)
class Review:
    """What is due before plans are made again, and what it is worth that the rest can follow what is seen.

    Attributes:
        at: when plans are made again.
        due: names of the blocks of which a way out closes before.
        objective: of what is due as it is planned, when the rest follows what is seen; None where nothing is due, or
            nothing is learnt.
        at_once: the least objective that was found if all were decided now.
        reason: why the rest does not follow, where it does not.
    """

    at: pd.Timestamp
    due: tuple[str, ...]
    objective: float | None
    at_once: float
    reason: str = ""


@dataclass(frozen=True)
class Reviewed:
    """A plan in which what is due leaves the rest to follow.

    Attributes:
        solution: what is due as it is best then, and the rest as it is best beside that if it were decided now.
        review: what is told of it; None where all is decided now.
        held: the columns of what is due, each taken in whole.
        regrets: what the objective would rise by with another choice, by rows of what is due and of their choices;
            infinite where it breaks a limit. Only what was tried.
    """

    solution: Solution
    review: Review | None = None
    held: Mapping[int, float] = field(default_factory=dict)
    regrets: Mapping[tuple[int, int], float] = field(default_factory=dict)


def due(decision: Decision, review: pd.Timestamp) -> bool:
    """Whether a way out of a block closes before the review."""
    return any(choice.action.way is not None and choice.action.way.until < review for choice in decision.choices)


def reviewed(solver: Solver, solution: Solution, at: pd.Timestamp, seconds: float) -> Reviewed:
    """The plan with what is due decided anew, so that what is not due may follow what is seen.

    Limits hold for the plan as a whole and for what follows in each cluster, apart from minimum service, which is a
    mean over all paths and is kept by the plan.

    Args:
        solver: that found the plan.
        solution: the best plan if all is decided now.
        at: when decisions can be made again.
        seconds: to look for it.
    """
    problem, clock = solver.evaluator.problem, solver.effort.clock
    ends = clock() + seconds
    rows = [row for row, each in enumerate(problem.decisions) if due(each, at)]
    names = tuple(problem.decisions[row].block.name for row in rows)
    clusters = _clusters(problem, at)
    if not rows or len(clusters) < 2:
        reason = "nothing is due before the review" if not rows else _UNSEEN
        return Reviewed(solution, Review(at, names, None, solution.objective, reason))
    following = _Following(solver, solution.plan, rows, clusters, lambda: clock() < ends)
    best = following.search()
    held = {int(solver.evaluator.first[row] + choice): 1.0 for row, choice in zip(rows, best, strict=True)}
    found = solution
    if best != following.first:
        beside = following.whole(best)
        found = solver.solve(held, start=beside, seconds=max(seconds, 1.0))
    review = Review(at, names, following.tried[best], solution.objective)
    return Reviewed(found, review, held, following.regrets(best))


_UNSEEN = "no step ends before what is not due has to be decided, so there is nothing that it could follow"


class _Following:
    """Plans for what is due, and what they cost when the rest is decided cluster by cluster."""

    def __init__(
        self,
        solver: Solver,
        plan: np.ndarray,
        rows: Sequence[int],
        clusters: Sequence[tuple[np.ndarray, Evaluator]],
        running: Callable[[], bool],
    ) -> None:
        self.solver, self.plan, self.rows, self.running = solver, plan, rows, running
        self.clusters = [(paths, Neighbourhood(each, solver.master.rows, (), plan)) for paths, each in clusters]
        self.first = tuple(int(plan[row]) for row in rows)
        self.tried: dict[tuple[int, ...], float] = {}
        self.followed = [self._followed(near, plan, rows) for _, near in self.clusters]

    def search(self) -> tuple[int, ...]:
        """The best choices of what is due; those of the plan are tried first, and win where others are no better."""
        self.cost(self.first)
        options = [range(len(self.solver.evaluator.problem.decisions[row].choices)) for row in self.rows]
        if np.prod([float(len(each)) for each in options]) <= MOST_COMBINATIONS:
            for combination in product(*options):
                if self.running():
                    self.cost(combination)
            return self._least()
        return self._descended(options)

    def cost(self, combination: tuple[int, ...]) -> float:
        """The objective of one combination when the rest follows; infinite where it breaks a limit."""
        if combination not in self.tried:
            self.tried[combination] = self._cost(combination)
        return self.tried[combination]

    def regrets(self, best: tuple[int, ...]) -> dict[tuple[int, int], float]:
        """What each other choice of each row that was tried costs more, with the best of all else that was tried."""
        found: dict[tuple[int, int], float] = {}
        for combination, cost in self.tried.items():
            for row, choice, own in zip(self.rows, combination, best, strict=True):
                if choice != own:
                    found[row, choice] = min(found.get((row, choice), np.inf), cost - self.tried[best])
        return found

    def whole(self, combination: tuple[int, ...]) -> np.ndarray:
        """The plan with what is due as the combination says."""
        plan = self.plan.copy()
        plan[list(self.rows)] = combination
        return plan

    def _descended(self, options: Sequence[range]) -> tuple[int, ...]:
        """From the plan, or from one action for all that is due if that is better, one decision after the other."""
        for move in Move:
            if self.running():
                self.cost(self._alike(move))
        best, improved = self._least(), True
        while improved and self.running():
            improved = False
            for at, choices in enumerate(options):
                for choice in choices:
                    other = (*best[:at], choice, *best[at + 1 :])
                    if self.running() and self.cost(other) < self._enough(self.tried[best]):
                        best, improved = other, True
        return best

    def _alike(self, move: Move) -> tuple[int, ...]:
        """One kind of action on all that is due and allows it; the rest as planned."""
        decisions = [self.solver.evaluator.problem.decisions[row] for row in self.rows]
        found = [[at for at, each in enumerate(decision.choices) if each.action.move is move] for decision in decisions]
        return tuple(alike[0] if alike else own for alike, own in zip(found, self.first, strict=True))

    def _least(self) -> tuple[int, ...]:
        best = min(self.tried, key=self.tried.__getitem__)
        return best if self.tried[best] < self._enough(self.tried[self.first]) else self.first

    def _enough(self, cost: float) -> float:
        """What is so little below a cost that it is no improvement."""
        return cost - 1e-9 * abs(cost) if np.isfinite(cost) else cost

    def _cost(self, combination: tuple[int, ...]) -> float:
        evaluator, plan = self.solver.evaluator, self.whole(combination)
        if not self.solver.keeps_limits(evaluator.taken(plan)):
            return np.inf
        moved = [row for row, choice, own in zip(self.rows, combination, self.first, strict=True) if choice != own]
        touched = np.isin(evaluator.part_of, evaluator.part_of[moved])
        costs = np.empty(evaluator.problem.shape[0])
        for (paths, near), followed in zip(self.clusters, self.followed, strict=True):
            start = np.where(touched, plan, followed)
            near.move_to(start)
            near.descend([*np.flatnonzero(~touched), *self.rows], self.running)
            costs[paths] = near.evaluator.costs(near.chosen)
        return evaluator.problem.risk.measure(costs)

    def _followed(self, near: Neighbourhood, plan: np.ndarray, rows: Sequence[int]) -> np.ndarray:
        near.move_to(plan)
        near.descend(rows, self.running)
        return near.plan.copy()


def _clusters(problem: Problem, review: pd.Timestamp) -> list[tuple[np.ndarray, Evaluator]]:
    """Paths of equal number by the demand seen when the next decision is due after the review, each as a problem."""
    later = [each.deadline for each in problem.decisions if each.deadline is not None and not due(each, review)]
    seen = int((problem.terms.edges[1:] <= min(later)).sum()) if later else 0
    if not seen:
        return []
    order = np.argsort(problem.demand[:, :, seen - 1].sum(axis=0), kind="stable")
    parts = [part for part in np.array_split(order, CLUSTERS) if len(part)]
    return [(paths, Evaluator.of(_among(problem, paths))) for paths in parts]


def _among(problem: Problem, paths: np.ndarray) -> Problem:
    decisions = tuple(
        replace(
            each,
            choices=tuple(
                replace(choice, supply=choice.supply[paths], cost=choice.cost[paths]) for choice in each.choices
            ),
            later=(),
        )
        for each in problem.decisions
    )
    return replace(problem, decisions=decisions, demand=problem.demand[:, paths], limits=Limits(), risk=Risk())
