import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from benchmarks.accuracy import RESULTS
from benchmarks.exchange import Answer
from benchmarks.scoring import BELOW, COLUMNS, PERFECT, relative, reliability, score, summary
from benchmarks.windows import DATA, Task, Window, tasks, windows
from forecasting.quantiles import DECILES
from forecasting.seasonal_naive import SeasonalNaive

real_data = pytest.mark.skipif(not DATA.is_dir(), reason="the shared real series are not there")


@pytest.fixture
def window(data: Path, task: Task) -> Window:
    return next(iter(windows(task, data)))


def answer(window: Window, values: np.ndarray) -> Answer:
    return Answer(np.broadcast_to(values, (*window.actual.shape, len(DECILES))).astype(float), cpu_seconds=3.0)


def test_losses_and_coverage_are_those_of_brute_force(window: Window) -> None:
    rng = np.random.default_rng(4)
    quantiles = np.sort(rng.uniform(10, 40, size=(*window.actual.shape, 9)), axis=-1)
    (row,) = score(window, Answer(quantiles, cpu_seconds=3.0, peak_megabytes=50)).to_dict("records")
    history, season = window.history.values[0], 24
    scale = np.mean([abs(history[t] - history[t - season]) for t in range(season, len(history))])
    losses = []
    for step, tenth in itertools.product(range(10), range(9)):
        off = window.actual[0, step] - quantiles[0, step, tenth]
        losses.append(2 * max(DECILES[tenth] * off, (DECILES[tenth] - 1) * off) / scale)
    inside = [quantiles[0, step, 0] <= window.actual[0, step] <= quantiles[0, step, 8] for step in range(10)]
    assert row["sql"] == pytest.approx(np.mean(losses))
    assert row["cover80"] == pytest.approx(np.mean(inside))
    for tenth, column in enumerate(BELOW):
        assert row[column] == pytest.approx(np.mean([window.actual[0] <= quantiles[0, :, tenth]]))
    assert (row["cpu_seconds"], row["peak_mb"], row["left_out"]) == (3.0, 50, 0)


def test_the_naive_that_is_divided_by_repeats_the_last_day_with_gaussian_intervals(window: Window) -> None:
    history = window.history.values[0]
    spread = np.sqrt(np.mean((history[24:] - history[:-24]) ** 2))
    gaussian = np.array([[norm.ppf(q, history[-24 + step], spread) for q in DECILES] for step in range(10)])
    (row,) = score(window, answer(window, gaussian)).to_dict("records")
    assert row["rel_sql"] == pytest.approx(1.0)


def test_a_method_that_knows_the_future_has_nearly_no_loss(window: Window) -> None:
    known = score(window, answer(window, window.actual[..., None]))
    assert known["rel_sql"].tolist() == [PERFECT]
    assert known["cover80"].tolist() == [1.0]
    assert list(known.columns) == COLUMNS


def test_the_floored_loss_is_that_of_quantiles_raised_to_zero(window: Window) -> None:
    spread = np.linspace(-40.0, 60.0, 9)
    said = score(window, answer(window, spread))
    raised = score(window, answer(window, np.maximum(spread, 0.0)))
    assert said["rel_sql_floored"].tolist() == raised["rel_sql"].tolist()
    assert said["rel_sql"][0] > raised["rel_sql"][0]


def test_a_series_that_a_method_leaves_out_is_given_the_naive(window: Window) -> None:
    silent = score(window, answer(window, np.array(np.nan)))
    naive = SeasonalNaive().fit(window.history, seed=0).predict(10, DECILES)
    assert silent["sql"].tolist() == score(window, Answer(naive.values))["sql"].tolist()
    assert silent["left_out"].tolist() == [1]


def test_a_set_is_summed_up_by_the_geometric_mean_and_the_highest_memory() -> None:
    results = pd.DataFrame(
        {
            "set": "a",
            "rel_sql": [0.5, 2.0, np.nan],
            "rel_sql_floored": [0.25, 1.0, np.nan],
            "cover80": [0.7, 0.8, 0.9],
            "cpu_seconds": 1.0,
            "peak_mb": [5, 9, 7],
        }
    )
    assert summary(results).loc["a"].tolist() == pytest.approx([1.0, 0.5, 0.8, 1.0, 9])


def test_reliability_is_the_mean_share_below_each_decile() -> None:
    results = pd.DataFrame({"set": ["a", "a"]} | {column: [0.2, 0.4] for column in BELOW})
    assert reliability(results).loc["a"].tolist() == pytest.approx([0.3] * 9)
    assert list(reliability(results).columns) == list(DECILES)


def test_where_the_naive_is_perfect_there_is_no_relative_loss() -> None:
    np.testing.assert_array_equal(relative(np.array([1.0, 0.0]), np.array([0.0, 2.0])), [np.nan, PERFECT])


@real_data
def test_the_kept_losses_of_the_naive_are_those_of_the_real_series() -> None:
    task = next(each for each in tasks() if each.name == "openb+dlrm")
    naive = [
        (window, Answer(SeasonalNaive().fit(window.history, seed=0).predict(task.horizon, DECILES).values))
        for window in windows(task, DATA)
    ]
    made = pd.concat([score(*each) for each in naive])
    kept = pd.read_csv(RESULTS / "members" / "seasonal_naive.csv").query("set == 'openb+dlrm'")
    np.testing.assert_allclose(made["sql"].to_numpy(), kept["sql"].to_numpy(), rtol=1e-4)
