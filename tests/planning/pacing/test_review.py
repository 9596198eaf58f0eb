from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity, buckets
from demand.series import Workload
from planning.ledger import Block, Exit, Milestone, Phase, WayOut
from planning.pacing.actions import Move
from planning.pacing.payments import Projected, Terms, day_number
from planning.pacing.problem import Problem, Risk, draft
from planning.pacing.review import at_review, due
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


def _block(name: str, cost: float, until: str) -> Projected:
    block = Block(
        name,
        100.0,
        NOW + pd.DateOffset(months=6),
        phase=Phase.CHIPS,
        milestones={Phase.CHIPS: Milestone(cost=cost * HOURS)},
        ways_out=(WayOut(Exit.CANCEL, pd.Timestamp(until, tz="UTC")),),
    )
    return Projected(block, 0, 100.0, np.full(200, day_number(block.online)))


def moves(problem: Problem, review: str) -> tuple[list[Move], list[Move]]:
    """What the plan does, and what it does when it may be reviewed."""
    solver = Solver(problem, Effort(gap=1e-9))
    solution = solver.solve()
    plans = (solution.plan, at_review(solver, solution, pd.Timestamp(review, tz="UTC")))
    first, second = (
        [each.choices[at].action.move for each, at in zip(problem.decisions, plan, strict=True)] for plan in plans
    )
    return first, second


def test_what_is_due_is_left_when_a_later_block_can_follow_what_is_seen() -> None:
    # At once, the early one costs 40 and shortage 50 on average; in stages, the late one costs 60 on half of all paths.
    at_once, staged = moves(two_blocks(known=True), "2026-04-01")
    assert at_once == [Move.PROCEED, Move.CANCEL]
    assert staged == [Move.CANCEL, Move.CANCEL]


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
