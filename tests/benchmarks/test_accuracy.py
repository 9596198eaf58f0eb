from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from benchmarks import accuracy, scoring, totals
from benchmarks.methods import Method, methods
from benchmarks.windows import DATA, Task, tasks
from demand.calendar import Granularity

NAIVE = Method("members", "seasonal_naive", (Granularity.HOUR,))
KEPT = sorted(path for path in accuracy.RESULTS.glob("*/*.csv") if path.parent.name != "totals")


def test_a_method_is_scored_on_every_window_of_a_task(data: Path, task: Task) -> None:
    rows, joint = accuracy.score_task(NAIVE, task, data)
    assert rows["origin"].tolist() == [f"2025-01-08T{hour}:00:00Z" for hour in (22, 12, 23, 13)]
    assert rows["rel_sql"].tolist() == pytest.approx([1.0] * 4, abs=0.01)
    assert joint.empty


def test_a_preset_is_scored_on_totals_too(data: Path, task: Task) -> None:
    rows, joint = accuracy.score_task(methods()[0], replace(task, origins=1), data)
    assert len(rows) == len(joint) == 2
    assert joint["group"].unique().tolist() == ["pair"]


@pytest.mark.parametrize("path", KEPT, ids=str)
def test_what_is_kept_has_the_columns_and_sets_of_the_tasks(path: Path) -> None:
    kept = pd.read_csv(path)
    assert list(kept.columns) == scoring.COLUMNS
    assert f"{path.parent.name}/{path.stem}" in {str(method) for method in methods()}
    (method,) = (each for each in methods() if str(each) == f"{path.parent.name}/{path.stem}")
    assert set(kept["set"]) == {task.name for task in tasks() if task.granularity in method.granularities}


def test_what_is_kept_of_totals_has_their_columns() -> None:
    kept = sorted((accuracy.RESULTS / "totals").glob("*.csv"))
    assert [path for path in kept if list(pd.read_csv(path).columns) != totals.COLUMNS] == []


REFERENCE = {
    "prophet": (0.779, 1.396, 1.141, 1.123),
    "ets": (1.658, 0.879, 1.057, 0.815),
    "theta": (1.384, 0.729, 1.617, 0.894),
    "mstl": (1.167, 0.958, 0.771, None),
    "ces": (0.962, 0.682, 0.914, 0.805),
    "arima": (None, None, None, 0.786),
    "flair": (0.587, 1.639, 1.201, 1.371),
    "fracast": (0.546, 0.480, 1.024, 0.794),
}
"""Losses that were measured elsewhere by the same protocol on the same files, in the order of the tasks."""


@pytest.mark.parametrize("peer", REFERENCE)
def test_the_losses_of_the_peers_are_found_again(peer: str) -> None:
    found = scoring.summary(pd.read_csv(accuracy.RESULTS / "peers" / f"{peer}.csv"))["rel_sql"]
    for task, expected in zip(tasks(), REFERENCE[peer], strict=True):
        if expected is not None:
            assert found[task.name] == pytest.approx(expected, rel=0.02), task.name


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared real series are not there")
def test_every_file_of_the_tasks_is_there() -> None:
    assert [file for task in tasks() for file in task.files if not (DATA / f"{file}.csv.gz").exists()] == []
