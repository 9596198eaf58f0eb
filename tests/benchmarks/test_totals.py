import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.totals import COLUMNS, energy_score, score_total, summary, variogram_score
from benchmarks.windows import Task, Window, windows
from demand.history import FloatArray, Panel
from demand.series import SeriesKey


def test_the_energy_score_is_that_of_brute_force() -> None:
    rng = np.random.default_rng(1)
    paths, actual = rng.normal(size=(12, 5)), rng.normal(size=5)
    near = np.mean([np.linalg.norm(path - actual) for path in paths])
    apart = np.mean([np.linalg.norm(one - other) for one, other in itertools.product(paths, paths)])
    assert energy_score(paths, actual) == pytest.approx(near - apart / 2)


def test_the_variogram_score_is_that_of_brute_force() -> None:
    rng = np.random.default_rng(2)
    paths, actual = rng.normal(size=(12, 5)), rng.normal(size=5)
    pairs = list(itertools.combinations(range(5), 2))
    off = [abs(actual[i] - actual[j]) ** 0.5 - np.mean(np.abs(paths[:, i] - paths[:, j]) ** 0.5) for i, j in pairs]
    assert variogram_score(paths, actual) == pytest.approx(np.mean(np.square(off)))


def twins(rng: np.random.Generator, n_paths: int, horizon: int) -> FloatArray:
    """Paths of two series that are the same walk."""
    walk = 50 + rng.normal(size=(n_paths, horizon)).cumsum(axis=1)
    return np.stack([walk, walk + 0.1 * rng.normal(size=walk.shape)])


@pytest.fixture
def window(data: Path, task: Task) -> Window:
    """Two series that move as one, whose future is drawn as their paths are."""
    like = next(iter(windows(task, data)))
    rng = np.random.default_rng(3)
    history = Panel(
        (SeriesKey(tenant="a"), SeriesKey(tenant="b")),
        ("accelerators",) * 2,
        like.history.granularity,
        like.history.start,
        rng.normal(50, 1, size=(2, 100)),
    )
    return Window(task, history, twins(rng, 1, 10)[:, 0], "pair")


def test_paths_that_vary_as_demand_does_score_better_than_independent_ones(window: Window) -> None:
    row = score_total(window, twins(np.random.default_rng(5), 400, 10), seed=0)
    assert list(row) == COLUMNS
    for score in ("energy", "variogram"):
        assert row[f"{score}_joint"] < row[f"{score}_apart"]
        assert row[f"{score}_joint"] < row[f"{score}_independent"]


def test_the_band_of_a_total_is_that_of_the_sums(window: Window) -> None:
    total = window.actual.sum(axis=0)
    around = np.stack([window.actual + shift for shift in np.linspace(-1, 1, 101)], axis=1)
    assert score_total(window, around, seed=0)["cover80"] == 1.0
    above = around + (2.0 - 1.59) / 2 + 1e-6 + 0.6
    assert (np.quantile(above.sum(axis=0), 0.1, axis=0) > total).all()
    assert score_total(window, above, seed=0)["cover80"] == 0.0


def test_the_marginals_of_the_compared_paths_are_the_same(window: Window) -> None:
    paths = twins(np.random.default_rng(6), 50, 10)
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(np.sort(rng.permuted(paths, axis=1), axis=1), np.sort(paths, axis=1))


def test_a_group_is_summed_up_by_its_means() -> None:
    results = pd.DataFrame({"group": ["a", "a"], "origin": ["x", "y"], "cover80": [0.7, 0.9]})
    assert summary(results).loc["a", "cover80"] == pytest.approx(0.8)
