from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from demand.errors import Invalid
from planning.pacing.problem import Limits
from planning.pacing.solving import Effort, NoPlan, OutOfTime, Solver
from tests.planning.pacing.cases import drawn_problem, every_plan

EXACT = Effort(gap=1e-9)


@pytest.mark.parametrize("seed", range(200))
def test_the_optimum_is_that_of_all_plans(seed: int) -> None:
    problem = drawn_problem(seed, limited=seed % 2 == 1)
    best = min((objective for _, objective in every_plan(problem)), default=None)
    if best is None:
        with pytest.raises(NoPlan):
            Solver(problem, EXACT).solve()
        return
    found = Solver(problem, EXACT).solve()
    assert found.objective == pytest.approx(best, rel=1e-6)
    assert found.bound <= best * (1 + 1e-6)
    assert found.gap < 1e-5
    assert found.in_time


@pytest.mark.parametrize("seed", range(0, 20, 2))
def test_a_wider_gap_is_kept_and_told(seed: int) -> None:
    problem = drawn_problem(seed)
    found = Solver(problem, Effort(gap=0.05, groups=3)).solve()
    best = min(objective for _, objective in every_plan(problem))
    assert found.bound <= best * (1 + 1e-9) <= found.objective * (1 + 2e-9)
    assert found.objective - best <= 0.05 * abs(found.objective)


def test_out_of_time_the_best_that_was_found_is_returned_with_its_gap() -> None:
    problem = drawn_problem(6)
    hurry = Effort(gap=0.0, seconds=4, clock=count().__next__)
    found = Solver(problem, hurry).solve(start=np.zeros(len(problem.decisions), dtype=int))
    assert not found.in_time
    assert found.bound <= min(objective for _, objective in every_plan(problem)) <= found.objective


def test_out_of_time_without_a_plan_is_said() -> None:
    with pytest.raises(OutOfTime, match="allow more time"):
        Solver(drawn_problem(2), Effort(seconds=1, clock=count(step=5).__next__)).solve()


def test_fixed_choices_are_kept_and_never_cost_less() -> None:
    problem = drawn_problem(8)
    solver = Solver(problem, EXACT)
    free = solver.solve()
    for choice in range(len(problem.decisions[0].choices)):
        fixed = solver.solve({int(solver.evaluator.first[0]) + choice: 1.0})
        expected = min(objective for plan, objective in every_plan(problem) if plan[0] == choice)
        assert fixed.plan[0] == choice
        assert fixed.objective == pytest.approx(expected, rel=1e-6)
        assert fixed.objective >= free.objective * (1 - 1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_more_budget_never_costs_more(seed: int) -> None:
    problem = drawn_problem(seed)
    spending = sum(each.choices[0].spending.sum() for each in problem.decisions)
    found = []
    for share in (0.7, 0.85, 1.0):
        limited = replace(problem, limits=Limits(budget=share * spending))
        try:
            found.append(Solver(limited, EXACT).solve().objective)
        except NoPlan:
            found.append(np.inf)
    assert found == sorted(found, reverse=True) or np.all(np.diff(found[found.count(np.inf) :]) < 1e-6 * found[-1])


def test_an_effort_is_checked() -> None:
    with pytest.raises(Invalid, match="cannot be aimed at"):
        Effort(seconds=0)
