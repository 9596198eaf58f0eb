"""What must be decided before the next review, when all else can still follow what is seen until then.

The two-stage programme decides everything at once, so it hedges early with a block that is due although a later block
could be kept if demand turns out high. Here, what is due is decided with the rest following rules: each block that can
wait is decided at its own deadline by the demand seen until then.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pandas as pd

from planning.pacing.actions import Move
from planning.pacing.following import Following
from planning.pacing.problem import Decision
from planning.pacing.solving import Solution, Solver

MOST_COMBINATIONS = 200
"""As many combinations of what is due in one part are all tried; where there are more, each action for all of it is,
and then one decision is changed after the other."""


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

    Limits hold for the plan as a whole and for whatever follows, apart from minimum service, which is a mean over all
    paths and is kept by the plan.

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
    following = Following(solver.evaluator, solver.master.rows, solution.plan, rows, lambda: clock() < ends)
    if not rows or not following.rules:
        reason = "nothing is due before the review" if not rows else _UNSEEN
        return Reviewed(solution, Review(at, names, None, solution.objective, reason))
    search = _Search(solver, solution.plan, rows, following, lambda: clock() < ends)
    search.run()
    held = {int(solver.evaluator.first[row] + search.plan[row]): 1.0 for row in rows}
    found = solution
    if (search.plan != solution.plan).any():
        found = solver.solve(held, start=search.plan, seconds=max(seconds, 1.0))
    review = Review(at, names, search.objective, solution.objective)
    return Reviewed(found, review, held, search.regrets)


_UNSEEN = "nothing is learnt before what is not due has to be decided, so there is nothing that it could follow"


class _Search:
    """The best choices of what is due when the rest follows; one part of the pools after the other."""

    def __init__(
        self,
        solver: Solver,
        plan: np.ndarray,
        rows: Sequence[int],
        following: Following,
        running: Callable[[], bool],
    ) -> None:
        self.solver, self.plan, self.rows, self.following = solver, plan.copy(), rows, following
        self.running = running
        self.by_part = [following.costs(part, plan) for part in range(len(solver.evaluator.parts))]
        self.objective = solver.risk.measure(np.sum(self.by_part, axis=0))
        self.regrets: dict[tuple[int, int], float] = {}

    def run(self) -> None:
        """Decide what is due."""
        part_of = self.solver.evaluator.part_of
        for part in dict.fromkeys(part_of[self.rows].tolist()):
            self._decide(part, [row for row in self.rows if part_of[row] == part])

    def _decide(self, part: int, rows: list[int]) -> None:
        """Decide what is due in one part, and note what other choices would cost."""
        first = tuple(int(self.plan[row]) for row in rows)
        tried = {first: (self.objective, self.by_part[part])}

        def cost(combination: tuple[int, ...]) -> float:
            if combination not in tried and self.running():
                tried[combination] = self._cost(part, rows, combination)
            return tried[combination][0] if combination in tried else np.inf

        options = [range(len(self.solver.evaluator.problem.decisions[row].choices)) for row in rows]
        if np.prod([float(len(each)) for each in options]) <= MOST_COMBINATIONS:
            best = min(product(*options), key=cost)
        else:
            best = self._descended(rows, first, options, cost)
        if cost(best) >= tried[first][0] - 1e-9 * abs(tried[first][0]):
            best = first
        self.objective, self.by_part[part] = tried[best]
        self.plan[rows] = best
        for combination, (objective, _) in tried.items():
            for row, choice, own in zip(rows, combination, best, strict=True):
                if choice != own:
                    least = min(self.regrets.get((row, choice), np.inf), objective - self.objective)
                    self.regrets[row, choice] = least

    def _descended(
        self,
        rows: list[int],
        first: tuple[int, ...],
        options: Sequence[range],
        cost: Callable[[tuple[int, ...]], float],
    ) -> tuple[int, ...]:
        """From the plan, or from one action for all that is due if that is better, one decision after the other."""
        best, improved = min((first, *(self._alike(rows, first, move) for move in Move)), key=cost), True
        while improved:
            improved = False
            for at, choices in enumerate(options):
                others = [(*best[:at], choice, *best[at + 1 :]) for choice in choices]
                if cost(other := min(others, key=cost)) < cost(best) - 1e-9 * abs(cost(best)):
                    best, improved = other, True
        return best

    def _alike(self, rows: list[int], first: tuple[int, ...], move: Move) -> tuple[int, ...]:
        """One kind of action on all that is due and allows it; the rest as planned."""
        decisions = [self.solver.evaluator.problem.decisions[row] for row in rows]
        found = [[at for at, each in enumerate(decision.choices) if each.action.move is move] for decision in decisions]
        return tuple(alike[0] if alike else own for alike, own in zip(found, first, strict=True))

    def _cost(self, part: int, rows: list[int], combination: tuple[int, ...]) -> tuple[float, np.ndarray]:
        """What one combination comes to when the rest follows, infinite if it breaks a limit, and its part's costs."""
        plan = self.plan.copy()
        plan[rows] = combination
        if not self.solver.keeps_limits(self.solver.evaluator.taken(plan)):
            return np.inf, self.by_part[part]
        own = self.following.costs(part, plan)
        others = np.sum(self.by_part, axis=0) - self.by_part[part]
        return self.solver.risk.measure(others + own), own
