from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks import ledgers
from planning.ledger import Exit, WayOut
from planning.pacing.actions import Move
from planning.pacing.comparison import compare
from planning.pacing.payments import Projected, Terms
from planning.pacing.plan import Plan, make_plan
from planning.pacing.problem import Limits, Risk, draft
from planning.pacing.solving import Effort, NoPlan

SIZE = ledgers.Size(blocks=8, pools=3, months=18, paths=60)
EFFORT = Effort(gap=1e-6, seconds=30, seconds_beside=0.3)


def planned(
    blocks: list[Projected] | None = None,
    growth: float = 1.7,
    terms: Terms | None = None,
    limits: Limits | None = None,
    risk: Risk | None = None,
) -> Plan:
    demand = growth * ledgers.demand(SIZE, 3)
    blocks = ledgers.blocks(SIZE, 3) if blocks is None else blocks
    return make_plan(
        draft(blocks, demand, ledgers.topology(SIZE.pools), terms or ledgers.terms(SIZE.months), limits, risk), EFFORT
    )


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planned(risk=Risk(0.5))


def test_a_plan_says_what_to_do_about_each_block_and_until_when(plan: Plan) -> None:
    assert [each.block for each in plan.blocks] == [f"block{row}" for row in range(SIZE.blocks)]
    live = plan.of("block0")
    assert live is not None
    assert (live.action.move, live.decide_by, live.alternatives) == (Move.PROCEED, None, ())
    for advice in plan.blocks[SIZE.pools :]:
        assert advice.decide_by is not None
        assert advice.why
        assert len(advice.alternatives) == 5


def test_regrets_are_what_alternatives_cost_more_and_the_value_is_the_least(plan: Plan) -> None:
    assert plan.gap <= 1e-5
    for advice in plan.blocks:
        assert all(each.regret >= 0 for each in advice.alternatives)
        assert advice.value == min((each.regret for each in advice.alternatives), default=0)
        assert advice.near_tie is any(each.near_tie for each in advice.alternatives)


def test_costs_add_up(plan: Plan) -> None:
    assert plan.objective == pytest.approx(plan.costs.expected + 0.5 * plan.costs.cvar)
    assert plan.costs.expected == pytest.approx(plan.costs.payments + plan.costs.recourse)
    assert plan.costs.quantiles[0] <= plan.costs.quantiles[1] <= plan.costs.quantiles[2]


def test_planning_for_all_paths_and_knowing_them_are_never_worth_less_than_nothing(plan: Plan) -> None:
    assert plan.stochastic.value is not None
    assert plan.stochastic.value >= 0
    assert 0 <= plan.information.value <= plan.information.at_most


def test_two_equal_actions_are_a_near_tie() -> None:
    first, *others = ledgers.blocks(SIZE, 3)
    free = (WayOut(Exit.PAUSE, ledgers.NOW + pd.Timedelta(days=30), months=1),)
    # A block that is empty and costs nothing can be paused without harm.
    block = replace(others[-1].block, ways_out=free, milestones={}, running_cost_per_month=0.0)
    empty = replace(others[-1], block=block, accelerators=0.0)
    found = planned([first, *others[:-1], empty])
    advice = found.of(empty.block.name)
    assert advice is not None
    assert advice.near_tie


def test_a_way_out_that_ended_yesterday_is_named() -> None:
    blocks = ledgers.blocks(SIZE, 3)
    until = blocks[-1].block.ways_out[0].until
    late = Terms(until + pd.Timedelta(days=1), ledgers.terms(SIZE.months).edges)
    found = planned(blocks, terms=late)
    assert "block7" in {each.block for each in found.closed}
    advice = found.of("block7")
    assert advice is not None
    assert advice.action.move is Move.PROCEED
    assert advice.why == "There is no way out that is open, so it goes on."


def test_an_impossible_plan_is_refused_by_the_names_of_the_limits() -> None:
    with pytest.raises(NoPlan, match=r"no plan keeps the budget of 1 USD for all .*; relax it"):
        planned(limits=Limits(budget=1.0))


def test_a_budget_that_binds_has_a_price_and_costs_no_less(plan: Plan) -> None:
    free = planned()
    problem = draft(
        ledgers.blocks(SIZE, 3), ledgers.demand(SIZE, 3), ledgers.topology(SIZE.pools), ledgers.terms(SIZE.months)
    )
    spending = [[choice.spending.sum() for choice in each.choices] for each in problem.decisions]
    actions = [[choice.action for choice in each.choices] for each in problem.decisions]
    spent = sum(row[of.index(advice.action)] for row, of, advice in zip(spending, actions, free.blocks, strict=True))
    least = sum(min(row) for row in spending)
    tight = planned(limits=Limits(budget=0.5 * (spent + least)))
    assert tight.objective >= free.objective
    (price,) = tight.prices
    assert price.kind == "budget"
    assert price.saved > 0
    assert free.prices == ()


def test_a_new_plan_says_what_changed_and_why(plan: Plan) -> None:
    before, after = planned(), planned(growth=0.85)
    found = compare(before, after)
    assert found.n_kept + len(found.changes) == SIZE.blocks
    assert found.changes
    assert all(each.what.startswith("expected demand") for each in found.moved)
    assert found.moved[0].after == pytest.approx(0.5 * found.moved[0].before)  # type: ignore[operator]
    for change in found.changes:
        assert change.regret is not None
        assert "What moved: expected demand" in change.why
    same = compare(before, before)
    assert (same.changes, same.moved, same.objective) == ((), (), 0)


def test_a_block_that_is_gone_is_said_to_be(plan: Plan) -> None:
    blocks = ledgers.blocks(SIZE, 3)
    found = compare(planned(blocks), planned(blocks[:-1]))
    gone = next(each for each in found.changes if each.block == "block7")
    assert gone.after is None
    assert gone.why == "block7 is not in the ledger any more."


def test_waiting_is_worth_something_where_demand_is_learnt_by_the_deadline(plan: Plan) -> None:
    values = [each.waiting.value for each in plan.blocks if each.waiting.value is not None]
    assert values
    assert all(np.isfinite(values))
    early = [each for each in plan.blocks if each.waiting.deadline and each.waiting.n_steps_seen == 0]
    assert all("nothing is learnt" in each.waiting.reason for each in early)
