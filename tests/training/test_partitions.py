import pandas as pd

from demand.calendar import Granularity
from demand.series import SeriesKey, Workload
from training.partitions import partitions
from training.ports import Extent

NEWEST = pd.Timestamp("2025-03-10T12:00", tz="UTC")  # a Monday


def extent(last: pd.Timestamp, granularity: Granularity = Granularity.HOUR) -> Extent:
    return Extent(granularity, last - pd.Timedelta(days=400), last, 400)


def test_a_series_that_is_a_little_late_shares_the_newest_cut_off() -> None:
    late = extent(NEWEST - pd.Timedelta(hours=48))
    made = partitions({1: extent(NEWEST), 2: late}, Granularity.HOUR, size=10)
    assert [(part.series_ids, part.cut_off) for part in made] == [((1, 2), NEWEST)]


def test_a_series_that_ended_long_before_is_forecast_from_its_own_end() -> None:
    ended = NEWEST - pd.Timedelta(hours=49)
    made = partitions({1: extent(NEWEST), 2: extent(ended)}, Granularity.HOUR, size=10)
    assert [(part.series_ids, part.cut_off) for part in made] == [((1,), NEWEST), ((2,), ended)]


def test_lateness_is_counted_from_the_newest_and_not_from_the_one_before() -> None:
    lasts = {number: NEWEST - pd.Timedelta(hours=30 * number) for number in range(4)}
    made = partitions({number: extent(last) for number, last in lasts.items()}, Granularity.HOUR, size=10)
    assert [(part.series_ids, part.cut_off) for part in made] == [((0, 1), lasts[0]), ((2, 3), lasts[2])]


def test_a_partition_holds_no_more_series_than_its_size_and_every_series_is_in_one() -> None:
    made = partitions({number: extent(NEWEST) for number in range(7)}, Granularity.HOUR, size=3)
    assert [part.series_ids for part in made] == [(0, 1, 2), (3, 4), (5, 6)]


def test_kin_are_kept_together_and_no_series_is_split_off_alone() -> None:
    kinds = [(workload, accelerator) for workload in Workload for accelerator in ("B200", "H100")]
    keys = {number: SeriesKey(accelerator=kinds[number % 6][1], workload=kinds[number % 6][0]) for number in range(37)}
    made = partitions({number: extent(NEWEST) for number in keys}, Granularity.HOUR, size=12, keys=keys)
    assert sorted(len(part.series_ids) for part in made) == [9, 9, 9, 10]
    assert all(part.series_ids == tuple(sorted(part.series_ids)) for part in made)
    homes = {
        kind: [place for place, part in enumerate(made) if any(kinds[i % 6] == kind for i in part.series_ids)]
        for kind in kinds
    }
    assert all(len(where) <= 2 and max(where) - min(where) <= 1 for where in homes.values())


def test_hours_are_forecast_by_the_day_from_the_last_day_that_is_over() -> None:
    (part,) = partitions({1: extent(NEWEST)}, Granularity.DAY, size=10)
    assert part.cut_off == pd.Timestamp("2025-03-09", tz="UTC")


def test_a_day_whose_last_hour_is_known_is_over() -> None:
    (part,) = partitions({1: extent(pd.Timestamp("2025-03-09T23:00", tz="UTC"))}, Granularity.DAY, size=10)
    assert part.cut_off == pd.Timestamp("2025-03-09", tz="UTC")


def test_hours_are_forecast_by_the_month_from_the_last_month_that_is_over() -> None:
    (part,) = partitions({1: extent(NEWEST)}, Granularity.MONTH, size=10)
    assert part.cut_off == pd.Timestamp("2025-02-01", tz="UTC")


def test_a_series_on_a_coarser_grid_than_asked_for_is_left_out() -> None:
    daily = extent(pd.Timestamp("2025-03-09", tz="UTC"), Granularity.DAY)
    assert partitions({1: daily}, Granularity.HOUR, size=10) == ()


def test_weeks_that_start_on_different_weekdays_are_not_put_on_one_grid() -> None:
    monday, sunday = pd.Timestamp("2025-03-10", tz="UTC"), pd.Timestamp("2025-03-09", tz="UTC")
    made = partitions({1: extent(monday, Granularity.WEEK), 2: extent(sunday, Granularity.WEEK)}, Granularity.WEEK, 9)
    assert {part.series_ids: part.cut_off for part in made} == {(1,): monday, (2,): sunday}


def test_months_are_late_by_months_whatever_their_length() -> None:
    for newest, before in (("2025-03-01", "2025-02-01"), ("2025-02-01", "2025-01-01"), ("2025-01-01", "2024-12-01")):
        ends = [extent(pd.Timestamp(end, tz="UTC"), Granularity.MONTH) for end in (newest, before)]
        (part,) = partitions(dict(enumerate(ends)), Granularity.MONTH, size=10)
        assert part.series_ids == (0, 1)


def test_a_series_whose_first_day_is_not_over_is_not_forecast_by_the_day() -> None:
    today = Extent(Granularity.HOUR, NEWEST - pd.Timedelta(hours=4), NEWEST, 5)
    yesterday = Extent(Granularity.HOUR, NEWEST - pd.Timedelta(hours=30), NEWEST, 31)
    assert partitions({1: today, 2: yesterday}, Granularity.DAY, size=10) == ()
    assert len(partitions({1: today, 2: yesterday}, Granularity.HOUR, size=10)) == 1


def test_a_month_of_weeks_is_whole_when_the_next_one_has_begun() -> None:
    weeks = Extent(Granularity.WEEK, pd.Timestamp("2024-01-01", tz="UTC"), pd.Timestamp("2025-01-27", tz="UTC"), 57)
    (part,) = partitions({1: weeks}, Granularity.MONTH, size=10)
    assert part.cut_off == pd.Timestamp("2025-01-01", tz="UTC")


def test_nothing_makes_no_partition() -> None:
    assert partitions({}, Granularity.HOUR, size=10) == ()
