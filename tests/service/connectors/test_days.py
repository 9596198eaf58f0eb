from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.errors import Invalid
from demand.series import Selection
from service.connectors.days import indicator, midnight, next_day, zone_of

START = pd.Timestamp("2025-01-06", tz="UTC")


def hours(*spans: tuple[int, int]) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    return [(START + pd.Timedelta(hours=first), START + pd.Timedelta(hours=stop)) for first, stop in spans]


@pytest.mark.parametrize(
    ("day", "zone", "begins", "lasts"),
    [
        (date(2025, 3, 9), "America/New_York", "2025-03-09T05:00Z", 23),
        (date(2025, 11, 2), "America/New_York", "2025-11-02T04:00Z", 25),
        (date(2025, 7, 4), "America/New_York", "2025-07-04T04:00Z", 24),
        (date(2018, 11, 4), "America/Sao_Paulo", "2018-11-04T03:00Z", 23),
        (date(2018, 2, 17), "America/Sao_Paulo", "2018-02-17T02:00Z", 25),
        (date(2025, 1, 1), "Asia/Kathmandu", "2024-12-31T18:15Z", 24),
    ],
)
def test_a_day_lasts_as_long_as_the_clocks_there_say(day: date, zone: str, begins: str, lasts: int) -> None:
    there = zone_of(zone)
    assert midnight(day, there) == pd.Timestamp(begins)
    assert midnight(next_day(day), there) - midnight(day, there) == pd.Timedelta(hours=lasts)


@pytest.mark.parametrize("seed", range(5))
def test_an_indicator_is_one_within_any_span(seed: int) -> None:
    rng = np.random.default_rng(seed)
    spans = [(int(first), int(first + rng.integers(1, 6))) for first in rng.integers(-3, 45, size=6)]
    expected = np.zeros(48)
    for first, stop in spans:
        expected[max(first, 0) : max(stop, 0)] = 1.0
    made = indicator("fair", Selection(), hours(*spans), START, START + pd.Timedelta(hours=48))
    np.testing.assert_array_equal(made.over(START, 48, Granularity.HOUR), expected)
    assert all(before != after for before, after in pairwise(made.values))


def test_an_indicator_of_nothing_is_refused() -> None:
    with pytest.raises(Invalid, match="nothing of fair lies between"):
        indicator("fair", Selection(), hours((-5, -2)), START, START + pd.Timedelta(hours=48))


def test_a_time_zone_that_is_none_is_refused() -> None:
    with pytest.raises(Invalid, match="no time zone 'Europe/Springfield'"):
        zone_of("Europe/Springfield")
