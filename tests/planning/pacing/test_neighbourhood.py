from dataclasses import replace

import numpy as np
import pytest

from planning.pacing.solving import Effort, Solver
from tests.planning.pacing.cases import drawn_problem, every_plan, served_problem


@pytest.mark.parametrize("seed", range(1, 30, 2))
def test_a_change_of_one_decision_costs_what_the_whole_plan_costs(seed: int) -> None:
    problem = drawn_problem(seed, limited=True)
    solver = Solver(problem, Effort())
    allowed = dict(every_plan(problem))
    around = solver.around(np.zeros(len(problem.decisions), dtype=np.intp))
    for row, decision in enumerate(problem.decisions):
        for choice in range(len(decision.choices)):
            plan = np.zeros(len(problem.decisions), dtype=np.intp)
            plan[row] = choice
            assert around.keeps_limits(row, choice) is (tuple(plan) in allowed)
            assert around.measure(row, choice) == pytest.approx(solver.evaluator.measure(plan))


@pytest.mark.parametrize("seed", range(0, 20, 2))
def test_descending_ends_where_no_single_change_helps(seed: int) -> None:
    problem = drawn_problem(seed)
    around = Solver(problem, Effort()).around(np.zeros(len(problem.decisions), dtype=np.intp))
    before = around.objective
    around.descend((), lambda: True)
    assert around.objective <= before
    for row, decision in enumerate(problem.decisions):
        for choice in range(len(decision.choices)):
            assert around.measure(row, choice) >= around.objective * (1 - 1e-8)


def test_a_plan_that_serves_too_little_is_mended_to_one_that_keeps_all_limits() -> None:
    mended = 0
    for seed in range(20):
        problem = served_problem(seed)
        problem = replace(problem, limits=replace(problem.limits, budget=None))
        around = Solver(problem, Effort()).around(np.full(len(problem.decisions), 1, dtype=np.intp))
        allowed = {plan for plan, _ in every_plan(problem)}
        short = tuple(around.plan) not in allowed
        if around.mend((), lambda: True):
            assert tuple(around.plan) in allowed
            mended += short
    assert mended >= 5
