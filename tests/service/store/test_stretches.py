"""What came true in a stretch of time."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.errors import Invalid
from service.store.engine import Store
from service.store.stretches import newest_hours, read_stretch

START = pd.Timestamp("2025-01-06", tz="UTC")


def read(store: Store, ids: list[int], granularity: Granularity, start: pd.Timestamp, n_steps: int) -> np.ndarray:
    with store.engine.connect() as connection:
        return read_stretch(connection, ids, granularity, start, n_steps).values


def test_a_stretch_holds_the_buckets_that_are_asked_for_and_no_others(store: Store, hourly: Callable[..., int]) -> None:
    second, first = hourly(store, "b", range(50, 60)), hourly(store, "a", range(10))
    found = read(store, [first, second], Granularity.HOUR, START + pd.Timedelta(hours=8), 4)
    np.testing.assert_array_equal(found, [[8, 9, np.nan, np.nan], [58, 59, np.nan, np.nan]])
    nothing = read(store, [first], Granularity.HOUR, START - pd.Timedelta(hours=3), 2)
    np.testing.assert_array_equal(nothing, [[np.nan, np.nan]])


def test_days_are_means_of_their_hours_once_they_have_passed(store: Store, hourly: Callable[..., int]) -> None:
    whole, short = hourly(store, "a", range(72)), hourly(store, "b", range(47))
    found = read(store, [whole, short], Granularity.DAY, START, 4)
    np.testing.assert_array_equal(found, [[11.5, 35.5, 59.5, np.nan], [11.5, np.nan, np.nan, np.nan]])


def test_a_day_is_known_by_half_of_its_hours(
    store: Store, ingest: Callable[..., object], hourly: Callable[..., int]
) -> None:
    series_id = hourly(store, "a", [4.0] * 11)
    later = [
        {"timestamp": (START + pd.Timedelta(hours=hour)).isoformat(), "tenant": "a", "value": 8.0} for hour in (23, 24)
    ]
    ingest(store, later)
    np.testing.assert_allclose(read(store, [series_id], Granularity.DAY, START, 1), [[(11 * 4 + 8) / 12]])


def test_wider_buckets_are_not_told_by_narrower_ones(store: Store, ingest: Callable[..., object]) -> None:
    rows = [{"timestamp": f"2025-01-0{day}T00:00:00Z", "tenant": "a", "value": day} for day in (6, 7, 8)]
    ingest(store, rows, granularity=Granularity.DAY)
    with pytest.raises(Invalid, match="stored by the day; ask for day or coarser"):
        read(store, [1], Granularity.HOUR, START, 3)


def test_the_newest_hour_of_each_series_is_found(store: Store, hourly: Callable[..., int]) -> None:
    ids = [hourly(store, tenant, range(count)) for tenant, count in (("a", 5), ("b", 9))]
    first = START.value // 3_600_000_000_000
    with store.engine.connect() as connection:
        assert newest_hours(connection, [*ids, 999]) == {ids[0]: first + 4, ids[1]: first + 8}
