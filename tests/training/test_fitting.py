import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from tests.service.jobs.waiting import until
from tests.training.models import Boundless, Constant, Crashing, Dying, Faulty, FleetMean, Following, Hanging
from tests.training.panels import daily_shape, panel
from training.fitting import CHUNK, NOT_FINITE, Fit, Fitted, Workers, cores, fits, forecasts_in

LEVELS = (0.1, 0.5, 0.9)
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(1) as workers:
        yield workers


def rising(n_series: int) -> np.ndarray:
    """Series that are 0, 1, 2, ... throughout."""
    return np.repeat(np.arange(float(n_series))[:, None], 48, axis=1)


def by_row(made: list[Fitted]) -> tuple[dict[int, float], dict[int, str]]:
    """The first number that was forecast for each row, and why there is none."""
    values = {row: each.values[at, 0, 0] for each in made for at, row in enumerate(each.fit.rows)}
    return values, {row: reason for each in made for row, reason in each.failures.items()}


def alive(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def children_of(workers: Workers) -> list[int]:
    assert workers._pool is not None
    return list(workers._pool._pool_manager.worker_manager.workers)


def test_third_party_models_are_given_a_few_series_at_once_and_every_series_once() -> None:
    history = panel(daily_shape(2 * CHUNK + 1, days=2, seed=1))
    work = list(fits(Constant("flat", 1.0, budget_seconds=1.0), history, range(history.n_series), 5, (0.5,)))
    assert [fit.history.n_series for fit in work] == [CHUNK, CHUNK, 1]
    assert [row for fit in work for row in fit.rows] == list(range(history.n_series))
    assert [fit.budget_seconds for fit in work] == [CHUNK, CHUNK, 1]
    assert forecasts_in(work) == forecasts_in(single for fit in work for single in fit.singles()) == 2 * CHUNK + 1


def test_models_of_our_own_are_given_all_series_at_once_and_no_budget() -> None:
    history = panel(daily_shape(2 * CHUNK + 1, days=2, seed=1))
    (fit,) = fits(Constant("flat", 1.0), history, [0, 5, 16], 5, (0.5,))
    assert (fit.rows, fit.keep, fit.budget_seconds) == ((0, 5, 16), (0, 1, 2), None)
    np.testing.assert_array_equal(fit.history.values, history.values[[0, 5, 16]])


def test_a_model_across_series_sees_all_of_them_and_forecasts_those_asked_for(workers: Workers) -> None:
    values = daily_shape(3, days=2, seed=2)
    (made,) = workers.run(fits(FleetMean(), panel(values), [2], 5, (0.5,)), 0)
    assert made.fit.rows == (2,)
    np.testing.assert_allclose(made.values, np.full((1, 5, 1), values.mean()))
    assert (made.failures, made.notes) == ({}, {})


def test_no_rows_are_no_work() -> None:
    history = panel(daily_shape(2, days=2, seed=3))
    assert list(fits(FleetMean(), history, [], 5, (0.5,))) == []
    assert list(fits(Constant("flat", 1.0), history, [], 5, (0.5,))) == []


def test_a_rolling_model_tells_what_it_saw_at_each_stop(workers: Workers) -> None:
    values = daily_shape(3, days=2, seed=4)
    fit = Fit(Following(), panel(values), (0, 2), (7, 9), 5, LEVELS, (30, 40))
    (made,) = workers.run([fit], 0)
    expected = values[[0, 2]][:, [29] * 5 + [39] * 5]
    np.testing.assert_array_equal(made.values, np.repeat(expected[..., None], 3, axis=2))


def test_a_crash_costs_the_series_of_that_piece_of_work_only_and_is_named(workers: Workers) -> None:
    history = panel(daily_shape(2, days=2, seed=4))
    work = [*fits(Crashing("crashing"), history, [1], 5, (0.5,)), *fits(Constant("flat", 7.0), history, [0], 5, (0.5,))]
    results = {made.fit.model.name: made for made in workers.run(work, 0)}
    assert results["crashing"].failures == {1: "RuntimeError: the matrix is singular"}
    assert np.isnan(results["crashing"].values).all()
    assert (results["flat"].values == 7.0).all()


@pytest.mark.parametrize("level", [np.nan, np.inf])
@pytest.mark.parametrize("budget", [None, 5.0])
def test_what_is_no_number_is_a_failure_of_that_series(workers: Workers, level: float, budget: float | None) -> None:
    (made,) = workers.run(fits(Boundless("odd", 0.0, budget, level=level), panel(rising(2)), [0, 1], 5, LEVELS), 0)
    assert made.failures == {1: NOT_FINITE}
    np.testing.assert_array_equal(np.isnan(made.values).all(axis=(1, 2)), [False, True])


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (Faulty("faulty", 2.0, 0.3), "RuntimeError: the matrix is singular"),
        (Hanging("hanging", 2.0, 0.3), r"it took longer than its 0.3 s"),
        (Dying("dying", 2.0, 0.3), "its process died with exit code 7"),
        (Boundless("boundless", 2.0, 0.3, level=np.inf), NOT_FINITE),
    ],
    ids=lambda each: getattr(each, "name", "told"),
)
def test_one_series_that_a_model_cannot_do_costs_none_of_its_neighbours(
    workers: Workers, monkeypatch: pytest.MonkeyPatch, model: Faulty, reason: str
) -> None:
    monkeypatch.setattr("training.fitting.START_SECONDS", 0.3)
    values, failures = by_row(list(workers.run(fits(model, panel(rising(4)), range(4), 5, LEVELS), 0)))
    assert failures == {3: reason}
    assert [values[row] for row in range(3)] == pytest.approx([99.2] * 3)
    assert np.isnan(values[3])


def test_processes_give_the_same_as_one() -> None:
    history = panel(daily_shape(CHUNK + 1, days=2, seed=5))
    outcomes = []
    for budget, jobs in ((None, 1), (9.0, 2)):
        model = Constant("flat", 7.0, budget_seconds=budget)
        with Workers(jobs) as workers:
            made = list(workers.run(fits(model, history, range(CHUNK + 1), 3, (0.1, 0.9)), 0))
        outcomes.append({row: each.values[at].tobytes() for each in made for at, row in enumerate(each.fit.rows)})
    assert outcomes[0] == outcomes[1]


def test_minus_one_is_one_process_per_core() -> None:
    assert cores(3) == 3
    assert cores(-1) == len(os.sched_getaffinity(0))


def test_processes_end_with_the_workers_whatever_they_are_at() -> None:
    workers = Workers(1)
    ended: list[BaseException] = []

    def work() -> None:
        try:
            list(workers.run(fits(Hanging("hanging", budget_seconds=600.0), panel(rising(1)), [0], 5, LEVELS), 0))
        except CancelledError as error:
            ended.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    until(lambda: workers._pool is not None and bool(children_of(workers)), "a process is at work")
    (child,) = children_of(workers)
    workers.close()
    thread.join(10)
    assert not thread.is_alive()
    assert len(ended) == 1
    assert not alive(child)
    with pytest.raises(CancelledError, match="have been ended"):
        list(workers.run(fits(Constant("flat", 1.0, budget_seconds=1.0), panel(rising(1)), [0], 5, LEVELS), 0))


def test_workers_that_lost_an_idle_process_go_on(workers: Workers) -> None:
    work = list(fits(Constant("flat", 1.0, budget_seconds=9.0), panel(rising(1)), [0], 5, LEVELS))
    list(workers.run(work, 0))
    pool = workers._pool
    assert pool is not None
    for child in children_of(workers):
        os.kill(child, 9)
    until(lambda: not pool.active, "the pool has noticed")
    ((made,),) = [list(workers.run(work, 0))]
    assert made.failures == {}


def test_a_process_ends_with_its_parent_even_if_that_is_killed_in_the_middle_of_a_fit() -> None:
    program = """
import threading
from tests.training.models import Hanging
from tests.training.test_fitting import LEVELS, children_of, panel, rising
from training.fitting import Workers, fits
workers = Workers(1)
work = fits(Hanging("hanging", budget_seconds=600.0), panel(rising(1)), [0], 5, LEVELS)
threading.Thread(target=lambda: list(workers.run(work, 0)), daemon=True).start()
while not (workers._pool and workers._pool._pool_manager.task_manager.tasks
           and all(task.started for task in workers._pool._pool_manager.task_manager.tasks.values())):
    pass
print(*children_of(workers), flush=True)
threading.Event().wait()
"""
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: not alive(child), "the process has ended")
