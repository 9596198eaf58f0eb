"""What it would cost to do something else about a block."""

from dataclasses import dataclass

import numpy as np

from demand.errors import Unavailable
from demand.history import FloatArray
from planning.pacing.actions import Action
from planning.pacing.evaluation import Evaluator
from planning.pacing.neighbourhood import Neighbourhood
from planning.pacing.review import Reviewed
from planning.pacing.solving import NoPlan, Solver

TIE = 0.001
"""Of the objective: alternatives that cost no more than this beyond the plan, or than its gap, are near ties."""


@dataclass(frozen=True)
class Alternative:
    """Another action on a block than the planned one.

    Attributes:
        action: the other action.
        regret: what the objective would rise by; infinite where it would break a limit. Of what is due before a review,
            what the objective would rise by when the rest follows what is seen.
        payments: what expected payments would rise by, with all other blocks as planned.
        shortage: what the expected cost of shortage would rise by, so too.
        idleness: what the expected cost of idleness would rise by, so too.
        others_replanned: whether the other blocks could adapt, or were left as planned.
        near_tie: whether the difference is too small to count.
    """

    action: Action
    regret: float
    payments: float
    shortage: float
    idleness: float
    others_replanned: bool
    near_tie: bool


def alternatives(solver: Solver, staged: Reviewed, seconds: float) -> tuple[tuple[Alternative, ...], ...]:
    """For each decision the other actions, as they are ordered there.

    Each is first tried with all other blocks as planned; then, the closest first and as long as time is left, the
    others are planned anew around it, from the cuts that are known. What is due before a review stays as it is then,
    and its own regrets are those of the review.

    Args:
        solver: that found the plan.
        staged: the plan.
        seconds: for planning anew.
    """
    decisions, solution = solver.evaluator.problem.decisions, staged.solution
    pairs = [
        (row, choice)
        for row, each in enumerate(decisions)
        for choice in range(len(each.choices))
        if choice != solution.plan[row]
    ]
    around = solver.around(solution.plan)
    alone = {
        pair: around.measure(*pair) - solution.objective if around.keeps_limits(*pair) else np.inf for pair in pairs
    }
    nearest = sorted((pair for pair in pairs if pair not in staged.regrets), key=lambda pair: alone[pair])
    replanned = {**_replanned(solver, staged, nearest, seconds), **staged.regrets}
    most = max(TIE * abs(solution.objective), solution.objective - solution.bound)
    found: list[list[Alternative]] = [[] for _ in decisions]
    for row, choice in pairs:
        reviewed = (row, choice) in staged.regrets
        regret = max(replanned.get((row, choice), np.inf), 0.0)
        regret = regret if reviewed else max(min(alone[row, choice], regret), 0.0)
        found[row].append(
            Alternative(
                decisions[row].choices[choice].action,
                regret,
                *_differences(around, row, choice),
                others_replanned=(row, choice) in replanned,
                near_tie=bool(regret <= most),
            )
        )
    return tuple(tuple(each) for each in found)


def _replanned(
    solver: Solver, staged: Reviewed, pairs: list[tuple[int, int]], seconds: float
) -> dict[tuple[int, int], float]:
    clock, found = solver.effort.clock, {}
    ends = clock() + seconds
    for row, choice in pairs:
        if clock() >= ends:
            break
        first, following = solver.evaluator.first[row : row + 2]
        held = {column: each for column, each in staged.held.items() if not first <= column < following}
        try:
            other = solver.solve({**held, int(first + choice): 1.0}, seconds=max(ends - clock(), 0.1))
        except NoPlan:
            found[row, choice] = np.inf
        except Unavailable:
            continue
        else:
            found[row, choice] = other.objective - staged.solution.objective
    return found


def _differences(around: Neighbourhood, row: int, choice: int) -> tuple[float, float, float]:
    """By how much expected payments, shortage and idleness change with one decision."""
    evaluator = around.evaluator
    one, other = around.chosen, around.swapped(row, choice)
    payments = (other - one) @ evaluator.cost.mean(axis=1)
    shortage, idleness = _recourse(evaluator, row, other) - _recourse(evaluator, row, one)
    return float(payments), float(shortage), float(idleness)


def _recourse(evaluator: Evaluator, row: int, chosen: FloatArray) -> FloatArray:
    """Expected costs of shortage and of idleness in the part of a decision."""
    part = evaluator.parts[evaluator.part_of[row]]
    short = float(evaluator.cost_of_part(part.without_idleness(), chosen).mean())
    return np.array([short, float(evaluator.cost_of_part(part, chosen).mean()) - short])
