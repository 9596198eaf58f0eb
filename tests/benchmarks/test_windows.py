from pathlib import Path

import numpy as np

from benchmarks.windows import HERE, Task, tasks, windows


def level(hour: int) -> float:
    return 10 + hour % 24 + hour / 100


def test_windows_end_one_horizon_apart_where_each_series_ends(data: Path, task: Task) -> None:
    made = list(windows(task, data))
    ends = [(window.history.keys[0].tenant, window.origin) for window in made]
    first, second = "2025-01-08T22:00:00Z", "2025-01-08T12:00:00Z"
    assert ends[:2] == [("one", first), ("one", second)]
    assert ends[2:] == [("two", "2025-01-08T23:00:00Z"), ("two", "2025-01-08T13:00:00Z")]
    assert {window.history.n_steps for window in made} == {100}
    np.testing.assert_allclose(made[0].actual[0], [level(hour) for hour in range(190, 200)])


def test_what_is_scored_begins_in_the_bucket_after_the_history(data: Path, task: Task) -> None:
    for window in windows(task, data):
        a_day_earlier = window.history.values[0, -24:][: task.horizon]
        np.testing.assert_allclose(window.actual[0], a_day_earlier + level(24) - level(0))


def test_every_total_is_of_a_file_of_its_task() -> None:
    listed = tasks(HERE / "tasks.yaml")
    assert {total for task in listed for total in task.totals} == {"pai-gpu-demand", "openb-split", "dlrm-inference"}
    assert all(set(task.totals) <= set(task.files) for task in listed)
