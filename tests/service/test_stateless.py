from collections.abc import Iterable

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity, buckets
from demand.errors import Invalid
from demand.tidy import Batch, check_rows
from service.stateless import Question, answer, read_history
from training.pipeline import TrainingSettings, silent

NOW = pd.Timestamp("2026-01-01", tz="UTC")
SETTINGS = TrainingSettings(horizon=3, seed=1, models=("seasonal_naive",))
BY_DAY = Question((0.5,), Granularity.DAY)
START = pd.Timestamp("2025-01-06", tz="UTC")


def rows(
    tenant: str, values: Iterable[float], granularity: Granularity = Granularity.HOUR, start: pd.Timestamp = START
) -> pd.DataFrame:
    numbers = list(values)
    stamps = buckets(start, len(numbers), granularity)
    return pd.DataFrame({"timestamp": stamps, "tenant": tenant, "value": numbers})


def batch(*parts: pd.DataFrame) -> list[Batch]:
    frame = pd.concat(parts, ignore_index=True)
    return [check_rows(frame.assign(line=range(2, len(frame) + 2)), now=NOW)]


def table(*parts: pd.DataFrame, width: Granularity | None = None) -> pd.DataFrame:
    return answer(read_history(batch(*parts)), SETTINGS, Question((0.1, 0.5, 0.9), width), silent).table


def test_there_is_one_row_per_series_and_step_with_key_columns_mean_and_quantiles() -> None:
    made = table(rows("a", range(48)), rows("b", range(48)))
    assert list(made.columns) == [
        *("provider", "region", "accelerator", "workload", "stage", "tenant", "unit", "timestamp", "mean"),
        *("q0.1", "q0.5", "q0.9", "model", "warnings"),
    ]
    assert list(zip(made["tenant"], made["timestamp"], strict=True)) == [
        (tenant, START + pd.Timedelta(hours=48 + step)) for tenant in "ab" for step in range(3)
    ]


def test_a_season_that_repeats_is_repeated_and_its_mean_is_its_middle() -> None:
    day = 100 + 10 * np.sin(2 * np.pi * np.arange(24) / 24)
    made = table(rows("a", np.tile(day, 10)))
    np.testing.assert_allclose(made["q0.5"], day[:3])
    np.testing.assert_allclose(made["mean"], day[:3])


@pytest.mark.parametrize(
    ("granularity", "start"),
    [
        (Granularity.DAY, "2025-01-06"),
        (Granularity.WEEK, "2024-01-07"),
        (Granularity.MONTH, "2023-01-01"),
    ],
)
def test_the_grid_of_a_series_is_inferred(granularity: Granularity, start: str) -> None:
    first = pd.Timestamp(start, tz="UTC")
    made = table(rows("a", np.arange(30.0) + 5, granularity, first))
    assert list(made["timestamp"]) == list(buckets(first, 33, granularity)[30:])


def test_hours_are_averaged_where_days_are_asked_for() -> None:
    made = table(rows("a", np.repeat(np.arange(10.0), 24)), width=Granularity.DAY)
    assert list(made["timestamp"]) == list(buckets(START + pd.Timedelta(days=10), 3, Granularity.DAY))
    assert made["q0.5"].tolist() == [3.0, 4.0, 5.0]


def test_days_cannot_be_forecast_by_the_hour() -> None:
    with pytest.raises(Invalid, match="known by the day"):
        table(rows("a", range(30), Granularity.DAY), width=Granularity.HOUR)


def test_a_series_with_few_timestamps_takes_the_grid_of_the_others() -> None:
    sparse = pd.DataFrame({"timestamp": [START, START + pd.Timedelta(days=1)], "tenant": "new", "value": [1.0, 2.0]})
    made = table(rows("a", range(48)), sparse)
    assert made[made["tenant"] == "new"]["timestamp"].diff().dropna().unique().tolist() == [pd.Timedelta(hours=1)]


def test_a_single_observation_alone_asks_for_more() -> None:
    with pytest.raises(Invalid, match="two timestamps"):
        table(rows("a", [1.0]))


def test_a_series_whose_first_day_is_not_over_is_named_and_the_others_are_forecast() -> None:
    young = rows("young", range(5), start=START + pd.Timedelta(days=10))
    made = answer(read_history(batch(rows("a", range(240)), young)), SETTINGS, BY_DAY, silent)
    assert set(made.table["tenant"]) == {"a"}
    assert {key.tenant: reason for key, reason in made.left_out.items()} == {
        "young": "its history holds no whole day yet"
    }


def test_a_sparse_series_is_left_out_where_no_day_of_it_is_known() -> None:
    stamps = pd.date_range(START, periods=40, freq="9h")
    sparse = pd.DataFrame({"timestamp": stamps, "tenant": "sparse", "value": 1.0})
    made = answer(read_history(batch(rows("a", range(240)), sparse)), SETTINGS, BY_DAY, silent)
    assert "no observation" in next(iter(made.left_out.values()))
    with pytest.raises(Invalid, match="no series can be forecast"):
        answer(read_history(batch(sparse)), SETTINGS, BY_DAY, silent)


def test_series_that_end_at_different_times_are_forecast_from_their_own_ends() -> None:
    late = rows("late", range(48), start=START + pd.Timedelta(days=30))
    made = table(rows("early", range(48)), late)
    starts = made.groupby("tenant")["timestamp"].min()
    assert starts["early"] == START + pd.Timedelta(hours=48)
    assert starts["late"] == START + pd.Timedelta(days=30, hours=48)


def test_weekly_series_on_different_weekdays_are_told_apart() -> None:
    sunday, monday = pd.Timestamp("2024-01-07", tz="UTC"), pd.Timestamp("2024-01-08", tz="UTC")
    made = table(
        rows("s", np.arange(30.0), Granularity.WEEK, sunday), rows("m", np.arange(30.0), Granularity.WEEK, monday)
    )
    weekdays = set(zip(made["tenant"], made["timestamp"].dt.weekday, strict=True))
    assert weekdays == {("s", 6), ("m", 0)}


def test_rows_that_repeat_and_agree_are_one() -> None:
    made = table(rows("a", range(48)), rows("a", range(48)))
    assert len(made) == 3


def test_rows_that_disagree_are_refused_with_both_lines() -> None:
    changed = rows("a", [7.0])
    with pytest.raises(Invalid, match=r"line 50: value '7\.0' disagrees with 0\.0 in line 2"):
        table(rows("a", range(48)), changed)


def test_two_units_in_one_series_are_refused() -> None:
    second = rows("a", [1.0], start=START + pd.Timedelta(hours=48)).assign(unit="megawatts")
    with pytest.raises(Invalid, match="megawatts"):
        table(rows("a", range(48)).assign(unit="accelerators"), second)


def test_bad_rows_are_refused_by_line_and_not_all_of_many_are_shown() -> None:
    with pytest.raises(Invalid, match=r"25 rows cannot be used(.|\n)*line 2: value '-1.0' is negative(.|\n)*15 more"):
        table(rows("a", [-1.0] * 25))


def test_a_short_history_is_forecast_by_the_naive_with_the_reason() -> None:
    made = table(rows("a", [1.0, 2.0, 3.0]))
    assert made["model"].tolist() == ["seasonal_naive"] * 3
    assert made["warnings"].str.contains("too short").all()
