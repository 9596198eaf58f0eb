from datetime import date

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.errors import Invalid
from demand.series import Selection
from service.connectors.holiday_calendar import HolidayCalendar

NEW_YORK = HolidayCalendar.parse("US:America/New_York")

FEDERAL_2025 = [(1, 1), (1, 20), (2, 17), (5, 26), (6, 19), (7, 4), (9, 1), (10, 13), (11, 11), (11, 27), (12, 25)]
"""As published by the Office of Personnel Management of the United States."""


def test_the_holidays_of_the_united_states_are_the_published_ones() -> None:
    assert list(NEW_YORK.dates(2025, 2025)) == [date(2025, month, day) for month, day in FEDERAL_2025]


def test_a_holiday_that_falls_on_a_weekend_is_observed_too() -> None:
    assert {date(2026, 7, 3), date(2026, 7, 4)} <= set(NEW_YORK.dates(2026, 2026))


def test_a_subdivision_has_holidays_of_its_own() -> None:
    epiphany = date(2025, 1, 6)
    assert epiphany in HolidayCalendar.parse("DE-BY:Europe/Berlin").dates(2025, 2025)
    assert epiphany not in HolidayCalendar.parse("DE:Europe/Berlin").dates(2025, 2025)


@pytest.mark.parametrize(
    ("calendar", "first_hour", "hours"),
    [
        ("US:America/New_York", "2025-07-04T04:00Z", 24),
        ("JP:Asia/Tokyo", "2025-11-02T15:00Z", 24),
        # The clocks went back at the end of Holy Saturday in Chile, and forward as Sinai Liberation Day began in Egypt.
        ("CL:America/Santiago", "2026-04-04T03:00Z", 25),
        ("EG:Africa/Cairo", "2025-04-24T22:00Z", 23),
    ],
)
def test_a_holiday_lasts_from_midnight_to_midnight_there(calendar: str, first_hour: str, hours: int) -> None:
    start = pd.Timestamp(first_hour)
    made = HolidayCalendar.parse(calendar).regressor(Selection(), start, start + pd.Timedelta(days=40))
    column = made.over(start, hours + 1, Granularity.HOUR)
    np.testing.assert_array_equal(column, [*[1.0] * hours, 0.0])


def test_holidays_are_known_for_all_of_the_years_they_are_asked_for() -> None:
    first, last = pd.Timestamp("2020-05-01", tz="UTC"), pd.Timestamp("2026-05-01", tz="UTC")
    made = NEW_YORK.regressor(Selection(region=("us",)), first, last)
    assert made.until is not None
    assert made.until >= last
    days = made.over(first + pd.Timedelta(hours=4), 2000, Granularity.HOUR)
    assert not np.isnan(days).any()
    assert made.name == "holidays US:America/New_York"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("US", "write a country and a time zone"),
        (":UTC", "write a country and a time zone"),
        ("XX:UTC", "no holidays are known of 'XX'"),
        ("US-ZZ:UTC", "has no subdivision 'ZZ'"),
        ("US:Nowhere", "no time zone 'Nowhere'"),
    ],
)
def test_a_calendar_that_is_not_known_is_refused(text: str, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        HolidayCalendar.parse(text)


def test_a_calendar_is_written_as_it_is_read() -> None:
    for text in ("US-CA:America/Los_Angeles", "DE:Europe/Berlin"):
        assert str(HolidayCalendar.parse(text)) == text
