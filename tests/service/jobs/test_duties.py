import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.jobs.duties import Duties, Duty
from service.settings import Settings
from service.store.engine import Store
from service.worker import Worker
from tests.service.jobs.waiting import until


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 5, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Record:
    """Notes when it was called."""

    def __init__(self) -> None:
        self.times: list[datetime] = []

    def __call__(self, store: Store, now: datetime) -> None:
        self.times.append(now)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def on_clock(store_url: str, clock: Callable[[], datetime]) -> Iterator[Store]:
    store = Store(store_url, clock=clock)
    with store.begin() as unit:
        for worker_id in ("east", "west"):
            unit.workers.beat(worker_id, "host", 1, store.now())
    yield store
    store.close()


def test_a_duty_is_done_when_it_is_due_by_whoever_looks_first(on_clock: Store, clock: Clock) -> None:
    record = Record()
    duty = Duty("tidying", 60.0, record)
    east, west = Duties(on_clock, "east", [duty]), Duties(on_clock, "west", [duty])
    assert [east.attend(duty), west.attend(duty), east.attend(duty)] == [True, False, False]
    clock.now += timedelta(minutes=1)
    assert [west.attend(duty), east.attend(duty)] == [True, False]
    assert record.times == [clock.now - timedelta(minutes=1), clock.now]


def test_nobody_else_is_at_a_duty_meanwhile(on_clock: Store, clock: Clock) -> None:
    tried: list[bool] = []

    def act(store: Store, now: datetime) -> None:
        clock.now += timedelta(minutes=5)
        tried.append(Duties(store, "west", []).attend(duty))

    duty = Duty("tidying", 60.0, act)
    assert Duties(on_clock, "east", []).attend(duty)
    assert tried == [False]


def test_a_duty_that_fails_is_logged_and_done_again_at_its_next_time(
    on_clock: Store, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    def act(store: Store, now: datetime) -> None:
        raise ValueError("nothing to tidy")

    duty = Duty("tidying", 60.0, act)
    duties = Duties(on_clock, "east", [duty])
    with caplog.at_level(logging.WARNING):
        assert [duties.attend(duty), duties.attend(duty)] == [True, False]
    assert "tidying failed" in caplog.text
    assert "nothing to tidy" in caplog.text
    clock.now += timedelta(minutes=1)
    assert duties.attend(duty)


def test_a_clock_that_goes_back_delays_a_duty_by_one_interval_at_most(on_clock: Store, clock: Clock) -> None:
    record = Record()
    duty = Duty("tidying", 60.0, record)
    duties = Duties(on_clock, "east", [duty])
    duties.attend(duty)
    clock.now -= timedelta(hours=3)
    assert not duties.attend(duty)
    clock.now += timedelta(minutes=1)
    assert duties.attend(duty)


def test_a_duty_that_hangs_holds_up_neither_another_nor_the_stop(store: Store) -> None:
    free, done = threading.Event(), threading.Event()
    listed = [
        Duty("hanging", 1.0, lambda _store, _now: free.wait(60) and None),
        Duty("going on", 1.0, lambda _store, _now: done.set()),
    ]
    duties = Duties(store, "east", listed)
    duties.start()
    assert done.wait(30)
    duties.stop()
    assert any(thread.name == "hanging" for thread in threading.enumerate())
    free.set()
    until(lambda: not any(thread.name == "hanging" for thread in threading.enumerate()), "the duty has ended")


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_worker_does_its_duties(store: Store, settings: Settings, tmp_path: Path) -> None:
    def names() -> set[str]:
        with store.read() as unit:
            return {record.name for record in unit.duties.find()}

    with Worker(settings):
        until(lambda: "the scores of published forecasts" in names(), "forecasts are scored")
