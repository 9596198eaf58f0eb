import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from service.jobs.client import JobClient
from service.jobs.database import jobs_file
from service.jobs.workflows import RECOVERIES
from service.settings import Settings
from tests.service.conftest import Start
from tests.service.jobs.waiting import until

PROCESS = "tests.service.jobs.engine_process"


class Watch:
    """What the processes of a test have written down."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def diary(self) -> list[str]:
        path = self.folder / "diary"
        return path.read_text().splitlines() if path.exists() else []

    def notes(self, entry: str) -> int:
        return sum(line.split(" ", 1)[1] == entry for line in self.diary())

    def until(self, line: str) -> None:
        until(lambda: line in self.diary(), f"the diary says {line!r}")

    def hold(self, number: int) -> None:
        (self.folder / f"hold-{number}").touch()

    def release(self, number: int) -> None:
        (self.folder / f"hold-{number}").unlink()


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path / "watch")


def enqueue(settings: Settings, run_id: str) -> None:
    with JobClient(settings) as jobs:
        jobs.enqueue(run_id)


def formats(settings: Settings, table: str) -> set[str]:
    """How the values in a table of the engine are written."""
    statement = f"SELECT DISTINCT serialization FROM {table} WHERE serialization IS NOT NULL"
    if settings.store_file is not None:
        with closing(sqlite3.connect(jobs_file(settings.store_file))) as connection:
            return {row[0] for row in connection.execute(statement)}
    with psycopg.connect(settings.database_url, options="-c search_path=dbos") as postgres:
        return {row[0] for row in postgres.execute(statement)}


def test_what_a_killed_process_held_goes_on_elsewhere_once_and_from_where_it_stopped(
    settings: Settings, start: Start, watch: Watch
) -> None:
    watch.hold(1)
    enqueue(settings, "run")
    first = start("-m", PROCESS, settings.database_url, "first", watch.folder)
    watch.until("first train run 1")
    first.send_signal(signal.SIGKILL)
    first.wait()

    start("-m", PROCESS, settings.database_url, "second", watch.folder, "first")
    watch.until("second recovered 2")
    until(lambda: watch.notes("train run 1") == 2, "the partition is taken up again")
    start("-m", PROCESS, settings.database_url, "third", watch.folder, "first")
    watch.until("third recovered 0")
    watch.release(1)
    until(lambda: watch.notes("publish run print-0 print-1 print-2") == 1, "the run is published")
    assert [watch.notes(entry) for entry in ("plan run", "train run 0", "train run 1", "train run 2")] == [1, 1, 2, 1]


def test_two_processes_share_the_partitions_of_a_run(settings: Settings, start: Start, watch: Watch) -> None:
    for number in range(3):
        watch.hold(number)
    for name in ("first", "second"):
        start("-m", PROCESS, settings.database_url, name, watch.folder)
    enqueue(settings, "run")
    until(lambda: watch.notes("train run 0") + watch.notes("train run 1") == 2, "two partitions are under way")
    holders = {line.split()[0] for line in watch.diary() if line.split()[1] == "train"}
    assert holders == {"first", "second"}, "each takes one partition at a time"
    for number in range(3):
        watch.release(number)
    until(lambda: watch.notes("publish run print-0 print-1 print-2") == 1, "the run is published")


def test_a_run_that_is_enqueued_twice_is_carried_out_once_and_leaves_only_json(
    settings: Settings, start: Start, watch: Watch
) -> None:
    enqueue(settings, "run")
    enqueue(settings, "run")
    start("-m", PROCESS, settings.database_url, "only", watch.folder)
    watch.until("only publish run print-0 print-1 print-2")
    enqueue(settings, "run")
    enqueue(settings, "another")
    watch.until("only publish another print-0 print-1 print-2")
    assert watch.notes("publish run print-0 print-1 print-2") == watch.notes("plan run") == 1
    assert formats(settings, "workflow_status") == {"portable_json"}
    assert formats(settings, "operation_outputs") == {"portable_json"}


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_partition_that_kills_its_worker_each_time_ends_its_run_and_not_the_service(
    settings: Settings, start: Start, watch: Watch
) -> None:
    (watch.folder / "deadly-1").touch()
    enqueue(settings, "run")
    names = [f"worker-{number}" for number in range(RECOVERIES + 1)]
    for position, name in enumerate(names):
        assert start("-m", PROCESS, settings.database_url, name, watch.folder, *names[:position]).wait(40) < 0
    start("-m", PROCESS, settings.database_url, "survivor", watch.folder, *names)
    until(lambda: any(" fail " in line for line in watch.diary()), "the run has failed")
    assert watch.notes("train run 1") == RECOVERIES + 1
    assert any(f"the worker died {RECOVERIES + 1} times" in line for line in watch.diary())
