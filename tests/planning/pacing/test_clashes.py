import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from planning.allocation import allocate
from planning.pacing.clashes import clash, feasible, refuse
from planning.pacing.evaluation import Evaluator
from planning.pacing.problem import Limits, Problem
from planning.pacing.rows import Row, rows_of
from planning.pacing.service import Service, services_of
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
    (name,) = clash(problem)
    since = f"for all that is paid from {problem.terms.now:%Y-%m-%d} on"
    assert name.startswith(f"the budget of 1 USD {since} (the least that is possible is ")
    least = float(name.removesuffix(" USD)").rpartition(" ")[2].replace(",", ""))
    cheapest = sum(min(float(each.spending.sum()) for each in one.choices) for one in problem.decisions)
    assert least == pytest.approx(cheapest, abs=0.01)
    assert not feasible(Evaluator.of(problem), rows_of(Evaluator.of(squeezed(budget=least - 1.0))))
    assert feasible(Evaluator.of(problem), rows_of(Evaluator.of(squeezed(budget=least + 1.0))))


def test_two_limits_that_clash_with_each_other_are_both_named() -> None:
    problem = squeezed(service=0.95, power=0.001)
    names = clash(problem)
    assert len(names) == 2
    assert re.fullmatch(r"the power cap of 0.001 MW from \d{4}-\d\d-\d\d until \d{4}-\d\d-\d\d", names[0])
    words = r"a minimum service of [\d.]+ % for 'inference': [\d,.]+ of [\d,.]+ accelerator-hours "
    assert re.fullmatch(words + r"from \d{4}-\d\d-\d\d until \d{4}-\d\d-\d\d", names[1])
    assert str(refuse(problem)) == f"no plan keeps {names[0]} and {names[1]}; relax one of them"
    with pytest.raises(NoPlan):
        Solver(problem, Effort(gap=1e-9)).solve()


def test_a_service_that_no_supply_reaches_is_told_with_what_can_be_served() -> None:
    problem = squeezed(service=1.2)
    (name,) = clash(problem)
    found = re.search(r"'inference': ([\d,.]+) of .* \(the most that is possible is ([\d,.]+)\)", name)
    assert found is not None
    asked, most = (float(text.replace(",", "")) for text in found.groups())
    assert asked == pytest.approx(1.2 * most, rel=1e-3)


def test_steps_that_begin_within_a_day_are_told_with_their_hour() -> None:
    problem = squeezed(power=0.001)
    edges = pd.date_range("2026-01-01", periods=len(problem.terms.edges), freq="h", tz="UTC")
    rows = rows_of(Evaluator.of(replace(problem, terms=replace(problem.terms, edges=edges))))
    first = next(each.name for each in rows if each.kind == "power")
    assert first == "the power cap of 0.001 MW from 2026-01-01 until 2026-01-01 01:00"


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
        named = [each for each in limits if any(_words(each) in name for name in names)]
        assert not feasible(evaluator, named)
        for left_out in named:
            assert feasible(evaluator, [each for each in named if each is not left_out])


def _words(limit: Row | Service) -> str:
    return limit.name if isinstance(limit, Row) else limit.words
