import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from demand.calendar import Granularity
from demand.series import Selection
from service.jobs.client import JobClient
from service.settings import Settings
from service.store.engine import Store
from service.store.run import PartitionState, Run, RunState, SeriesState
from tests.service.conftest import Start
from tests.service.jobs.fleet import ask, ingest, look
from tests.service.jobs.waiting import until

SERIES = 6
WORKER = ("-m", "service.worker")


def environment(settings: Settings) -> dict[str, str]:
    """Of a worker that trains every series in a partition of its own."""
    return os.environ | settings.model_copy(update={"partition_size": 1}).environment()


def pids(store: Store) -> set[int]:
    with store.read() as unit:
        return {worker.pid for worker in unit.workers.alive(datetime.fromtimestamp(0, UTC))}


def done(store: Store, run: Run) -> int:
    with store.read() as unit:
        return sum(part.state is PartitionState.DONE for part in unit.runs.partitions(run.id))


def served(store: Store) -> dict[int, tuple[str, bytes]]:
    with store.read() as unit:
        found = unit.forecasts.published(Selection(), Granularity.HOUR)
    return {each.series.id: (each.run_id, each.quantiles.tobytes()) for each in found}


def in_session(leader: int) -> list[str]:
    """The command lines of the living processes in a session."""
    columns = ["ps", "-o", "stat=,args=", "-s", str(leader)]
    found = subprocess.run(columns, check=False, capture_output=True, text=True).stdout.splitlines()
    return [line for line in found if line.strip() and not line.startswith("Z") and "resource_tracker" not in line]


@contextmanager
def writes_held_up(store: Store) -> Iterator[None]:
    """Lets no forecast be written meanwhile, so that a worker gets stuck in the middle of a partition."""
    with store.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("LOCK TABLE forecast IN ACCESS EXCLUSIVE MODE"))
        else:
            connection.execute(sa.text("UPDATE training_run SET phase = phase"))
        yield
        connection.rollback()


def run_and_kill(run: Run, store: Store, settings: Settings, start: Start) -> "subprocess.Popen[bytes]":
    """Carry out a run until a partition is done and the next is under way, and kill its worker there."""
    worker = start(*WORKER, env=environment(settings))
    until(lambda: done(store, run) >= 1, "a partition is done")
    with writes_held_up(store):
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    return worker


def test_a_run_whose_worker_is_killed_ends_well_once_there_is_another(
    store: Store, settings: Settings, start: Start
) -> None:
    ingest(store, SERIES)
    run = ask(store)
    killed = run_and_kill(run, store, settings, start)
    assert look(store, run.id).state is RunState.RUNNING
    assert 1 <= done(store, run) < SERIES
    assert served(store) == {}

    second = start(*WORKER, env=environment(settings))
    until(lambda: look(store, run.id).state.is_final, "the run has ended")

    assert look(store, run.id).error == ""
    assert pids(store) == {second.pid}, f"the killed worker {killed.pid} is forgotten"
    with store.read() as unit:
        outcomes = unit.runs.outcomes(run.id)
    assert [each.outcome.state for each in outcomes] == [SeriesState.DONE] * SERIES
    interrupted = served(store)
    assert {run_id for run_id, _ in interrupted.values()} == {run.id}

    undisturbed = ask(store)
    until(lambda: look(store, undisturbed.id).state.is_final, "a run without disturbance has ended")
    assert {number: quantiles for number, (_, quantiles) in interrupted.items()} == {
        number: quantiles for number, (_, quantiles) in served(store).items()
    }


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_worker_that_is_told_to_stop_gives_its_work_back(store: Store, settings: Settings, start: Start) -> None:
    ingest(store, SERIES)
    run = ask(store)
    first = start(*WORKER, env=environment(settings))
    until(lambda: done(store, run) >= 1, "a partition is done")
    first.terminate()
    assert first.wait(10) == 0
    assert pids(store) == set()
    with JobClient(settings) as jobs:
        assert jobs.held() == {}
    assert look(store, run.id).state is RunState.RUNNING

    second = start(*WORKER, env=environment(settings))
    until(lambda: look(store, run.id).state.is_final, "the run has ended")
    assert look(store, run.id).state is RunState.SUCCEEDED
    second.terminate()
    assert second.wait(10) == 0


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_worker_ends_with_its_parent(store: Store, settings: Settings, start: Start) -> None:
    worker = start(*WORKER, "--until-parent-ends", env=environment(settings), stdin=subprocess.PIPE)
    until(lambda: pids(store) == {worker.pid}, "the worker is known")
    assert worker.stdin is not None
    worker.stdin.close()
    assert worker.wait(10) == 0
    assert pids(store) == set()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://me:secret@host/name", "COMPUTECAST_DATABASE_URL: .*use sqlite"),
        ("postgresql://me:secret@host:port/name", "port"),
        ("postgresql://me:secret@127.0.0.1:1/name", "127.0.0.1:1/name is not available"),
    ],
)
def test_a_worker_that_cannot_start_says_why_in_words_and_without_the_password(
    start: Start, url: str, told: str
) -> None:
    worker = start(*WORKER, env=os.environ | {"COMPUTECAST_DATABASE_URL": url}, stderr=subprocess.PIPE)
    said = worker.communicate(timeout=40)[1].decode()
    assert worker.returncode == 1
    assert re.search(rf"error: .*{told}", said)
    assert "secret" not in said
    assert "Traceback" not in said


BUSY = """
import threading
from service.jobs import execution
from service.settings import Settings
from service.worker import run_worker
from tests.training.models import Hanging
from tests.training.panels import daily_shape, panel
from training.fitting import fits

def fit(workers):
    work = fits(Hanging("hanging", budget_seconds=3600.0), panel(daily_shape(1, days=2, seed=1)), [0], 5, (0.5,))
    list(workers.run(work, 0))

{endless}
execution.retrain = endless
run_worker(Settings())
"""
WAITING = """
def endless(partition, ports, settings, progress, workers):
    fit(workers)
"""
COMPUTING = """
def endless(partition, ports, settings, progress, workers):
    threading.Thread(target=fit, args=(workers,), daemon=True).start()
    threading.Event().wait()
"""


@pytest.mark.parametrize("endless", [WAITING, COMPUTING], ids=["waiting for a process", "computing by itself"])
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_training_that_does_not_heed_is_given_back_all_the_same_and_no_process_is_left(
    store: Store, settings: Settings, start: Start, endless: str
) -> None:
    ingest(store, 2)
    run = ask(store)
    program = BUSY.replace("{endless}", endless)
    worker = start("-c", program, env=environment(settings), start_new_session=True)
    until(lambda: len(in_session(worker.pid)) >= 3, "the worker and its processes are at work")
    worker.terminate()
    assert worker.wait(10) == 0
    until(lambda: in_session(worker.pid) == [], "the processes have ended")
    assert pids(store) == set()
    with JobClient(settings) as jobs:
        assert jobs.held() == {}
    assert look(store, run.id).state is RunState.RUNNING
