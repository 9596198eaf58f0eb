from dataclasses import replace

import numpy as np
import pytest

from planning.allocation import allocate
from planning.pacing.clashes import clash, feasible, refuse
from planning.pacing.evaluation import Evaluator
from planning.pacing.problem import Limits, Problem
from planning.pacing.rows import rows_of
from planning.pacing.service import services_of
from planning.pacing.solving import Effort, NoPlan, Solver
from tests.planning.pacing.cases import drawn_problem, every_plan


def squeezed(budget: float = 1e12, service: float = 0.0, power: float = 1e9) -> Problem:
    """Limits of which some are too tight; service is a share of what can be served at most."""
    problem = drawn_problem(0)
    evaluator = Evaluator.of(problem)
    everything = evaluator.taken([0] * len(problem.decisions))
    served = allocate(problem.demand, evaluator.pooled(everything), problem.topology).served[2] @ problem.terms.hours
    asked = problem.demand[2] @ problem.terms.hours
    limits = Limits(
        budget=budget,
        budget_per_step=np.full(problem.shape[1], 1e12),
        power_mw=np.full(problem.shape[1], power),
        megawatts_each={"H100": 0.01},
        minimum_service={"inference": service * served.mean() / asked.mean()},
    )
    return replace(problem, limits=limits)


def test_limits_that_clash_are_named_and_others_are_not() -> None:
    problem = squeezed(budget=1.0, service=0.3)
    assert list(every_plan(problem)) == []
    assert clash(problem) == ("the budget of 1",)


def test_two_limits_that_clash_with_each_other_are_both_named() -> None:
    problem = squeezed(service=0.95, power=0.001)
    names = clash(problem)
    assert len(names) == 2
    assert "power of 0.001 MW in the step from" in names[0]
    assert names[1].startswith("a minimum service of")
    assert str(refuse(problem)) == f"no plan keeps {names[0]} and {names[1]}; relax one of them"
    with pytest.raises(NoPlan):
        Solver(problem, Effort(gap=1e-9)).solve()


def test_without_a_clash_none_is_named() -> None:
    assert clash(squeezed(service=0.9)) == ()


@pytest.mark.parametrize("seed", range(1, 40, 2))
def test_what_is_named_clashes_and_each_part_of_it_does_not(seed: int) -> None:
    problem = drawn_problem(seed, limited=True)
    names = clash(problem)
    assert bool(names) is (not list(every_plan(problem)))
    if names:
        evaluator = Evaluator.of(problem)
        limits = [*rows_of(evaluator), *services_of(evaluator)]
        named = [each for each in limits if any(each.name in name for name in names)]
        assert not feasible(evaluator, named)
        for left_out in named:
            assert feasible(evaluator, [each for each in named if each is not left_out])
