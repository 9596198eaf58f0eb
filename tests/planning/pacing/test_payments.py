from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity, buckets
from demand.errors import Invalid
from planning.ledger import Block, Exit, Milestone, Phase, WayOut
from planning.pacing.actions import PROCEED, Action, Move
from planning.pacing.payments import DAYS_PER_MONTH, Projected, Terms, choice_of, day_number, start_of
from planning.states import CommitmentState


def day(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


NOW = day("2026-01-01")
TERMS = Terms(NOW, buckets(NOW, 13, Granularity.MONTH))
BLOCK = Block(
    "iowa",
    100,
    day("2026-07-01"),
    phase=Phase.POWER,
    milestones={
        Phase.SHELL: Milestone(day("2025-06-01"), 1000.0),
        Phase.POWER: Milestone(day("2026-03-01"), 30.0),
        Phase.CHIPS: Milestone(day("2026-06-01"), 70.0),
    },
    running_cost_per_month=3.0,
)
ON_TIME = Projected(BLOCK, 0, 100.0, np.full(2, day_number(BLOCK.online)))
CANCEL = Action(Move.CANCEL, way=WayOut(Exit.CANCEL, NOW, charge=9, refund=2))
PAUSE = Action(Move.PAUSE, 4, WayOut(Exit.PAUSE, NOW, charge=1, charge_per_month=0.5, months=4))


def test_to_proceed_pays_what_is_still_to_come_and_supplies_from_the_online_date() -> None:
    choice = choice_of(ON_TIME, PROCEED, TERMS)
    days = (day("2027-01-01") - day("2026-07-01")).days
    np.testing.assert_allclose(choice.cost, 100 + 3 * days / DAYS_PER_MONTH)
    np.testing.assert_allclose(choice.supply[0], [0] * 6 + [100] * 6)
    np.testing.assert_allclose(choice.spending[[2, 5]], [30, 70])
    assert choice.spending.sum() == pytest.approx(choice.cost[0])


def test_to_cancel_saves_what_is_to_come_and_costs_its_charge() -> None:
    choice = choice_of(ON_TIME, CANCEL, TERMS)
    np.testing.assert_allclose(choice.cost, 7)
    assert not choice.supply.any()


def test_a_pause_moves_supply_and_payments() -> None:
    choice = choice_of(ON_TIME, PAUSE, TERMS)
    np.testing.assert_allclose(choice.spending[[0, 5, 8]], [3, 30, 70])
    online = day_number(BLOCK.online) + 4 * DAYS_PER_MONTH
    share = choice.supply[0] @ np.diff(TERMS.edge_days) / 100
    assert share == pytest.approx(day_number(day("2027-01-01")) - online)


def test_what_is_due_before_the_decision_is_paid_all_the_same() -> None:
    late = choice_of(ON_TIME, CANCEL, TERMS, day("2026-04-01"))
    np.testing.assert_allclose(late.cost, 30 + 7)


def test_a_delay_beyond_the_horizon_makes_no_payment_disappear() -> None:
    slow = Action(Move.SLOW, 24, WayOut(Exit.SLOW, NOW, months=24))
    choice = choice_of(ON_TIME, slow, TERMS)
    np.testing.assert_allclose(choice.cost, 100)
    np.testing.assert_allclose(choice.spending[-1], 100)


def test_a_slip_moves_payments_and_a_block_that_never_comes_has_no_running_costs() -> None:
    online = np.array([day_number(day("2026-10-01")), np.inf])
    choice = choice_of(replace(ON_TIME, online=online), PROCEED, TERMS)
    assert choice.supply[0].sum() == pytest.approx(300)
    assert not choice.supply[1].any()
    assert choice.cost[1] == pytest.approx(100)
    np.testing.assert_allclose(choice.spending[[2, 5, 8]], [15, 15 + 35, 35])


def test_money_later_is_worth_less() -> None:
    yearly = Terms(NOW, TERMS.edges, discount_rate=0.1)
    later = replace(BLOCK, milestones={Phase.CHIPS: Milestone(day("2026-07-01"), 110.0)}, running_cost_per_month=0.0)
    choice = choice_of(replace(ON_TIME, block=later), PROCEED, yearly)
    np.testing.assert_allclose(choice.cost, 110 / 1.1 ** (181 / 365.25))


def test_what_serves_stops_when_it_is_cancelled_and_comes_back_after_a_pause() -> None:
    block = Block("x", 100, day("2025-01-01"), phase=Phase.LIVE, state=CommitmentState.ACTIVE)
    live = Projected(block, 0, 100.0, np.full(1, day_number(block.online)))
    assert choice_of(live, PROCEED, TERMS).supply.sum() == 1200
    assert not choice_of(live, CANCEL, TERMS).supply.any()
    np.testing.assert_allclose(choice_of(live, CANCEL, TERMS, day("2026-03-01")).supply[0], [100] * 2 + [0] * 10)
    assert choice_of(live, PAUSE, TERMS).supply[0, 0] == 0
    assert choice_of(live, PAUSE, TERMS).supply[0, -1] == 100
    assert start_of(live, PAUSE, day_number(NOW))[0] == pytest.approx(day_number(NOW) + 4 * DAYS_PER_MONTH)


def test_terms_are_checked() -> None:
    with pytest.raises(Invalid, match="UTC offset"):
        Terms(pd.Timestamp("2026-01-01"), TERMS.edges)
    with pytest.raises(Invalid, match="ascending"):
        Terms(NOW, TERMS.edges[:1])
    with pytest.raises(Invalid, match="discount rate of -2"):
        Terms(NOW, TERMS.edges, discount_rate=-2)
