from dataclasses import replace

import numpy as np
import pytest

from planning.allocation import allocate
from planning.pacing.evaluation import Evaluator
from planning.pacing.problem import Limits, Problem, Risk
from planning.pacing.solving import Effort, Solver
from planning.pacing.worth import perfect_information, stochastic_worth
from tests.planning.pacing.cases import drawn_problem, every_plan

EXACT = Effort(gap=1e-9)
FEW_BLOCKS = [seed for seed in range(0, 80, 2) if len(drawn_problem(seed).decisions) <= 4]


def one_path(problem: Problem, path: int) -> Problem:
    decisions = tuple(
        replace(
            each,
            choices=tuple(
                replace(choice, supply=choice.supply[[path]], cost=choice.cost[[path]]) for choice in each.choices
            ),
        )
        for each in problem.decisions
    )
    return replace(problem, decisions=decisions, demand=problem.demand[:, [path]], risk=Risk())


@pytest.mark.parametrize("seed", FEW_BLOCKS[:8])
def test_perfect_information_is_worth_what_planning_each_path_saves(seed: int) -> None:
    problem = drawn_problem(seed)
    solver = Solver(problem, EXACT)
    solution = solver.solve()
    found = perfect_information(solver, solution, 1000)
    known = [min(cost for _, cost in every_plan(one_path(problem, path))) for path in range(problem.shape[0])]
    expected = solution.objective - problem.risk.measure(np.array(known))
    assert found.n_paths == problem.shape[0]
    assert found.standard_error == 0
    assert found.value == pytest.approx(expected, rel=1e-5, abs=1e-5 * solution.objective)
    assert found.at_most >= found.value


def test_from_some_paths_perfect_information_is_told_with_its_error() -> None:
    problem = drawn_problem(2)
    solver = Solver(problem, EXACT)
    found = perfect_information(solver, solver.solve(), 1e-9)
    assert 0 < found.n_paths < problem.shape[0]


@pytest.mark.parametrize("seed", FEW_BLOCKS[:8])
def test_planning_for_all_paths_is_never_worse_than_for_their_mean(seed: int) -> None:
    solver = Solver(drawn_problem(seed), EXACT)
    worth = stochastic_worth(solver, solver.solve(), 60)
    assert worth.value is not None
    assert worth.value >= 0


def test_a_plan_for_the_mean_that_breaks_limits_has_no_value() -> None:
    values = []
    for seed in range(20):
        problem = drawn_problem(seed)
        row, chosen = 2, Evaluator.of(problem).taken([0] * len(problem.decisions))
        served = allocate(problem.demand, Evaluator.of(problem).pooled(chosen), problem.topology).served[row]
        hours = problem.terms.hours
        share = 0.98 * float((served @ hours).sum() / (problem.demand[row] @ hours).sum())
        solver = Solver(replace(problem, limits=Limits(minimum_service={"inference": share})), EXACT)
        values.append(stochastic_worth(solver, solver.solve(), 60))
    assert all((each.value is None) is bool(each.reason) for each in values)
    assert any(each.value is None for each in values)
