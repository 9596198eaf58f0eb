import threading

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.errors import Unavailable
from demand.history import Panel
from demand.series import SeriesKey
from service.jobs.ports import Report, ending_at
from service.jobs.workflows import Stopping

MONDAY = pd.Timestamp("2026-03-02", tz="UTC")


def panel(*values: float, granularity: Granularity = Granularity.HOUR) -> Panel:
    return Panel((SeriesKey(),), ("accelerators",), granularity, MONDAY, np.array([values], dtype=float))


class Clock:
    seconds = 50.0

    def __call__(self) -> float:
        return self.seconds


def test_a_history_that_ends_before_the_cut_off_is_missing_up_to_it() -> None:
    longer = ending_at(panel(1, 2, 3), MONDAY + pd.Timedelta(hours=4), context=4)
    assert longer.start == MONDAY + pd.Timedelta(hours=1)
    np.testing.assert_array_equal(longer.values, [[2, 3, np.nan, np.nan]])
    assert longer.end == MONDAY + pd.Timedelta(hours=5)


def test_a_history_that_goes_on_after_the_cut_off_ends_at_it() -> None:
    shorter = ending_at(panel(1, 2, 3, 4, 5), MONDAY + pd.Timedelta(hours=3), context=2)
    np.testing.assert_array_equal(shorter.values, [[3, 4]])
    assert shorter.end == MONDAY + pd.Timedelta(hours=4)


def test_a_history_shorter_than_the_context_is_taken_whole() -> None:
    days = panel(1, 2, 3, granularity=Granularity.DAY)
    same = ending_at(days, MONDAY + pd.Timedelta(days=2), context=100)
    assert same.start == MONDAY
    np.testing.assert_array_equal(same.values, days.values)


def test_progress_is_told_about_once_a_second() -> None:
    clock = Clock()
    told: list[tuple[str, int, int]] = []
    report = Report(lambda *progress: told.append(progress), threading.Event(), clock)
    for done in range(100):
        report("backtest", done, 100)
        clock.seconds += 0.125
    assert told == [("backtest", done, 100) for done in range(0, 100, 8)]


def test_work_that_has_to_stop_ends_at_the_next_progress() -> None:
    stopping = threading.Event()
    report = Report(lambda *_: None, stopping)
    report("backtest", 1, 2)
    stopping.set()
    with pytest.raises(Stopping):
        report("backtest", 2, 2)


def test_stopping_is_not_taken_for_a_failure() -> None:
    assert not issubclass(Stopping, Exception)


def test_progress_that_cannot_be_told_does_not_end_the_work(caplog: pytest.LogCaptureFixture) -> None:
    def tell(phase: str, done: int, total: int) -> None:
        raise Unavailable("the store is locked")

    Report(tell, threading.Event())("backtest", 1, 2)
    assert "the store is locked" in caplog.text
