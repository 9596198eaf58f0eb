import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from service.jobs.client import JobClient
from service.jobs.database import connect, jobs_url
from service.jobs.takeover import LOST, Takeover
from service.jobs.workers import host_name
from service.settings import Settings
from service.store.engine import Store
from service.store.run import RunState
from tests.service.jobs.fleet import ask, look


class Recovery:
    """Notes whose work is put back."""

    def __init__(self) -> None:
        self.workers: list[str] = []

    def __call__(self, worker_ids: Sequence[str]) -> int:
        self.workers += worker_ids
        return len(worker_ids)


@pytest.fixture
def jobs(settings: Settings) -> Iterator[JobClient]:
    with JobClient(settings) as jobs:
        yield jobs


@pytest.fixture
def recovery() -> Recovery:
    return Recovery()


@pytest.fixture
def takeover(store: Store, jobs: JobClient, recovery: Recovery) -> Takeover:
    return Takeover(store, jobs, "me", recovery)


def beat(store: Store, worker_id: str, host: str, pid: int) -> None:
    with store.begin() as unit:
        unit.workers.beat(worker_id, host, pid, datetime.now(UTC))


def known(store: Store) -> set[str]:
    with store.read() as unit:
        return {worker.id for worker in unit.workers.alive(datetime.fromtimestamp(0, UTC))}


def hold(settings: Settings, run_id: str, worker_id: str) -> None:
    """Let a worker hold a run, as when it has just taken it."""
    engine = sa.create_engine(jobs_url(settings).replace("postgresql://", "postgresql+psycopg://"))
    table = "workflow_status" if settings.store_file else "dbos.workflow_status"
    statement = sa.text(f"UPDATE {table} SET status = 'PENDING', executor_id = :worker WHERE workflow_uuid = :run")
    with engine.begin() as connection:
        connection.execute(statement, {"worker": worker_id, "run": run_id})
    engine.dispose()


def test_a_run_that_the_queue_does_not_know_is_enqueued(takeover: Takeover, store: Store, jobs: JobClient) -> None:
    run = ask(store)
    takeover.look()
    assert jobs.states([run.id]) == {run.id: True}
    assert look(store, run.id).state is RunState.QUEUED


def test_a_run_whose_workflow_ended_unsaid_fails(
    takeover: Takeover, store: Store, jobs: JobClient, settings: Settings
) -> None:
    run = ask(store)
    jobs.enqueue(run.id)
    client = connect(settings)
    client.cancel_workflow(run.id)
    client.destroy()
    takeover.look()
    assert (look(store, run.id).state, look(store, run.id).error) == (RunState.FAILED, LOST)


def test_a_run_that_has_ended_is_not_enqueued(takeover: Takeover, store: Store, jobs: JobClient) -> None:
    run = ask(store)
    with store.begin() as unit:
        unit.runs.cancel(run.id, datetime.now(UTC))
    takeover.look()
    assert jobs.states([run.id]) == {}


def test_the_work_of_a_worker_that_nobody_knows_is_taken_over(
    takeover: Takeover, jobs: JobClient, settings: Settings, recovery: Recovery
) -> None:
    jobs.enqueue("run")
    hold(settings, "run", "ghost")
    takeover.look()
    assert recovery.workers == ["ghost"]


def test_the_work_of_a_worker_that_lives_is_left_to_it(
    takeover: Takeover, store: Store, jobs: JobClient, settings: Settings, recovery: Recovery
) -> None:
    beat(store, "elsewhere", "another-host", 1)
    beat(store, "neighbour", host_name(), os.getppid())
    for worker_id in ("elsewhere", "neighbour", "me"):
        jobs.enqueue(worker_id)
        hold(settings, worker_id, worker_id)
    takeover.look()
    assert recovery.workers == []


def test_a_worker_whose_process_is_gone_is_forgotten(takeover: Takeover, store: Store, recovery: Recovery) -> None:
    beat(store, "predecessor", host_name(), os.getpid())
    beat(store, "elsewhere", "another-host", 1)
    takeover.look()
    assert recovery.workers == ["predecessor"]
    assert known(store) == {"elsewhere"}
