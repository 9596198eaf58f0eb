from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from planning.pacing.actions import Move
from planning.pacing.comparison import compare
from service.report.page import report
from service.report.plan import PlanView, changes_table, plan_part, plan_table
from tests.service.report.fleets import EVIL, later, plan, tags, words

MADE = datetime(2026, 1, 1, tzinfo=UTC)


def read(view: PlanView) -> str:
    return words(report(None, plan_part(view), MADE))


def test_the_table_has_every_action_with_its_regret() -> None:
    made = plan()
    table = plan_table(made, "USD")
    planned = table[table.planned]
    assert planned.block.tolist() == ["eu 1", "eu 2"]
    assert planned.action.tolist() == [str(each.action) for each in made.blocks]
    assert (planned.regret_usd == 0).all()
    others = table[~table.planned].set_index("action")
    assert len(others) == len(made.blocks[1].alternatives) > 0
    for each in made.blocks[1].alternatives:
        assert others.regret_usd[str(each.action)] == each.regret
    assert planned.value_usd.iloc[1] == others.regret_usd.min()
    assert table.decide_by.dtype == pd.DatetimeTZDtype("ns", "UTC")


def test_the_page_says_what_to_do_until_when_and_why() -> None:
    made = plan()
    advice, told = made.blocks[1], read(PlanView(made, "USD"))
    assert advice.decide_by is not None
    assert f"eu 2 {advice.action}" in told
    assert f"{advice.decide_by:%d %b %Y}" in told
    assert advice.why in told
    assert "1 block without a way out that is open: eu 1." in told
    assert f"Expected cost, discounted {made.costs.expected / 1e6:.2f}M USD" in told


def test_what_is_done_otherwise_is_said_first() -> None:
    made = plan()
    other = made.blocks[1].alternatives[0]
    moved = replace(made, blocks=(made.blocks[0], replace(made.blocks[1], action=other.action)))
    assert other.action.move is not Move.PROCEED
    assert f"Proceed with 1 of 2 blocks, {other.action.move} 1. First to decide, by" in read(PlanView(moved, "USD"))


def test_changes_since_an_earlier_plan_are_told() -> None:
    made = plan()
    changes = compare(made, later(made))
    told = read(PlanView(later(made), "USD", changes))
    assert "Since the earlier plan 1 block as before. eu 1 is not in the ledger any more." in told
    table = changes_table(changes, "EUR")
    assert table.block.tolist() == ["eu 1"]
    assert np.isnan(table.regret_of_keeping_eur[0])
    assert table.after.tolist() == [""]


def test_a_limit_that_binds_has_its_price() -> None:
    made = plan()
    free = made.costs.payments
    tight = plan(budget=0.5 * free) if free else made
    told = read(PlanView(tight, "USD"))
    assert tight.prices
    assert "What limits cost" in told
    assert tight.prices[0].limit in told


def test_names_cannot_break_the_page() -> None:
    page = report(None, plan_part(PlanView(plan(name=EVIL), "USD")), MADE)
    assert "script" not in tags(page)
    assert EVIL in words(page)


def test_a_plan_of_nothing_is_a_page_and_an_empty_table() -> None:
    bare = replace(plan(), blocks=(), prices=(), closed=())
    assert "All 0 blocks go on as they are." in read(PlanView(bare, ""))
    assert plan_table(bare, "").empty
