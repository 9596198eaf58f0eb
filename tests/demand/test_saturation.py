from typing import Any

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.history import Panel
from demand.limits import Limit, LimitKind
from demand.saturation import saturation
from demand.series import Selection, SeriesKey

START = pd.Timestamp("2025-01-06", tz="UTC")


def panel(*rows: list[float], granularity: Granularity = Granularity.DAY) -> Panel:
    keys = tuple(SeriesKey(tenant=tenant) for tenant in "abc"[: len(rows)])
    return Panel(keys, ("accelerators",) * len(rows), granularity, START, np.array(rows))


def ending(level: float, *tenants: str, **fields: Any) -> Limit:
    return Limit(Selection(tenant=tenants), level, START, kind=LimitKind.SATURATION, **fields)


def test_the_growth_of_a_series_alone_ends_at_its_saturation_whatever_it_has_now() -> None:
    found = saturation(panel([1.0, 4.0], [2.0, 8.0], [np.nan, np.nan]), [ending(100, "a"), ending(70, "c")])
    np.testing.assert_array_equal(found.caps, [100, np.nan, 70])
    assert np.isnan(found.outgrown).all()


def test_a_saturation_of_a_sum_lets_each_series_grow_by_the_same_factor() -> None:
    found = saturation(panel([1.0, 4.0], [2.0, 8.0], [500.0, 500.0]), [ending(36, "a", "b")])
    np.testing.assert_allclose(found.caps, [12, 24, np.nan])


def test_a_share_is_that_of_the_last_season_and_not_of_long_ago() -> None:
    found = saturation(panel([90.0] * 7 + [10.0] * 7, [10.0] * 7 + [30.0] * 7), [ending(80)])
    np.testing.assert_allclose(found.caps, [20, 60])


def test_quiet_hours_at_the_end_do_not_lower_the_share_of_a_busy_day() -> None:
    busy, steady = [40.0] * 12 + [0.0] * 12, [10.0] * 24
    found = saturation(panel(busy, steady, granularity=Granularity.HOUR), [ending(100)])
    np.testing.assert_allclose(found.caps, [80, 20])


def test_a_series_that_has_nothing_now_has_no_share_and_no_cap() -> None:
    found = saturation(panel([0.0, 0.0], [2.0, 8.0], [np.nan, np.nan]), [ending(16)])
    np.testing.assert_array_equal(found.caps, [np.nan, 16, np.nan])


def test_of_several_saturations_the_lowest_counts() -> None:
    found = saturation(panel([1.0, 4.0], [2.0, 6.0]), [ending(40), ending(9, "a"), ending(50, "b")])
    np.testing.assert_allclose(found.caps, [9, 24])


def test_a_saturation_that_the_history_has_outgrown_is_named_and_caps_nothing() -> None:
    found = saturation(panel([1.0, 4.0], [2.0, 8.0]), [ending(11)])
    assert np.isnan(found.caps).all()
    np.testing.assert_array_equal(found.outgrown, [11, 11])


def test_one_bucket_above_it_does_not_outgrow_a_saturation() -> None:
    hours = [50.0] * 48
    hours[40] = 130.0
    np.testing.assert_array_equal(saturation(panel(hours, granularity=Granularity.HOUR), [ending(100)]).caps, [100])


@pytest.mark.parametrize("kind", [LimitKind.CAPACITY, LimitKind.QUOTA])
def test_what_only_bounds_use_does_not_end_growth(kind: LimitKind) -> None:
    found = saturation(panel([1.0, 4.0]), [Limit(Selection(), 10, START, kind=kind)])
    assert np.isnan(found.caps).all()


def test_a_saturation_that_has_ended_or_is_of_another_unit_counts_for_nothing() -> None:
    limits = [ending(10, end=START + pd.Timedelta(days=1)), ending(10, unit="megawatts")]
    assert np.isnan(saturation(panel([1.0, 4.0]), limits).caps).all()
