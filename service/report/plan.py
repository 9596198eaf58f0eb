"""A plan as a tidy table, and as a part of a report."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from planning.pacing.actions import Move
from planning.pacing.comparison import Comparison
from planning.pacing.plan import Advice, Plan
from planning.pacing.regret import Alternative
from service.report import wording
from service.report.markup import Markup, element, joined, table
from service.report.outlook_table import money_unit
from service.report.page import MOST_LINES, Part, listed, tiles

MOST_BLOCKS = 14
"""Blocks that fit on a page; the table has all."""


@dataclass(frozen=True)
class PlanView:
    """A plan, and how it is looked at.

    Attributes:
        plan: the plan.
        currency: of its amounts, which the plan itself does not name; may be empty.
        changes: against an earlier plan, if there is one.
    """

    plan: Plan
    currency: str
    changes: Comparison | None = None


def plan_table(plan: Plan, currency: str) -> pd.DataFrame:
    """A row per block and action that can be taken; the one that is planned has a regret of 0.

    Differences are to the planned action: of expected payments, shortage and idleness with all other blocks as planned.
    A regret is infinite where the action would break a limit. Dates are empty where there are none.

    Args:
        plan: the plan.
        currency: of its amounts.
    """
    money = money_unit(currency)
    rows = [line for advice in plan.blocks for line in _lines(advice, money)]
    table = pd.DataFrame(rows, columns=list(rows[0]) if rows else ["block"])
    return table.assign(decide_by=pd.to_datetime(table["decide_by"], utc=True)) if rows else table


def changes_table(changes: Comparison, currency: str) -> pd.DataFrame:
    """A row per block that is treated otherwise than in the earlier plan."""
    keep = f"regret_of_keeping_{money_unit(currency)}"
    rows = [
        (each.block, _said(each.before), _said(each.after), np.nan if each.regret is None else each.regret, each.why)
        for each in changes.changes
    ]
    return pd.DataFrame(rows, columns=["block", "before", "after", keep, "why"]).astype({keep: np.float64})


def plan_part(view: PlanView) -> Part:
    """The plan: what to do, until when, why, what limits cost, and what changed."""
    plan, gap = view.plan, view.plan.gap
    how_good = f"at most {gap:.2%} dearer than the best there can be" if gap > 0.00005 else "no plan is cheaper"
    late = "" if plan.in_time else "; time was over before the gap that was asked for was reached"
    about = f"Planned for {plan.made:%d %b %Y}; {how_good}{late}"
    body = joined(_lead(view), _tiles(view), _blocks(view), _prices(view), _closed(view), _changes(view))
    return Part("Pacing plan", about, body)


def _lines(advice: Advice, money: str) -> list[dict[str, object]]:
    planned = {f"{name}_{money}": 0.0 for name in ("regret", *_DIFFERENCES)}
    lines: list[dict[str, object]] = [
        {
            "block": advice.block,
            "action": str(advice.action),
            "months": advice.action.months,
            "planned": True,
            "decide_by": advice.decide_by,
            f"charge_{money}": advice.action.charge,
            f"value_{money}": advice.value,
            f"value_of_waiting_{money}": np.nan if advice.waiting.value is None else advice.waiting.value,
            **planned,
            "near_tie": advice.near_tie,
            "due": advice.due,
            "why": advice.why,
        }
    ]
    return lines + [_other(advice, each, money) for each in advice.alternatives]


_DIFFERENCES = ("payments_difference", "shortage_difference", "idleness_difference")


def _other(advice: Advice, other: Alternative, money: str) -> dict[str, object]:
    amounts = zip(_DIFFERENCES, (other.payments, other.shortage, other.idleness), strict=True)
    return {
        "block": advice.block,
        "action": str(other.action),
        "months": other.action.months,
        "planned": False,
        "decide_by": None if other.action.way is None else other.action.way.until,
        f"charge_{money}": other.action.charge,
        f"value_{money}": np.nan,
        f"value_of_waiting_{money}": np.nan,
        f"regret_{money}": other.regret,
        **{f"{name}_{money}": amount for name, amount in amounts},
        "near_tie": other.near_tie,
        "due": advice.due,
        "why": "",
    }


def _lead(view: PlanView) -> Markup:
    acted = [advice for advice in view.plan.blocks if advice.action.move is not Move.PROCEED]
    if not acted:
        told = f"All {wording.plural(len(view.plan.blocks), 'block')} go on as they are.{_due(view.plan)}"
        return element("p", told, class_="lead")
    counts = {move: sum(each.action.move is move for each in acted) for move in Move}
    told = ", ".join(f"{move} {count}" for move, count in counts.items() if count)
    deadlines = [(each.decide_by, each.block) for each in acted if each.decide_by is not None]
    by = "" if not deadlines else f" First to decide, by {min(deadlines)[0]:%d %b %Y}: {min(deadlines)[1]}."
    going = len(view.plan.blocks) - len(acted)
    blocks = wording.plural(len(view.plan.blocks), "block")
    return element("p", f"Proceed with {going} of {blocks}, {told}.{by}{_due(view.plan)}", class_="lead")


def _due(plan: Plan) -> str:
    if plan.review is None:
        return ""
    n_due, day = len(plan.review.due), f"{plan.review.at:%d %b %Y}"
    if not n_due:
        return f" Nothing is due before the next review on {day}; all is told as it stands now."
    return f" Due before the next review on {day}: {n_due}; the rest is told as it stands now."


def _tiles(view: PlanView) -> Markup:
    plan, currency = view.plan, view.currency
    low, _, high = plan.costs.quantiles
    told = [
        ("Expected cost, discounted", plan.costs.expected, f"{_short(low)} to {_short(high)} with a chance of 80%"),
        ("Mean of the dearest futures", plan.costs.cvar, "conditional value at risk"),
        ("Payments for blocks", plan.costs.payments, "expected"),
        ("Shortage and idle supply", plan.costs.recourse, "expected"),
        ("Knowing the future would save", plan.information.value, f"at most {_short(plan.information.at_most)}"),
    ]
    if plan.stochastic.value is not None:
        told.append(("Planning for all paths saves", plan.stochastic.value, "against planning for the mean"))
    return tiles([(name, wording.priced(value, currency), more) for name, value, more in told])


def _blocks(view: PlanView) -> Markup:
    open_ones = [each for each in view.plan.blocks if each.alternatives]
    ordered = sorted(open_ones, key=lambda each: (not each.due, each.action.move is Move.PROCEED, -each.value))
    head = ["Block", "Do", "Decide by", f"Saves{_unit(view)}", "Next best", "Why"]
    told = table(head, [_row(each) for each in ordered[:MOST_BLOCKS]], [3]) if ordered else joined()
    rest = []
    if len(ordered) > MOST_BLOCKS:
        more = wording.plural(len(ordered) - MOST_BLOCKS, "more block")
        rest.append(f"{more} with ways out are in the table of this plan (CSV or Parquet).")
    if bound := [each.block for each in view.plan.blocks if not each.alternatives]:
        rest.append(
            f"{wording.plural(len(bound), 'block')} without a way out that is open: {'; '.join(bound[:MOST_BLOCKS])}."
        )
    return joined(element("div", told, class_="wide"), [element("p", each, class_="soft") for each in rest])


def _row(advice: Advice) -> list[Markup | str]:
    best = min(advice.alternatives, key=lambda each: each.regret, default=None)
    saves = "" if best is None else _short(advice.value) if np.isfinite(advice.value) else "a limit"
    return [
        element("span", advice.block, class_="name"),
        joined(element("span", str(advice.action), class_="act"), _tie(advice)),
        element("span", wording.NOTHING if advice.decide_by is None else f"{advice.decide_by:%d %b %Y}", class_="date"),
        saves,
        element("span", "" if best is None else str(best.action), class_="action"),
        element("small", advice.why),
    ]


def _tie(advice: Advice) -> Markup:
    return joined(" ", element("span", "near tie", class_="tie")) if advice.near_tie else joined()


def _prices(view: PlanView) -> Markup:
    if not view.plan.prices:
        return joined()
    rows = [(each.limit, each.kind, f"{each.saved:,.4g}") for each in view.plan.prices[:MOST_LINES]]
    head = ["Limit that binds", "Kind", f"One unit more saves{_unit(view)}"]
    return joined(element("h3", "What limits cost"), element("div", table(head, rows, [2]), class_="wide"))


def _closed(view: PlanView) -> Markup:
    return listed("Closed ways out", [f"{each.block}, {each.kind}: {each.reason}." for each in view.plan.closed])


def _changes(view: PlanView) -> Markup:
    if view.changes is None:
        return joined()
    kept = f"{wording.plural(view.changes.n_kept, 'block')} as before."
    return listed("Since the earlier plan", [kept, *(each.why for each in view.changes.changes)])


def _short(value: float) -> str:
    return wording.short_money(value)


def _unit(view: PlanView) -> str:
    return f", {view.currency}" if view.currency else ""


def _said(action: object) -> str:
    return "" if action is None else str(action)
