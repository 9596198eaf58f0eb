"""What must be decided before the next review, when all else can still follow what is seen until then.

The two-stage programme decides everything at once, so it hedges early with a block that is due although a later block
could be kept if demand turns out high. Here, what is not due is decided again in clusters of paths, by the demand that
will have been seen when the next of them is due: one stage more, by the clusters that scenario trees are built from.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd

from planning.pacing.evaluation import Evaluator
from planning.pacing.neighbourhood import Neighbourhood
from planning.pacing.problem import Decision, Problem, Risk
from planning.pacing.rows import rows_of
from planning.pacing.solving import Solution, Solver

CLUSTERS = 4
MOST_COMBINATIONS = 200
"""More combinations of what is due than this are not tried; what is due is then as the plan has it."""


def due(decision: Decision, review: pd.Timestamp) -> bool:
    """Whether a way out of a block closes before the review."""
    return any(choice.action.way is not None and choice.action.way.until < review for choice in decision.choices)


def at_review(solver: Solver, solution: Solution, review: pd.Timestamp) -> np.ndarray:
    """The plan with what is due decided anew, so that what is not due may follow what is seen.

    Minimum service, a mean over all paths, is kept by what is due together with the rest of the plan.

    Args:
        solver: that found the plan.
        solution: the plan.
        review: when decisions can be made again.

    Returns:
        The choice of each decision, shape (n_decisions,); what is not due is as in the plan.
    """
    problem = solver.evaluator.problem
    rows = [row for row, each in enumerate(problem.decisions) if due(each, review)]
    options = [range(len(problem.decisions[row].choices)) for row in rows]
    clusters = _clusters(problem, review)
    if not rows or len(clusters) < 2 or np.prod([len(each) for each in options]) > MOST_COMBINATIONS:
        return solution.plan
    best, least = solution.plan, np.inf
    around = [Neighbourhood(each, rows_of(each), (), solution.plan) for _, each in clusters]
    for combination in product(*options):
        plan = solution.plan.copy()
        plan[rows] = combination
        if not solver.keeps_limits(solver.evaluator.taken(plan)):
            continue
        costs = np.empty(problem.shape[0])
        for (paths, evaluator), near in zip(clusters, around, strict=True):
            near.move_to(plan)
            near.descend(rows, lambda: True)
            costs[paths] = evaluator.costs(near.chosen)
        if (measured := problem.risk.measure(costs)) < least:
            best, least = plan, measured
    return best


def _clusters(problem: Problem, review: pd.Timestamp) -> list[tuple[np.ndarray, Evaluator]]:
    """Paths of equal number by the demand seen when the next decision is due after the review, each as a problem."""
    later = [each.deadline for each in problem.decisions if each.deadline is not None and not due(each, review)]
    seen = int((problem.terms.edges[1:] <= min(later)).sum()) if later else 0
    if not seen:
        return []
    order = np.argsort(problem.demand[:, :, seen - 1].sum(axis=0), kind="stable")
    return [(paths, Evaluator.of(_among(problem, paths))) for paths in _parts(order)]


def _parts(order: np.ndarray) -> Iterator[np.ndarray]:
    yield from (part for part in np.array_split(order, CLUSTERS) if len(part))


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
    limits = replace(problem.limits, minimum_service={})
    return replace(problem, decisions=decisions, demand=problem.demand[:, paths], limits=limits, risk=Risk())
