from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity, buckets
from demand.errors import Invalid
from demand.series import Workload
from planning.ledger import Block, Exit, Milestone, Phase, WayOut
from planning.pacing.actions import Move
from planning.pacing.payments import Projected, Terms, day_number
from planning.pacing.plan import make_plan
from planning.pacing.problem import Limits, Problem, Risk, draft
from planning.pacing.review import due, reviewed
from planning.pacing.solving import Effort, Solver
from planning.pools import DemandClass, Pool, Topology

NOW = pd.Timestamp("2026-01-01", tz="UTC")
TERMS = Terms(NOW, buckets(NOW, 13, Granularity.MONTH))
HOURS = float(TERMS.hours[6:].sum())


def two_blocks(*, known: bool) -> Problem:
    """One block is due in January and cheap, one in May and dearer; one is needed from July on if a coin says so."""
    heads = np.arange(200) % 2 == 0
    demand = np.zeros((1, 200, 12))
    demand[0, :, 6:] = 100.0 * heads[:, None]
    demand[0, :, :6] = 1.0 + (heads[:, None] & (np.arange(6) >= 2) if known else 0.0)
    topology = Topology((Pool("all"),), (DemandClass("any", "all", Workload.INFERENCE, cost_short=1.0),))
    blocks = [_block("early", 40.0, "2026-01-15"), _block("late", 60.0, "2026-05-01")]
    return draft(blocks, demand, topology, TERMS)


def _block(name: str, cost: float, until: str, size: float = 100.0) -> Projected:
    block = Block(
        name,
        size,
        NOW + pd.DateOffset(months=6),
        phase=Phase.CHIPS,
        milestones={Phase.CHIPS: Milestone(cost=cost * HOURS)},
        ways_out=(WayOut(Exit.CANCEL, pd.Timestamp(until, tz="UTC")),),
    )
    return Projected(block, 0, size, np.full(200, day_number(block.online)))


def moves(problem: Problem, review: str) -> tuple[list[Move], list[Move]]:
    """What the plan does, and what it does when it may be reviewed."""
    solver = Solver(problem, Effort(gap=1e-9))
    solution = solver.solve()
    plans = (solution.plan, reviewed(solver, solution, pd.Timestamp(review, tz="UTC"), 60).solution.plan)
    first, second = (
        [each.choices[at].action.move for each, at in zip(problem.decisions, plan, strict=True)] for plan in plans
    )
    return first, second


def test_what_is_due_is_left_when_a_later_block_can_follow_what_is_seen() -> None:
    # At once, the early block costs 40 and shortage 50 on average; in stages, the late one costs 60 in half the paths.
    at_once, staged = moves(two_blocks(known=True), "2026-04-01")
    assert at_once == [Move.PROCEED, Move.CANCEL]
    assert staged == [Move.CANCEL, Move.CANCEL]


def test_many_blocks_that_are_due_are_left_together() -> None:
    # Each alone is worth its cost, as the late block is too dear for so little.
    heads = np.arange(200) % 2 == 0
    demand = np.zeros((1, 200, 12))
    demand[0, :, 6:] = 100.0 * heads[:, None]
    demand[0, :, 2:6] = 1.0 * heads[:, None]
    topology = Topology((Pool("all"),), (DemandClass("any", "all", Workload.INFERENCE, cost_short=1.0),))
    early = [_block(f"early{row}", 5.0, "2026-01-15", 12.5) for row in range(8)]
    problem = draft([*early, _block("late", 60.0, "2026-05-01")], demand, topology, TERMS)
    at_once, staged = moves(problem, "2026-04-01")
    assert at_once == [Move.PROCEED] * 8 + [Move.CANCEL]
    assert staged[:8] == [Move.CANCEL] * 8


def test_a_plan_tells_what_is_due_and_its_regret_when_the_rest_follows() -> None:
    plan = make_plan(two_blocks(known=True), Effort(gap=1e-9), pd.Timestamp("2026-04-01", tz="UTC"))
    early, late = plan.blocks
    # What is short before July is short whatever is done.
    before = float(TERMS.hours[:6].sum() + TERMS.hours[2:6].sum() / 2)
    assert plan.review is not None
    assert (early.due, late.due, plan.review.due) == (True, False, ("early",))
    assert (early.action.move, early.alternatives[0].action.move) == (Move.CANCEL, Move.PROCEED)
    assert plan.review.objective == pytest.approx(30 * HOURS + before)
    assert plan.review.at_once == pytest.approx(40 * HOURS + before)
    assert early.alternatives[0].regret == pytest.approx(10 * HOURS)
    # As it stands now nothing is known yet, so the late block is not worth 60 when shortage costs 50.
    assert (late.action.move, plan.objective) == (Move.CANCEL, pytest.approx(50 * HOURS + before))
    assert "would follow what is seen" in early.why
    assert "not due before the next review on 2026-04-01" in late.why


def test_where_nothing_is_due_the_plan_says_so() -> None:
    plan = make_plan(two_blocks(known=True), Effort(gap=1e-9), pd.Timestamp("2026-01-02", tz="UTC"))
    assert plan.review is not None
    assert (plan.review.due, plan.review.objective) == ((), None)
    assert plan.review.reason == "nothing is due before the review"


def test_without_a_review_all_that_can_be_decided_is_due() -> None:
    plan = make_plan(two_blocks(known=True), Effort(gap=1e-9))
    assert plan.review is None
    assert [each.due for each in plan.blocks] == [True, True]


def test_a_review_in_the_past_is_refused() -> None:
    with pytest.raises(Invalid, match=r"2026-01-01 is not after the date of planning"):
        make_plan(two_blocks(known=True), review=NOW)


def test_limits_hold_with_a_review_too() -> None:
    power = {"": np.full(200, 0.01)}
    limits = Limits(power_mw=np.full(12, 1.5), megawatts_each=power)
    problem = replace(two_blocks(known=True), limits=limits)
    plan = make_plan(problem, Effort(gap=1e-9), pd.Timestamp("2026-04-01", tz="UTC"))
    assert plan.review is not None
    assert plan.review.objective is not None
    assert [each.action.move for each in plan.blocks].count(Move.PROCEED) <= 1


def test_where_nothing_is_learnt_the_plan_stays() -> None:
    at_once, staged = moves(two_blocks(known=False), "2026-04-01")
    assert staged == at_once == [Move.PROCEED, Move.CANCEL]


@pytest.mark.parametrize("review", ["2026-01-02", "2027-01-01"])
def test_where_nothing_or_everything_is_due_the_plan_stays(review: str) -> None:
    at_once, staged = moves(two_blocks(known=True), review)
    assert staged == at_once


def test_the_measure_of_risk_is_that_of_the_whole() -> None:
    at_once, staged = moves(replace(two_blocks(known=True), risk=Risk(1.0, 0.9)), "2026-04-01")
    # The dearest tenth costs 60 with the late block and 40 with the early one: 30 + 60 against 40 + 40.
    assert staged == at_once == [Move.PROCEED, Move.CANCEL]


def test_a_block_is_due_when_a_way_out_closes_before_the_review() -> None:
    early, late = two_blocks(known=True).decisions
    review = pd.Timestamp("2026-04-01", tz="UTC")
    assert due(early, review)
    assert not due(late, review)
