import numpy as np
import pytest

from planning.allocation import recourse
from planning.pacing.evaluation import Evaluator
from tests.planning.pacing.cases import drawn_problem


@pytest.mark.parametrize("seed", range(10))
def test_parts_together_cost_what_the_whole_costs(seed: int) -> None:
    problem = drawn_problem(seed)
    evaluator = Evaluator.of(problem)
    rng = np.random.default_rng(seed)
    plan = [int(rng.integers(len(each.choices))) for each in problem.decisions]
    supply = np.zeros((2, *problem.shape))
    total = np.zeros(problem.shape[0])
    for decision, choice in zip(problem.decisions, plan, strict=True):
        supply[decision.pool] += decision.choices[choice].supply
        total += decision.choices[choice].cost
    total += recourse(problem.demand, supply, problem.topology, problem.weighted_hours).cost.sum(axis=1)
    chosen = evaluator.taken(plan)
    np.testing.assert_allclose(evaluator.pooled(chosen), supply)
    np.testing.assert_allclose(evaluator.costs(chosen), total)
    np.testing.assert_array_equal(evaluator.plan(chosen), plan)


def test_slopes_are_those_of_a_small_step() -> None:
    problem = drawn_problem(3)
    evaluator = Evaluator.of(problem)
    chosen = np.random.default_rng(0).uniform(0.1, 0.9, evaluator.n_columns)
    for part in evaluator.parts:
        _, slopes = evaluator.recourse(part, chosen)
        for at, column in enumerate(part.columns):
            nudged = chosen.copy()
            nudged[column] += 1e-7
            rise = (evaluator.cost_of_part(part, nudged) - evaluator.cost_of_part(part, chosen)) / 1e-7
            np.testing.assert_allclose(rise, slopes[at], rtol=1e-3, atol=1e-2 * np.abs(slopes).max())


def test_cancelling_never_makes_more_idle() -> None:
    for seed in range(20):
        problem = drawn_problem(seed)
        evaluator = Evaluator.of(problem)
        plan = np.zeros(len(problem.decisions), dtype=int)
        for row, decision in enumerate(problem.decisions):
            cancel = next((at for at, each in enumerate(decision.choices) if not each.supply.any()), None)
            if cancel is None:
                continue
            other = plan.copy()
            other[row] = cancel
            for part in evaluator.parts:
                idle = [
                    evaluator.cost_of_part(part, evaluator.taken(each))
                    - evaluator.cost_of_part(part.without_idleness(), evaluator.taken(each))
                    for each in (plan, other)
                ]
                assert (idle[1] <= idle[0] + 1e-6 * (1 + idle[0])).all()
