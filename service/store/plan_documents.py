"""Plans as JSON documents; what is read back is equal to what was written, number by number."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import numpy as np
import pandas as pd

from planning.ledger import Exit, WayOut
from planning.pacing.actions import Action, Closed, Move
from planning.pacing.plan import Advice, Costs, Plan
from planning.pacing.prices import Price
from planning.pacing.regret import Alternative
from planning.pacing.review import Review
from planning.pacing.waiting import Waiting
from planning.pacing.worth import PerfectInformation, StochasticWorth

Document = dict[str, Any]

_AMOUNTS = ("charge", "refund", "charge_per_month")
_ENDLESS = "without end"
_PLAIN = ("regret", "payments", "shortage", "idleness")


def to_document(plan: Plan) -> Document:
    """The plan as JSON; facts are a list of pairs, as their order counts, and a regret without end is null."""
    stored: Document = _storable(_document(plan))
    return stored


def _document(plan: Plan) -> Document:
    return {
        "made": _text(plan.made),
        "blocks": [_advice_document(each) for each in plan.blocks],
        "objective": float(plan.objective),
        "bound": float(plan.bound),
        "gap": float(plan.gap),
        "in_time": bool(plan.in_time),
        "costs": {**_numbers(plan.costs), "quantiles": [float(each) for each in plan.costs.quantiles]},
        "prices": [asdict(each) for each in plan.prices],
        "closed": [{**asdict(each), "kind": each.kind.value} for each in plan.closed],
        "stochastic": asdict(plan.stochastic),
        "information": asdict(plan.information),
        "review": None if plan.review is None else _review_document(plan.review),
        "facts": [[what, fact if isinstance(fact, str) else float(fact)] for what, fact in plan.facts.items()],
    }


def to_plan(document: Mapping[str, Any]) -> Plan:
    """The plan that a document describes."""
    document = _restored(document)
    costs = document["costs"]
    return Plan(
        made=_instant(document["made"]),
        blocks=tuple(_advice(each) for each in document["blocks"]),
        objective=document["objective"],
        bound=document["bound"],
        gap=document["gap"],
        in_time=document["in_time"],
        costs=Costs(**{**costs, "quantiles": tuple(costs["quantiles"])}),
        prices=tuple(Price(**each) for each in document["prices"]),
        closed=tuple(Closed(each["block"], Exit(each["kind"]), each["reason"]) for each in document["closed"]),
        stochastic=StochasticWorth(**document["stochastic"]),
        information=PerfectInformation(**document["information"]),
        facts=dict(document["facts"]),
        review=_review(document.get("review")),
    )


def _advice_document(advice: Advice) -> Document:
    return {
        "block": advice.block,
        "action": _action_document(advice.action),
        "decide_by": _text_or_none(advice.decide_by),
        "value": _finite(advice.value),
        "alternatives": [_alternative_document(each) for each in advice.alternatives],
        "waiting": {**asdict(advice.waiting), "deadline": _text_or_none(advice.waiting.deadline)},
        "near_tie": bool(advice.near_tie),
        "why": advice.why,
        "due": bool(advice.due),
    }


def _advice(document: Mapping[str, Any]) -> Advice:
    waiting = document["waiting"]
    return Advice(
        block=document["block"],
        action=_action(document["action"]),
        decide_by=_instant_or_none(document["decide_by"]),
        value=_endless(document["value"]),
        alternatives=tuple(_alternative(each) for each in document["alternatives"]),
        waiting=Waiting(**{**waiting, "deadline": _instant_or_none(waiting["deadline"])}),
        near_tie=document["near_tie"],
        why=document["why"],
        due=document.get("due", bool(document["alternatives"])),
    )


def _review_document(review: Review) -> Document:
    return {**asdict(review), "at": _text(review.at), "due": list(review.due)}


def _review(document: Mapping[str, Any] | None) -> Review | None:
    """The review; there was none in plans of earlier releases."""
    if document is None:
        return None
    return Review(**{**document, "at": _instant(document["at"]), "due": tuple(document["due"])})


def _alternative_document(alternative: Alternative) -> Document:
    return {
        "action": _action_document(alternative.action),
        **{name: _finite(getattr(alternative, name)) for name in _PLAIN},
        "others_replanned": bool(alternative.others_replanned),
        "near_tie": bool(alternative.near_tie),
    }


def _alternative(document: Mapping[str, Any]) -> Alternative:
    return Alternative(**{**document, "action": _action(document["action"]), "regret": _endless(document["regret"])})


def _action_document(action: Action) -> Document:
    way = action.way
    return {"move": action.move.value, "months": action.months, "way": None if way is None else _way_document(way)}


def _action(document: Mapping[str, Any]) -> Action:
    way = document["way"]
    return Action(Move(document["move"]), document["months"], None if way is None else _way(way))


def _way_document(way: WayOut) -> Document:
    amounts = {name: float(getattr(way, name)) for name in _AMOUNTS}
    return {"kind": way.kind.value, "until": _text(way.until), **amounts, "months": way.months}


def _way(document: Mapping[str, Any]) -> WayOut:
    return WayOut(**{**document, "kind": Exit(document["kind"]), "until": _instant(document["until"])})


def _numbers(costs: Costs) -> Document:
    return {each.name: float(getattr(costs, each.name)) for each in fields(costs) if each.name != "quantiles"}


def _storable(value: Any) -> Any:
    """JSON has no number without end, such as the gap of a plan that no bound was found for in time."""
    if isinstance(value, Mapping):
        return {name: _storable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(each) for each in value]
    return {_ENDLESS: repr(float(value))} if isinstance(value, float) and not np.isfinite(value) else value


def _restored(value: Any) -> Any:
    if isinstance(value, Mapping):
        return float(value[_ENDLESS]) if set(value) == {_ENDLESS} else {k: _restored(v) for k, v in value.items()}
    return [_restored(each) for each in value] if isinstance(value, list) else value


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _endless(value: float | None) -> float:
    return np.inf if value is None else value


def _text(instant: pd.Timestamp) -> str:
    return instant.tz_convert("UTC").as_unit("ns").isoformat()


def _text_or_none(instant: pd.Timestamp | None) -> str | None:
    return None if instant is None else _text(instant)


def _instant(text: str) -> pd.Timestamp:
    return pd.Timestamp(text).tz_convert("UTC").as_unit("ns")


def _instant_or_none(text: str | None) -> pd.Timestamp | None:
    return None if text is None else _instant(text)
