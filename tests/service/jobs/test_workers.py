import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.jobs.workers import SILENT_SECONDS, STUCK_SECONDS, Silence, exists, host_name, is_alive
from service.store.workers import Worker

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ELSEWHERE = Worker("elsewhere", "another-host", 17, NOW, NOW)
NEIGHBOUR = Worker("neighbour", host_name(), os.getppid(), NOW, NOW)


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def later(worker: Worker, seconds: float) -> Worker:
    return replace(worker, beat_at=worker.beat_at + timedelta(seconds=seconds))


@pytest.fixture
def ended_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_worker_elsewhere_is_silent_once_its_beat_has_stood_still_long_enough() -> None:
    clock = Clock()
    silence = Silence("me", clock)
    assert silence.among([ELSEWHERE]) == set()
    clock.seconds += SILENT_SECONDS - 0.1
    assert silence.among([ELSEWHERE]) == set()
    clock.seconds += 0.1
    assert silence.among([ELSEWHERE]) == {"elsewhere"}


def test_a_worker_that_beats_is_not_silent_however_wrong_its_clock() -> None:
    clock = Clock()
    silence = Silence("me", clock)
    behind = later(ELSEWHERE, -3600)
    for beat in range(20):
        assert silence.among([later(behind, 2 * beat)]) == set()
        clock.seconds += SILENT_SECONDS - 0.1


def test_a_worker_that_was_silent_and_beats_again_is_not_silent_any_more() -> None:
    clock = Clock()
    silence = Silence("me", clock)
    silence.among([ELSEWHERE])
    clock.seconds += SILENT_SECONDS
    assert silence.among([later(ELSEWHERE, 11)]) == set()


def test_a_worker_of_this_machine_whose_process_is_gone_is_silent_at_once(ended_pid: int) -> None:
    assert Silence("me", Clock()).among([replace(NEIGHBOUR, pid=ended_pid)]) == {"neighbour"}


def test_a_worker_that_had_this_process_number_before_is_gone() -> None:
    mine = Worker("me", host_name(), os.getpid(), NOW, NOW)
    assert Silence("me", Clock()).among([mine, replace(mine, id="my predecessor")]) == {"my predecessor"}


def test_a_living_process_of_this_machine_may_wait_longer_for_its_next_beat() -> None:
    clock = Clock()
    silence = Silence("me", clock)
    silence.among([NEIGHBOUR])
    clock.seconds += STUCK_SECONDS - 0.1
    assert silence.among([NEIGHBOUR]) == set()
    clock.seconds += 0.1
    assert silence.among([NEIGHBOUR]) == {"neighbour"}


def test_the_watcher_is_never_silent() -> None:
    clock = Clock()
    silence = Silence("elsewhere", clock)
    silence.among([ELSEWHERE])
    clock.seconds += 10 * STUCK_SECONDS
    assert silence.among([ELSEWHERE]) == set()


def test_a_process_exists_until_it_has_ended(ended_pid: int) -> None:
    assert exists(os.getpid())
    assert not exists(ended_pid)


def test_a_worker_counts_as_alive_by_its_beat_and_by_its_process(ended_pid: int) -> None:
    soon, late = NOW + timedelta(seconds=SILENT_SECONDS - 1), NOW + timedelta(seconds=SILENT_SECONDS)
    assert is_alive(ELSEWHERE, soon)
    assert not is_alive(ELSEWHERE, late)
    assert is_alive(NEIGHBOUR, late)
    assert not is_alive(NEIGHBOUR, NOW + timedelta(seconds=STUCK_SECONDS))
    assert not is_alive(replace(NEIGHBOUR, pid=ended_pid), NOW)
