from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from demand.covariates import Effect, Event, Operation, Regressor, Treatment
from demand.series import Selection
from service.store.covariates import EventNotFound, HolidayOrder, RegressorNotFound
from service.store.engine import Store

MONDAY = pd.Timestamp("2025-01-06", tz="UTC")
PART = Selection(region=("eu", "us"), workload=("inference",))
PRICE = Regressor(
    "price",
    PART,
    pd.DatetimeIndex([MONDAY, MONDAY + pd.Timedelta(minutes=90)]),
    np.array([0.1, 1 / 3]),
    MONDAY + pd.Timedelta(days=1),
)
LAUNCH = Regressor("launch", Selection(), PRICE.starts[:1], np.array([1.0]), None, Effect(Operation.ADD, 300.0))
HOLIDAYS = HolidayOrder("days off", PART, "US:America/New_York")
EVENTS = [
    Event("outage", PART, MONDAY, MONDAY + pd.Timedelta(hours=3), note="a cut cable"),
    Event("leaving", Selection(), MONDAY, None, Treatment.MODEL, Effect(Operation.MULTIPLY, 0.5)),
]


def same(one: object, other: object) -> bool:
    if isinstance(one, Regressor) and isinstance(other, Regressor):
        fields = ("name", "selection", "until", "effect")
        return (
            all(getattr(one, field) == getattr(other, field) for field in fields)
            and one.starts.equals(other.starts)
            and np.array_equal(one.values, other.values)
        )
    return one == other


def test_what_is_stored_is_read_as_it_was(store: Store, noon: datetime) -> None:
    contents = [PRICE, LAUNCH, HOLIDAYS]
    with store.begin() as unit:
        ids = [unit.covariates.add_regressor(content, noon).id for content in contents]
        stored = unit.covariates.add_events(EVENTS, noon)
    with store.read() as unit:
        found = unit.covariates.regressors()
        assert [each.id for each in found] == ids
        assert all(same(each.content, content) for each, content in zip(found, contents, strict=True))
        assert all(each.created_at == noon for each in found)
        assert unit.covariates.events() == stored
        assert [each.event for each in stored] == EVENTS
        assert same(unit.covariates.regressor(ids[0]).content, PRICE)
        assert unit.covariates.event(stored[1].id) == stored[1]


def test_lists_are_paged_by_id(store: Store, noon: datetime) -> None:
    with store.begin() as unit:
        stored = unit.covariates.add_events(EVENTS * 3, noon)
        assert unit.covariates.add_events([], noon) == []
    with store.read() as unit:
        assert unit.covariates.events(limit=2, after=stored[1].id) == stored[2:4]


def test_what_was_removed_is_seen_only_by_those_who_ask_for_an_instant_before(store: Store, noon: datetime) -> None:
    hour = timedelta(hours=1)
    with store.begin() as unit:
        regressor = unit.covariates.add_regressor(PRICE, noon)
        (event,) = unit.covariates.add_events(EVENTS[:1], noon)
    with store.begin() as unit:
        assert unit.covariates.remove_regressor(regressor.id, noon + 2 * hour).id == regressor.id
        assert unit.covariates.remove_event(event.id, noon + 2 * hour) == event
    with store.read() as unit:
        assert unit.covariates.regressors() == []
        assert unit.covariates.events() == []
        for hours, count in ((-1, 0), (0, 1), (1, 1), (2, 0)):
            assert len(unit.covariates.regressors(as_of=noon + hours * hour)) == count
            assert len(unit.covariates.events(as_of=noon + hours * hour)) == count


def test_what_is_not_there_or_not_any_more_is_not_found(store: Store, noon: datetime) -> None:
    with store.begin() as unit:
        (event,) = unit.covariates.add_events(EVENTS[:1], noon)
        unit.covariates.remove_event(event.id, noon)
        with pytest.raises(EventNotFound, match=f"event {event.id} is not stored; .*GET /v1/events"):
            unit.covariates.remove_event(event.id, noon)
        with pytest.raises(EventNotFound):
            unit.covariates.event(event.id)
        with pytest.raises(RegressorNotFound, match="regressor 99 is not stored"):
            unit.covariates.regressor(99)
