from collections.abc import Callable

import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.errors import Invalid
from demand.limits import Limit, LimitKind
from demand.series import Selection
from demand.tidy import OnError, check_rows
from service.limits import add_limit, remove_limit
from service.store.engine import Store

START = pd.Timestamp("2025-01-06", tz="UTC")


@pytest.fixture
def used(store: Store) -> Callable[[str, list[float], int], None]:
    """Stores what a tenant had in use from some hour on."""

    def keep(tenant: str, values: list[float], first: int = 0) -> None:
        stamps = pd.date_range(START + pd.Timedelta(hours=first), periods=len(values), freq="h")
        raw = pd.DataFrame({"timestamp": stamps, "tenant": tenant, "value": values, "line": range(len(values))})
        batch = check_rows(raw, now=START + pd.Timedelta(days=9))
        with store.staging() as unit:
            unit.observations.ingest([batch], source="", on_error=OnError.ABORT, granularity=Granularity.HOUR)

    return keep


def test_a_limit_is_held_against_what_its_series_use_together_now(store: Store, used: Callable[..., None]) -> None:
    used("a", [900.0, 5.0])
    used("b", [5.0, 6.0])
    with pytest.raises(Invalid, match="had 11 in use"):
        add_limit(store, Limit(Selection(), 10, START))
    stored = add_limit(store, Limit(Selection(), 11, START))
    assert remove_limit(store, stored.id) == stored


def test_a_saturation_is_held_against_it_too(store: Store, used: Callable[..., None]) -> None:
    used("a", [900.0, 5.0])
    with pytest.raises(Invalid, match=r"saturation of 4 accelerators is below the last value.*correct the level"):
        add_limit(store, Limit(Selection(), 4, START, kind=LimitKind.SATURATION))


def test_a_series_that_ended_uses_nothing_now(store: Store, used: Callable[..., None]) -> None:
    used("a", [900.0])
    used("b", [5.0, 6.0])
    add_limit(store, Limit(Selection(), 10, START))


def test_a_limit_on_what_is_not_stored_yet_is_taken(store: Store) -> None:
    assert add_limit(store, Limit(Selection(tenant=("new",)), 10, START)).id == 1
