from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.covariates import (
    Covariates,
    Effect,
    Event,
    Operation,
    Regressor,
    Treatment,
    evenly_spaced,
)
from demand.errors import Invalid
from demand.series import Selection, SeriesKey

ALL = Selection()
MONDAY = pd.Timestamp("2025-01-06", tz="UTC")


def instants(*texts: str) -> pd.DatetimeIndex:
    return pd.DatetimeIndex([pd.Timestamp(text, tz="UTC") for text in texts])


def test_a_regressor_is_averaged_over_coarser_buckets_by_the_time_each_value_holds() -> None:
    price = Regressor(
        "price", ALL, instants("2025-01-06", "2025-01-06T18:00"), np.array([4.0, 8.0]), MONDAY + pd.Timedelta(days=2)
    )
    daily = price.over(MONDAY, 3, Granularity.DAY)
    np.testing.assert_allclose(daily[:2], [(18 * 4 + 6 * 8) / 24, 8.0])
    assert np.isnan(daily[2])


def test_a_coarse_regressor_holds_within_its_finer_buckets() -> None:
    price = evenly_spaced("price", ALL, instants("2025-01-06", "2025-01-07"), [1.0, 2.0])
    np.testing.assert_array_equal(price.over(MONDAY, 48, Granularity.HOUR), [1.0] * 24 + [2.0] * 24)
    assert np.isnan(price.over(MONDAY - pd.Timedelta(hours=1), 1, Granularity.HOUR)).all()


def test_averages_agree_with_summing_minute_by_minute() -> None:
    rng = np.random.default_rng(3)
    minutes = np.sort(rng.choice(np.arange(1, 60 * 24), size=9, replace=False))
    starts = MONDAY + pd.to_timedelta([0, *minutes], unit="min")
    values = rng.normal(size=10)
    regressor = Regressor("r", ALL, pd.DatetimeIndex(starts), values, MONDAY + pd.Timedelta(days=1))
    every_minute = np.empty(60 * 24)
    for at, (first, last) in enumerate(pairwise([0, *minutes, 60 * 24])):
        every_minute[first:last] = values[at]
    np.testing.assert_allclose(regressor.over(MONDAY, 24, Granularity.HOUR), every_minute.reshape(24, 60).mean(axis=1))


def test_values_by_the_month_reach_to_the_end_of_the_last_month() -> None:
    price = evenly_spaced("price", ALL, instants("2025-01-01", "2025-02-01", "2025-03-01"), [1.0, 2.0, 3.0])
    assert price.until == pd.Timestamp("2025-04-01", tz="UTC")


def test_a_regressor_with_a_stated_effect_is_nothing_before_it_begins_and_holds_for_good() -> None:
    launch = Regressor("launch", ALL, instants("2025-01-07"), np.array([1.0]), None, Effect(Operation.ADD, 300.0))
    np.testing.assert_array_equal(launch.over(MONDAY, 4, Granularity.DAY), [0, 1, 1, 1])


def test_an_event_covers_shares_of_buckets() -> None:
    outage = Event("outage", ALL, MONDAY + pd.Timedelta(minutes=30), MONDAY + pd.Timedelta(hours=2))
    np.testing.assert_allclose(outage.share(MONDAY, 3, Granularity.HOUR), [0.5, 1.0, 0.0])
    np.testing.assert_allclose(outage.share(MONDAY, 1, Granularity.DAY), [1.5 / 24])


def test_only_what_selects_a_series_concerns_it() -> None:
    here, there = Selection(region=("eu",)), Selection(region=("us",))
    events = tuple(
        Event(name, part, MONDAY, MONDAY + pd.Timedelta(hours=1)) for name, part in (("a", here), ("b", there))
    )
    kept = Covariates(events=events).concerning([SeriesKey(region="eu")])
    assert [event.name for event in kept.events] == ["a"]
    assert not Covariates(events=events).concerning([SeriesKey(region="asia")])


@pytest.mark.parametrize(
    ("starts", "values", "told"),
    [
        (("2025-01-06", "2025-01-07"), [2.0, 2.0], "is constant at 2"),
        (("2025-01-06", "2025-01-07"), [2.0, np.nan], "has a gap: nan at 2025-01-07"),
        (("2025-01-06", "2025-01-07", "2025-01-09"), [1.0, 2.0, 3.0], "has a gap.*after 2025-01-07"),
        (("2025-01-07", "2025-01-06"), [1.0, 2.0], "does not come after"),
        (("2025-01-07",), [1.0], "how far they reach"),
        (("2025-01-06", "2025-01-07"), [1.0], "one value each"),
    ],
)
def test_a_regressor_that_cannot_be_used_is_refused_with_the_reason(
    starts: tuple[str, ...], values: list[float], told: str
) -> None:
    with pytest.raises(Invalid, match=told):
        evenly_spaced("price", ALL, instants(*starts), values)


def test_a_regressor_without_future_values_is_refused_with_what_it_lacks() -> None:
    covariates = Covariates((evenly_spaced("price", ALL, instants("2025-01-06", "2025-01-07"), [1.0, 2.0]),))
    covariates.check_ahead(pd.Timestamp("2025-01-08", tz="UTC"))
    with pytest.raises(Invalid, match=r"price lacks future values.*2025-01-09.*until 2025-01-08"):
        covariates.check_ahead(pd.Timestamp("2025-01-09", tz="UTC"))


@pytest.mark.parametrize(
    ("end", "treatment", "effect", "told"),
    [
        (MONDAY, Treatment.MASK, None, "not after its start"),
        (None, Treatment.MODEL, None, "has no end"),
        (MONDAY + pd.Timedelta(hours=1), Treatment.MASK, Effect(Operation.ADD, 1.0), "is masked"),
        (pd.Timestamp("2025-02-01"), Treatment.MASK, None, "no UTC offset"),
    ],
)
def test_an_event_that_makes_no_sense_is_refused(
    end: pd.Timestamp | None, treatment: Treatment, effect: Effect | None, told: str
) -> None:
    with pytest.raises(Invalid, match=told):
        Event("outage", ALL, MONDAY, end, treatment, effect)


@pytest.mark.parametrize(
    ("operation", "size"), [(Operation.MULTIPLY, 0.0), (Operation.MULTIPLY, -1.0), (Operation.ADD, np.nan)]
)
def test_an_effect_that_is_no_number_or_no_factor_is_refused(operation: Operation, size: float) -> None:
    with pytest.raises(Invalid, match="factor above zero"):
        Effect(operation, size)


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 200])
def test_a_name_that_nobody_could_read_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="is no name"):
        Event(name, ALL, MONDAY, MONDAY + pd.Timedelta(hours=1))
