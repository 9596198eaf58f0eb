from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity, buckets
from demand.series import Workload
from planning.ledger import Block, Exit, Milestone, Phase, WayOut
from planning.pacing.payments import Projected, Terms, day_number
from planning.pacing.problem import Problem, draft
from planning.pacing.solving import Effort, Solver
from planning.pacing.waiting import value_of_waiting
from planning.pools import DemandClass, Pool, Topology

NOW = pd.Timestamp("2026-01-01", tz="UTC")
TERMS = Terms(NOW, buckets(NOW, 13, Granularity.MONTH))
HOURS_AFTER = float(TERMS.hours[6:].sum())
"""Hours from July on, when the block is there."""


def coin(deadline: str, *, known: bool) -> Problem:
    """Demand of 100 or none from July on, by the toss of a coin that shows in March, or does not."""
    heads = np.arange(200) % 2 == 0
    demand = np.zeros((1, 200, 12))
    demand[0, :, 6:] = 100.0 * heads[:, None]
    demand[0, :, :6] = 1.0 + (heads[:, None] & (np.arange(6) >= 2) if known else 0.0)
    block = Block(
        "iowa",
        100.0,
        NOW + pd.DateOffset(months=6),
        phase=Phase.CHIPS,
        milestones={Phase.CHIPS: Milestone(cost=60.0 * HOURS_AFTER)},
        ways_out=(WayOut(Exit.CANCEL, pd.Timestamp(deadline, tz="UTC")),),
    )
    topology = Topology((Pool("all"),), (DemandClass("any", "all", Workload.INFERENCE, cost_short=1.0),))
    return draft([Projected(block, 0, 100.0, np.full(200, day_number(block.online)))], demand, topology, TERMS)


def value(problem: Problem) -> float | None:
    solver = Solver(problem, Effort(gap=1e-9))
    return value_of_waiting(solver.around(solver.solve().plan), 0).value


def test_waiting_saves_what_a_coin_tells() -> None:
    # Now: to cancel costs 50 on average, to go on 60. Knowing the coin: 60 or nothing, 30 on average.
    assert value(coin("2026-05-01", known=True)) == pytest.approx(20 * HOURS_AFTER)


def test_waiting_for_nothing_saves_nothing() -> None:
    assert value(coin("2026-05-01", known=False)) == pytest.approx(0, abs=1e-6 * HOURS_AFTER)


def test_what_is_learnt_after_the_deadline_does_not_count() -> None:
    assert value(coin("2026-02-15", known=True)) == pytest.approx(0, abs=1e-6 * HOURS_AFTER)


def test_there_is_no_value_where_nothing_is_seen_or_nothing_can_be_decided() -> None:
    soon = Solver(coin("2026-01-20", known=True), Effort())
    found = value_of_waiting(soon.around(soon.solve().plan), 0)
    assert (found.value, found.n_steps_seen) == (None, 0)
    assert "nothing is learnt" in found.reason
    problem = coin("2026-05-01", known=True)
    closed = Solver(replace(problem, decisions=(replace(problem.decisions[0], deadline=None),)), Effort())
    assert value_of_waiting(closed.around(closed.solve().plan), 0).reason == "no way out is open"
