"""Scenarios as JSON documents: how they are stored, sent and shown.

Every event is an object with its `type` and the fields of its class. An estimate is a number, or `low`, `mid` and
`high`; a moment is an instant, or its `date` and `shift_days`.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, fields
from types import NoneType
from typing import Any, get_args, get_type_hints

import pandas as pd

from demand.errors import Invalid
from demand.series import Selection, SeriesKey, Workload
from planning.estimates import Estimate
from planning.ledger import Block, Phase
from planning.scenarios.additions import Launch, TenantArrives
from planning.scenarios.delays import ConversionChange, Slip
from planning.scenarios.departures import TenantLeaves
from planning.scenarios.dice import Moment
from planning.scenarios.efficiency import EfficiencyGain
from planning.scenarios.events import Event
from planning.scenarios.first_refusal import FirstRefusalExercised
from planning.scenarios.growth import GrowthOverride
from planning.scenarios.leases import LeaseCancelled
from planning.scenarios.power import PowerCap
from planning.scenarios.prices import PriceChange
from planning.scenarios.provenance import Confidence, Provenance
from planning.scenarios.scenario import Scenario
from planning.scenarios.selecting import BlockSelection
from planning.scenarios.takeovers import CapacityReleased, CapacityTaken
from service.store import capacity_documents

Document = dict[str, Any]

EVENT_TYPES: Mapping[str, type[Event]] = {
    "tenant_leaves": TenantLeaves,
    "tenant_arrives": TenantArrives,
    "efficiency_gain": EfficiencyGain,
    "launch": Launch,
    "price_change": PriceChange,
    "growth_override": GrowthOverride,
    "lease_cancelled": LeaseCancelled,
    "slip": Slip,
    "conversion_change": ConversionChange,
    "capacity_released": CapacityReleased,
    "capacity_taken": CapacityTaken,
    "first_refusal_exercised": FirstRefusalExercised,
    "power_cap": PowerCap,
}

_NAMES = {event: name for name, event in EVENT_TYPES.items()}


def to_document(scenario: Scenario) -> Document:
    """The scenario as JSON, without its version."""
    return {
        "name": scenario.name,
        "description": scenario.description,
        "based_on": list(scenario.based_on),
        "events": [event_document(event) for event in scenario.events],
    }


def to_scenario(document: Mapping[str, Any], version: int = 1) -> Scenario:
    """The scenario that a document describes.

    Raises:
        Invalid: it makes no sense.
    """
    return Scenario(
        name=document["name"],
        events=tuple(to_event(each) for each in document.get("events", ())),
        description=document.get("description", ""),
        based_on=tuple(document.get("based_on", ())),
        version=version,
    )


def event_document(event: Event) -> Document:
    """The event as JSON; what is as it is where nothing is said is left out."""
    told = {each.name: getattr(event, each.name) for each in fields(event) if getattr(event, each.name) != _usual(each)}
    return {"type": _NAMES[type(event)], **{name: _written(value) for name, value in told.items()}}


def to_event(document: Mapping[str, Any]) -> Event:
    """The event that a document describes.

    Raises:
        Invalid: there is no such type, something that is needed is absent, or the event makes no sense.
    """
    kind = EVENT_TYPES.get(document["type"])
    if kind is None:
        raise Invalid(f"there is no event of type {document['type']!r}; there are {', '.join(EVENT_TYPES)}")
    types = get_type_hints(kind)
    given = {name: value for name, value in document.items() if value is not None and name != "type"}
    needed = [each.name for each in fields(kind) if _usual(each) is MISSING]
    if missing := [name for name in needed if name not in given]:
        raise Invalid(f"event {document.get('name', '')!r} lacks {' and '.join(missing)}; state it")
    return kind(**{name: _read(types[name], value) for name, value in given.items()})


def _usual(field: Any) -> Any:
    if field.default is not MISSING:
        return field.default
    return MISSING if field.default_factory is MISSING else field.default_factory()


def _written(value: Any) -> Any:
    writer = _WRITERS.get(type(value))
    return value if writer is None else writer(value)


def _read(kind: Any, value: Any) -> Any:
    plain = [each for each in get_args(kind) if each is not NoneType]
    named = plain[0] if NoneType in get_args(kind) else kind
    reader = _READERS.get(named)
    return value if reader is None else reader(value)


def _estimate(value: float | Mapping[str, float]) -> Estimate:
    if isinstance(value, Mapping):
        return Estimate(value["low"], value["mid"], value["high"])
    return Estimate.certain(float(value))


def _estimate_document(value: Estimate) -> Any:
    return float(value.mid) if value.is_certain else asdict(value)


def _instant(text: str) -> pd.Timestamp:
    instant = pd.Timestamp(text).as_unit("ns")
    return instant if instant.tz is None else instant.tz_convert("UTC")


def _instant_document(instant: pd.Timestamp) -> str:
    return instant.tz_convert("UTC").floor("us").isoformat().replace("+00:00", "Z")


def _moment(value: str | Mapping[str, Any]) -> Moment:
    if not isinstance(value, Mapping):
        return Moment(_instant(value))
    return Moment(_instant(value["date"]), _estimate(value.get("shift_days") or 0.0))


def _moment_document(value: Moment) -> Any:
    date = _instant_document(value.date)
    if value.shift_days == Estimate.certain(0.0):
        return date
    return {"date": date, "shift_days": _estimate_document(value.shift_days)}


def _key(value: Mapping[str, Any]) -> SeriesKey:
    return SeriesKey(**{**value, "workload": Workload(value.get("workload", Workload.UNATTRIBUTED))})


def _blocks(value: Mapping[str, Any]) -> BlockSelection:
    phases = tuple(Phase(phase) for phase in value.get("phase", ()))
    named: Document = {name: tuple(values) for name, values in value.items()}
    return BlockSelection(**{**named, "phase": phases})


def _blocks_document(value: BlockSelection) -> Document:
    return {name: [str(each) for each in values] for name, values in asdict(value).items() if values}


def _provenance(value: Mapping[str, Any]) -> Provenance:
    return Provenance(**{**value, "confidence": Confidence(value.get("confidence", Confidence.LOW))})


_READERS: Mapping[Any, Callable[[Any], Any]] = {
    Estimate: _estimate,
    Moment: _moment,
    pd.Timestamp: _instant,
    Selection: lambda value: Selection(**{name: tuple(values) for name, values in value.items()}),
    SeriesKey: _key,
    BlockSelection: _blocks,
    Block: capacity_documents.to_block,
    Provenance: _provenance,
    tuple[str, ...]: tuple,
}

_WRITERS: Mapping[type, Callable[[Any], Any]] = {
    Estimate: _estimate_document,
    Moment: _moment_document,
    pd.Timestamp: _instant_document,
    Selection: lambda value: {name: [str(each) for each in values] for name, values in value.conditions().items()},
    SeriesKey: lambda value: {name: str(each) for name, each in asdict(value).items() if each},
    BlockSelection: _blocks_document,
    Block: capacity_documents.to_document,
    Provenance: lambda value: {**asdict(value), "confidence": value.confidence.value},
    tuple: list,
    dict: dict,
}
