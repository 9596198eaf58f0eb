import os
import signal
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from service.jobs.supervisor import WorkerSupervisor
from service.settings import Settings
from service.store.engine import Store
from tests.service.conftest import ROOT, Start
from tests.service.jobs.waiting import until

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _from_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def beating(store: Store) -> list[int]:
    with store.read() as unit:
        return [worker.pid for worker in unit.workers.alive(datetime.fromtimestamp(0, UTC))]


def test_a_worker_that_is_killed_is_replaced_and_forgotten(store: Store, settings: Settings) -> None:
    with WorkerSupervisor(settings) as supervisor:
        until(lambda: len(beating(store)) == 1, "the worker is known")
        first = supervisor.pid
        assert first is not None
        assert beating(store) == [first]
        os.kill(first, signal.SIGKILL)
        until(lambda: beating(store) not in ([], [first]), "another worker is known in its place")
        assert beating(store) == [supervisor.pid]
    assert supervisor.pid is None
    assert beating(store) == []


def test_the_worker_ends_when_its_parent_is_killed(store: Store, settings: Settings, start: Start) -> None:
    program = """
import threading
from service.jobs.supervisor import WorkerSupervisor
from service.settings import Settings
WorkerSupervisor(Settings()).start()
threading.Event().wait()
"""
    parent = start("-c", program, env=os.environ | settings.environment())
    until(lambda: len(beating(store)) == 1, "the worker is known")
    (pid,) = beating(store)
    try:
        parent.kill()
        until(lambda: beating(store) == [], "the worker has ended")
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_a_supervisor_that_is_stopped_at_once_leaves_nothing(store: Store, settings: Settings) -> None:
    supervisor = WorkerSupervisor(settings)
    supervisor.start()
    supervisor.stop()
    assert supervisor.pid is None
    assert beating(store) == []
