from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from planning.allocation import allocate
from planning.pacing.clashes import clash
from planning.pacing.evaluation import Evaluator
from planning.pacing.problem import Limits
from planning.pacing.service import at_least, services_of
from planning.pacing.solving import Effort, NoPlan, Solver
from tests.planning.pacing.cases import drawn_problem, every_plan, served_problem

EXACT = Effort(gap=1e-9)


@pytest.mark.parametrize("seed", range(40))
def test_the_optimum_is_that_of_all_plans_that_serve_each_class_by_itself_enough(seed: int) -> None:
    problem = served_problem(seed)
    best = min((objective for _, objective in every_plan(problem)), default=None)
    if best is None:
        with pytest.raises(NoPlan):
            Solver(problem, EXACT).solve()
        assert clash(problem)
        return
    found = Solver(problem, EXACT).solve()
    assert found.objective == pytest.approx(best, rel=1e-6)
    assert found.bound <= best * (1 + 1e-6)
    assert found.gap < 1e-5
    assert found.in_time


def test_cases_bind_on_classes_alone_and_together_and_some_have_no_plan() -> None:
    problems = [served_problem(seed) for seed in range(60)]
    exact = [each.exact for problem in problems for each in services_of(Evaluator.of(problem))]
    assert 20 < sum(exact) < len(exact) - 20
    kept = [len(list(every_plan(problem))) for problem in problems[:30]]
    assert 5 < kept.count(0) < 20


@pytest.mark.parametrize("seed", range(30))
def test_service_is_what_the_allocation_of_the_whole_gives_out(seed: int) -> None:
    problem = served_problem(seed)
    everything = dict.fromkeys((each.name for each in problem.topology.classes), 0.5)
    evaluator = Evaluator.of(replace(problem, limits=Limits(minimum_service=everything)))
    chosen = evaluator.taken([0] * len(problem.decisions))
    served = allocate(problem.demand, evaluator.pooled(chosen), problem.topology).served
    for row, each in enumerate(services_of(evaluator)):
        assert each.served(evaluator, chosen) == pytest.approx((served[row] @ problem.terms.hours).mean(), abs=1e-6)
        assert each.asked == pytest.approx((problem.demand[row] @ problem.terms.hours).mean())


@pytest.mark.parametrize("seed", range(25))
def test_gains_add_up_to_no_more_than_the_flow_and_to_all_of_it_where_they_are_made(seed: int) -> None:
    problem = served_problem(seed)
    everything = dict.fromkeys((each.name for each in problem.topology.classes), 0.5)
    evaluator = Evaluator.of(replace(problem, limits=Limits(minimum_service=everything)))
    rng = np.random.default_rng(seed)
    here = evaluator.taken([int(rng.integers(len(each.choices))) for each in problem.decisions])
    for each in services_of(evaluator):
        part = evaluator.parts[each.part]
        for flow in each.bounds[0].less:
            gains = at_least(evaluator, each.part, flow, here)
            assert gains @ here[part.columns] == pytest.approx(flow.of(part, part.pooled(here)))
            for plan in product(*(range(len(decision.choices)) for decision in problem.decisions[:5])):
                there = evaluator.taken([*plan, *[0] * (len(problem.decisions) - len(plan))])
                assert gains @ there[part.columns] <= flow.of(part, part.pooled(there)) * (1 + 1e-9) + 1e-6


def test_plenty_for_those_before_does_not_make_up_for_a_class_that_is_not_served() -> None:
    problem = replace(drawn_problem(3), limits=Limits(minimum_service={"inference": 1.0}))
    problem = replace(problem, demand=problem.demand * np.array([1e-3, 1e-3, 1e3])[:, None, None])
    (named,) = clash(problem)
    assert named.startswith("a minimum service of 100 % for 'inference': ")
