"""Blocks as JSON documents: how they are stored, kept in changes, sent and shown."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from demand.errors import Invalid
from planning.estimates import Estimate
from planning.ledger import Block, Exit, FirstRefusal, Milestone, Phase, WayOut
from planning.states import CommitmentState

Document = dict[str, Any]

_NEEDED = ("name", "quantity", "online")
_AMOUNTS = ("charge", "refund", "charge_per_month")


def to_document(block: Block) -> Document:
    """The block as JSON; instants are ISO 8601 in UTC to the microsecond, and every field is there."""
    return {
        "name": block.name,
        "quantity": float(block.quantity),
        "unit": block.unit,
        "online": _text(block.online),
        "provider": block.provider,
        "region": block.region,
        "accelerator": block.accelerator,
        "phase": block.phase.value,
        "state": block.state.value,
        "slip_days": {"p10": block.slip_days.low, "p50": block.slip_days.mid, "p90": block.slip_days.high},
        "conversion": float(block.conversion),
        "end": None if block.end is None else _text(block.end),
        "milestones": {
            phase.value: {"completes": None if each.completes is None else _text(each.completes), "cost": each.cost}
            for phase in Phase
            if (each := block.milestones.get(phase)) is not None
        },
        "running_cost_per_month": float(block.running_cost_per_month),
        "currency": block.currency,
        "after": list(block.after),
        "ways_out": [_way_out_document(way) for kind in Exit if (way := block.way_out(kind)) is not None],
        "first_refusal": None if block.first_refusal is None else _first_refusal_document(block.first_refusal),
        "notes": block.notes,
        "source": block.source,
    }


def to_block(document: Mapping[str, Any]) -> Block:
    """The block that a document describes; what is absent or null is as it is where nothing is known.

    Raises:
        Invalid: something that is needed is absent, or the block makes no sense.
    """
    given = {name: value for name, value in document.items() if value is not None}
    _need(given, _NEEDED, f"block {given.get('name', '')!r}")
    return Block(**{name: _READERS[name](value) if name in _READERS else value for name, value in given.items()})


def _way_out_document(way: WayOut) -> Document:
    amounts = {name: float(getattr(way, name)) for name in _AMOUNTS}
    return {"kind": way.kind.value, "until": _text(way.until), **amounts, "months": way.months}


def _first_refusal_document(right: FirstRefusal) -> Document:
    numbers = {name: float(getattr(right, name)) for name in ("quantity", "price", "lead_days")}
    return {"until": _text(right.until), **numbers}


def _way_out(document: Mapping[str, Any]) -> WayOut:
    _need(document, ("until",), f"the way to {document['kind']}")
    return WayOut(**_filled(document) | {"kind": Exit(document["kind"]), "until": _instant(document["until"])})


def _ways_out(documents: list[Mapping[str, Any]]) -> tuple[WayOut, ...]:
    return tuple(sorted(map(_way_out, documents), key=lambda way: list(Exit).index(way.kind)))


def _first_refusal(document: Mapping[str, Any]) -> FirstRefusal:
    _need(document, ("until", "quantity"), "the right of first refusal")
    return FirstRefusal(**_filled(document) | {"until": _instant(document["until"])})


def _milestones(documents: Mapping[str, Mapping[str, Any]]) -> dict[Phase, Milestone]:
    read = {}
    for phase, document in documents.items():
        completes = document.get("completes")
        when = None if completes is None else _instant(completes)
        read[Phase(phase)] = Milestone(when, document.get("cost") or 0.0)
    return read


def _estimate(document: Mapping[str, float]) -> Estimate:
    _need(document, ("p50",), "the slip in days")
    mid = document["p50"]
    return Estimate(document.get("p10", mid), mid, document.get("p90", mid))


def _need(document: Mapping[str, Any], names: tuple[str, ...], what: str) -> None:
    if missing := [name for name in names if document.get(name) is None]:
        raise Invalid(f"{what} lacks {' and '.join(missing)}; state it")


def _filled(document: Mapping[str, Any]) -> Document:
    return {name: value for name, value in document.items() if value is not None}


def _instant(written: str | datetime) -> pd.Timestamp:
    instant = pd.Timestamp(written).as_unit("ns")
    return instant if instant.tz is None else instant.tz_convert("UTC")


def _text(instant: pd.Timestamp) -> str:
    return instant.tz_convert("UTC").to_pydatetime(warn=False).isoformat().replace("+00:00", "Z")


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "online": _instant,
    "end": _instant,
    "phase": Phase,
    "state": CommitmentState,
    "slip_days": _estimate,
    "milestones": _milestones,
    "after": tuple,
    "ways_out": _ways_out,
    "first_refusal": _first_refusal,
}
