from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import accuracy
from demand.calendar import Granularity
from demand.history import Panel
from forecasting.catalogue import catalogue
from forecasting.quantiles import QuantileForecast

DATA = Path(__file__).parents[2].parent / "shared" / "data"
real_data = pytest.mark.skipif(not DATA.is_dir(), reason="the shared real series are not there")


def level(hour: int) -> float:
    return 10 + hour % 24 + hour / 100


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two series that end an hour apart, one of them with a gap."""
    start = pd.Timestamp("2025-01-01", tz="UTC")
    rows = [
        (f"{start + pd.Timedelta(hours=hour)}", "p", "", "", "training", tenant, "accelerators", level(hour))
        for tenant, hours in (("one", 200), ("two", 201))
        for hour in range(hours)
        if (tenant, hour) != ("two", 50)
    ]
    columns = ["timestamp", "provider", "region", "accelerator", "workload", "tenant", "unit", "value"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "pair.csv.gz", index=False)
    return tmp_path


TASK = accuracy.Task("pair", ("pair",), Granularity.HOUR, season=24, horizon=10, origins=2, context=100)


def test_windows_end_one_horizon_apart_where_each_series_ends(data: Path) -> None:
    made = list(accuracy.windows(TASK, data))
    ends = [(window.history.keys[0].tenant, window.history.end.strftime("%m-%d %H")) for window in made]
    assert ends == [("one", "01-08 22"), ("one", "01-08 12"), ("two", "01-08 23"), ("two", "01-08 13")]
    assert {window.history.n_steps for window in made} == {100}
    np.testing.assert_allclose(made[0].actual[0], [level(hour) for hour in range(190, 200)])


def test_the_naive_is_one_and_a_method_that_knows_the_future_is_nearly_nothing(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (window, *_) = accuracy.windows(TASK, data)

    def oracle(panel: Panel, horizon: int, levels: list[float], seed: int) -> QuantileForecast:
        return QuantileForecast(tuple(levels), np.repeat(window.actual[..., None], len(levels), axis=-1))

    monkeypatch.setitem(accuracy.METHODS, "oracle", oracle)
    assert accuracy.score("seasonal_naive", window)["rel_sql"].tolist() == [1.0]
    known = accuracy.score("oracle", window)
    assert known["rel_sql"].tolist() == [accuracy.PERFECT]
    assert known["cover80"].tolist() == [1.0]
    assert list(known.columns) == accuracy.COLUMNS


def test_a_series_that_a_method_leaves_out_is_given_the_naive(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(panel: Panel, horizon: int, levels: list[float], seed: int) -> QuantileForecast:
        return QuantileForecast(tuple(levels), np.full((panel.n_series, horizon, len(levels)), np.nan))

    monkeypatch.setitem(accuracy.METHODS, "silent", silent)
    (window, *_) = accuracy.windows(TASK, data)
    assert accuracy.score("silent", window)["rel_sql"].tolist() == [1.0]


def test_a_set_is_summed_up_by_the_geometric_mean() -> None:
    results = pd.DataFrame({"set": "a", "rel_sql": [0.5, 2.0, np.nan], "cover80": [0.7, 0.8, 0.9], "seconds": 1.0})
    assert accuracy.summary(results).loc["a"].tolist() == pytest.approx([1.0, 0.8, 1.0])


def test_where_the_naive_is_perfect_there_is_no_relative_loss() -> None:
    np.testing.assert_array_equal(accuracy.relative(np.array([1.0, 0.0]), np.array([0.0, 2.0])), [np.nan, 1e-3])


def test_what_is_kept_has_the_columns_and_sets_of_the_tasks() -> None:
    sets = {task.name for task in accuracy.tasks()}
    names = {each.name for granularity in Granularity for each in catalogue(granularity)} | set(accuracy.METHODS)
    for path in accuracy.RESULTS.glob("*.csv"):
        kept = pd.read_csv(path)
        assert list(kept.columns) == accuracy.COLUMNS
        assert set(kept["set"]) <= sets
        assert path.stem in names


def test_the_published_loss_of_automatic_arima_on_weekly_m4_is_found_again() -> None:
    kept = pd.read_csv(accuracy.RESULTS / "arima.csv")
    assert accuracy.summary(kept).loc["m4-weekly", "rel_sql"] == pytest.approx(0.786, abs=0.002)


@real_data
def test_the_kept_losses_of_the_naive_are_those_of_the_real_series() -> None:
    task = next(each for each in accuracy.tasks() if each.name == "openb+dlrm")
    made = pd.concat([accuracy.score("seasonal_naive", window) for window in accuracy.windows(task, DATA)])
    kept = pd.read_csv(accuracy.RESULTS / "seasonal_naive.csv").query("set == 'openb+dlrm'")
    np.testing.assert_allclose(made["sql"].to_numpy(), kept["sql"].to_numpy(), rtol=1e-4)
