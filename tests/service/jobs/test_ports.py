import threading
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.exc import IntegrityError

from demand.calendar import Granularity
from demand.errors import Unavailable
from demand.history import Panel
from demand.series import SeriesKey
from forecasting.dependence import ErrorMemory
from forecasting.quantiles import GRID
from service.jobs.ports import PublishedForecasts, Report, StoredForecasts, ending_at
from service.jobs.workflows import Stopping
from service.store.engine import Store
from service.store.run import SeriesOutcome, SeriesState
from tests.service.jobs.fleet import EVERYTHING, START, ask, ingest
from training.ports import Partition, SeriesForecast
from training.recipe import Choice, Recipe

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


def forecast(series_id: int, choice: Choice) -> SeriesForecast:
    memory = ErrorMemory(np.zeros(3, dtype=np.float32), 0.5)
    return SeriesForecast(series_id, START, np.ones((24, 23)), memory, choice)


def test_what_became_of_every_series_is_kept_with_the_forecasts_and_once(store: Store) -> None:
    ingest(store, 4)
    run = ask(store)
    told = Choice("theta", warnings=("short history",))
    served = replace(told, served_by="naive", fallback_reason="it failed")
    with store.begin() as unit:
        ids = [series.id for series in unit.series.find(EVERYTHING)]
        unit.runs.start(run.id, as_of=None, at=datetime.now(UTC))
        unit.runs.plan(run.id, [Partition(tuple(ids), Granularity.HOUR, START)])
    sink = StoredForecasts(store, run.id)
    for _ in range(2):
        sink.save([forecast(ids[0], told), forecast(ids[1], served)], {ids[2]: "nothing is known", ids[3]: "odd"})
        with store.read() as unit:
            outcomes = [each.outcome for each in unit.runs.outcomes(run.id)]
        assert outcomes == [
            SeriesOutcome(ids[0], SeriesState.DONE, told, "short history"),
            SeriesOutcome(ids[1], SeriesState.FALLBACK, served, "short history; naive in place of theta: it failed"),
            SeriesOutcome(ids[2], SeriesState.SKIPPED, None, "nothing is known"),
            SeriesOutcome(ids[3], SeriesState.SKIPPED, None, "odd"),
        ]


def test_forecasts_that_are_refused_leave_nothing_of_what_came_with_them(store: Store) -> None:
    ingest(store, 1)
    run = ask(store)
    unplanned = [forecast(1, Choice("theta"))]
    with pytest.raises(IntegrityError):
        StoredForecasts(store, run.id).save(unplanned, {1: "nothing is known"})
    with store.read() as unit:
        assert unit.runs.outcomes(run.id) == []


def test_what_is_known_is_of_the_series_of_the_partition_that_have_a_published_forecast(store: Store) -> None:
    ingest(store, 3)
    run = ask(store)
    with store.begin() as unit:
        ids = [series.id for series in unit.series.find(EVERYTHING)]
        unit.runs.start(run.id, as_of=None, at=datetime.now(UTC))
        unit.runs.plan(run.id, [Partition(tuple(ids), Granularity.HOUR, START)])
    choice = Choice("ensemble", weights={"profile": (0.25, 0.75)})
    StoredForecasts(store, run.id).save([forecast(ids[0], choice), forecast(ids[1], choice)], {ids[2]: "odd"})
    served = PublishedForecasts(store)
    asked = Partition((ids[1], ids[2]), Granularity.HOUR, START)
    assert served.known(asked) == {}
    with store.begin() as unit:
        recipe = Recipe(Granularity.HOUR, 24, GRID, 7, None, ("profile",), ("f00d",), {})
        unit.runs.publish(run.id, recipe, datetime.now(UTC))
    (known,) = served.known(asked).values()
    assert served.known(asked).keys() == {ids[1]}
    assert known.choice == choice
    assert [(each.start, each.quantiles.shape) for each in known.issued] == [(START, (24, len(GRID)))]


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
