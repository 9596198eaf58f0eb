from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest

from demand.errors import Invalid
from service.store.instants import first_hour, from_hour, from_hours, from_micros, to_hour, to_hours, to_micros

INDIA = timezone(timedelta(hours=5, minutes=30))


@pytest.mark.parametrize(
    "instant",
    [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2025, 6, 1, 12, 30, 1, 234567, tzinfo=INDIA),
        datetime(2999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ],
)
def test_an_instant_survives_to_the_microsecond(instant: datetime) -> None:
    assert from_micros(to_micros(instant)) == instant


def test_hours_are_counted_in_utc_and_a_time_within_one_belongs_to_it() -> None:
    assert to_hour(datetime(1970, 1, 2, 5, 30, tzinfo=INDIA)) == 24
    assert to_hour(datetime(1970, 1, 1, 1, 59, tzinfo=UTC)) == 1
    assert from_hour(25) == pd.Timestamp("1970-01-02T01:00:00Z")


def test_the_first_hour_is_at_or_after_the_instant() -> None:
    assert first_hour(datetime(1970, 1, 1, 1, 0, tzinfo=UTC)) == 1
    assert first_hour(datetime(1970, 1, 1, 1, 0, 0, 1, tzinfo=UTC)) == 2


def test_many_hours_are_turned_as_one_is() -> None:
    index = pd.date_range("1999-12-31T22:00:00Z", periods=5, freq="h")
    hours = to_hours(index)
    assert hours.tolist() == [to_hour(each) for each in index]
    assert from_hours(hours).equals(index)
    assert from_hours(np.array([0], dtype=np.int32))[0] == pd.Timestamp("1970-01-01T00:00:00Z")


def test_a_time_without_an_offset_is_refused() -> None:
    with pytest.raises(Invalid, match="2025-01-06T00:00:00 has no UTC offset"):
        to_micros(datetime(2025, 1, 6))  # noqa: DTZ001
