"""What it is worth to plan for all paths and not for their mean, and to know the path in advance.

Both as defined by Birge and Louveaux, Introduction to Stochastic Programming (2011), chapter 4, with the measure of
risk in the place of the expectation.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from demand.errors import Unavailable
from demand.history import FloatArray
from planning.pacing.problem import Problem, Risk
from planning.pacing.solving import Effort, NoPlan, Solution, Solver

LEAST_PATHS = 20
"""As many paths are planned for one by one, if there are as many, however short the time."""


@dataclass(frozen=True)
class StochasticWorth:
    """What the plan saves against the plan for mean demand and mean supply.

    Attributes:
        value: of the objective; None where the plan for the mean breaks limits on the paths, or there is none.
        reason: why there is no value.
    """

    value: float | None
    reason: str = ""


@dataclass(frozen=True)
class PerfectInformation:
    """What it would save to know the path before deciding.

    Attributes:
        value: of the objective, with the best plan that was found for each path.
        at_most: the same, if each path had a plan as cheap as is not yet ruled out.
        n_paths: how many paths it was found from, spread evenly over them by cost.
        standard_error: of the mean saving over these paths, as far as they are a sample; 0 if all paths were taken.
    """

    value: float
    at_most: float
    n_paths: int
    standard_error: float


def stochastic_worth(solver: Solver, solution: Solution, seconds: float) -> StochasticWorth:
    """The value of the stochastic solution; the plan for the mean is the best that is found in so many seconds."""
    problem = solver.evaluator.problem
    try:
        of_mean = Solver(_averaged(problem), solver.effort).solve(seconds=seconds)
    except (NoPlan, Unavailable) as error:
        return StochasticWorth(None, f"there is no plan for the mean: {error}")
    if not solver.keeps_limits(solver.evaluator.taken(of_mean.plan)):
        return StochasticWorth(None, "the plan for the mean breaks limits on the paths")
    return StochasticWorth(max(solver.evaluator.measure(of_mean.plan) - solution.objective, 0.0))


def perfect_information(solver: Solver, solution: Solution, seconds: float) -> PerfectInformation:
    """The expected value of perfect information.

    Each path is planned for by itself, under the same budgets; minimum service, which is a mean over paths, is not
    asked of single ones. Where time is over, the paths that were planned by then are what it is told from.

    Args:
        solver: that found the plan.
        solution: the plan.
        seconds: to plan path by path.
    """
    problem, clock = solver.evaluator.problem, solver.effort.clock
    costs = solver.evaluator.costs(solver.evaluator.taken(solution.plan))
    ends, known, paths = clock() + seconds, [], []
    for path in _spread(costs):
        found = _known(problem, int(path), solution.plan, replace(solver.effort, seconds=seconds / LEAST_PATHS))
        known.append((min(found.objective, costs[path]), min(found.bound, costs[path])))
        paths.append(int(path))
        if clock() >= ends:
            break
    own, (best, least) = costs[paths], np.array(known).T
    whole = problem.risk.measure(own)
    value, at_most = whole - problem.risk.measure(best), whole - problem.risk.measure(least)
    sampled = 1 < len(paths) < len(costs)
    error = float((own - best).std(ddof=1) / np.sqrt(len(paths))) if sampled else 0.0
    return PerfectInformation(max(value, 0.0), max(at_most, 0.0), len(paths), error)


def _known(problem: Problem, path: int, plan: np.ndarray, effort: Effort) -> Solution:
    """The best plan for one path, neutral to risk as nothing is uncertain."""
    one = replace(_single(problem, path), risk=Risk())
    return Solver(one, effort).solve(start=plan)


def _spread(costs: FloatArray) -> np.ndarray:
    """All paths in an order whose every beginning is spread over the costs: by van der Corput's sequence."""
    order = np.argsort(costs, kind="stable")
    bits = max(int(np.ceil(np.log2(max(len(costs), 2)))), 1)
    turned = [int(f"{at:0{bits}b}"[::-1], 2) for at in range(2**bits)]
    return order[[at for at in turned if at < len(costs)]]


def _averaged(problem: Problem) -> Problem:
    return _with(problem, problem.demand.mean(axis=1, keepdims=True), lambda values: values.mean(axis=0, keepdims=True))


def _single(problem: Problem, path: int) -> Problem:
    one = _with(problem, problem.demand[:, path : path + 1], lambda values: values[path : path + 1])
    return replace(one, limits=replace(one.limits, minimum_service={}))


def _with(problem: Problem, demand: FloatArray, taken: Callable[[FloatArray], FloatArray]) -> Problem:
    decisions = tuple(
        replace(
            each,
            choices=tuple(
                replace(choice, supply=taken(choice.supply), cost=taken(choice.cost)) for choice in each.choices
            ),
            later=(),
        )
        for each in problem.decisions
    )
    # By the mean of what a megawatt runs, a block in megawatts still draws what it is.
    power = {
        name: 1 / taken(1 / each) if isinstance(each, np.ndarray) else each
        for name, each in problem.limits.megawatts_each.items()
    }
    limits = replace(problem.limits, megawatts_each=power)
    return replace(problem, decisions=decisions, demand=demand, limits=limits)
