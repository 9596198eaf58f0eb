import pytest

from planning.pacing.solving import Effort, NoPlan, Solver
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
