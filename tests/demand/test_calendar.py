import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demand.calendar import (
    RHYTHMS,
    Granularity,
    buckets,
    check_coarser,
    floor,
    infer_granularity,
    number,
    on_grid,
    step_of,
)
from demand.errors import Invalid

PERIODS = {Granularity.HOUR: "h", Granularity.DAY: "D", Granularity.WEEK: "W-SUN", Granularity.MONTH: "M"}
every_granularity = pytest.mark.parametrize("granularity", list(Granularity))
hours_since_2000 = st.integers(0, 40 * 8766)


def at(hour: int) -> pd.Timestamp:
    return pd.Timestamp("2000-01-01", tz="UTC") + pd.Timedelta(hours=hour)


def test_horizons_and_seasons_are_those_of_the_architecture() -> None:
    limits = {granularity: rhythm.horizon_limit for granularity, rhythm in RHYTHMS.items()}
    assert limits == {"hour": 672, "day": 180, "week": 104, "month": 60}
    assert Granularity.HOUR.rhythm.whole_seasons == (24, 168)
    assert Granularity.DAY.rhythm.whole_seasons == (7, 365)
    assert Granularity.WEEK.rhythm.whole_seasons == (52,)


@given(hour=hours_since_2000, granularity=st.sampled_from(Granularity))
def test_the_floor_is_the_start_of_the_pandas_period(hour: int, granularity: Granularity) -> None:
    naive = at(hour).tz_localize(None)
    expected = naive.to_period(PERIODS[granularity]).start_time.tz_localize("UTC")
    assert floor(pd.DatetimeIndex([at(hour)]), granularity)[0] == expected


@given(hour=hours_since_2000, count=st.integers(1, 200), granularity=st.sampled_from(Granularity))
def test_steps_number_the_buckets_from_the_start(hour: int, count: int, granularity: Granularity) -> None:
    start = floor(pd.DatetimeIndex([at(hour)]), granularity)[0]
    grid = buckets(start, count, granularity)
    assert grid[0] == start
    assert step_of(grid, start, granularity).tolist() == list(range(count))
    assert [number(moment, granularity) - number(start, granularity) for moment in grid] == list(range(count))


@every_granularity
def test_buckets_lie_on_their_own_grid_and_carry_nanoseconds_in_utc(granularity: Granularity) -> None:
    grid = buckets(pd.Timestamp("2024-01-01", tz="UTC"), 30, granularity)
    assert on_grid(grid, granularity).all()
    assert grid.dtype == "datetime64[ns, UTC]"


def test_weeks_keep_the_weekday_of_their_start() -> None:
    sundays = buckets(pd.Timestamp("2025-01-05", tz="UTC"), 60, Granularity.WEEK)
    assert set(sundays.day_name()) == {"Sunday"}


def test_months_are_those_of_the_calendar() -> None:
    months = buckets(pd.Timestamp("2023-11-01", tz="UTC"), 5, Granularity.MONTH)
    assert months.strftime("%Y-%m-%d").tolist() == [
        "2023-11-01",
        "2023-12-01",
        "2024-01-01",
        "2024-02-01",
        "2024-03-01",
    ]


@pytest.mark.parametrize(
    ("moment", "granularities"),
    [
        ("2025-02-01T00:00", {"hour", "day", "week", "month"}),
        ("2025-02-02T00:00", {"hour", "day", "week"}),
        ("2025-02-01T01:00", {"hour"}),
        ("2025-02-01T00:30", set()),
    ],
)
def test_a_timestamp_lies_on_the_grids_that_it_may_start_a_bucket_of(moment: str, granularities: set[str]) -> None:
    index = pd.DatetimeIndex([pd.Timestamp(moment, tz="UTC")])
    assert {str(granularity) for granularity in Granularity if on_grid(index, granularity)[0]} == granularities


@every_granularity
def test_the_granularity_of_a_regular_grid_is_inferred_in_any_order(granularity: Granularity) -> None:
    grid = buckets(pd.Timestamp("2024-01-01", tz="UTC"), 40, granularity)
    shuffled = grid[np.random.default_rng(3).permutation(40)]
    assert infer_granularity(shuffled.append(shuffled[:5])) is granularity


@every_granularity
def test_gaps_do_not_change_the_inferred_granularity(granularity: Granularity) -> None:
    grid = buckets(pd.Timestamp("2024-01-01", tz="UTC"), 40, granularity)
    assert infer_granularity(grid.delete([3, 4, 20])) is granularity


def test_weeks_that_begin_on_sundays_are_weeks() -> None:
    assert infer_granularity(buckets(pd.Timestamp("2025-01-05", tz="UTC"), 9, Granularity.WEEK)) is Granularity.WEEK


def test_a_granularity_cannot_be_inferred_from_one_timestamp() -> None:
    with pytest.raises(Invalid, match="name it: hour, day, week or month"):
        infer_granularity(pd.DatetimeIndex([at(0), at(0)]))


def test_a_granularity_cannot_be_inferred_off_the_hour() -> None:
    with pytest.raises(Invalid, match=r"2000-01-01T00:15:00\+00:00 is not on a whole hour"):
        infer_granularity(pd.DatetimeIndex([at(0), at(0) + pd.Timedelta(minutes=15)]))


def test_buckets_become_coarser_but_never_finer() -> None:
    check_coarser(Granularity.DAY, Granularity.MONTH)
    with pytest.raises(Invalid, match="values per week cannot be told per day"):
        check_coarser(Granularity.WEEK, Granularity.DAY)
