import threading
from datetime import UTC, datetime

import pytest

from service.runs import cancel, run_here
from service.settings import Settings
from service.store.engine import Store
from service.store.run import PlannedPartition, Run, RunEnded, RunNotFound, RunState
from service.worker import Worker
from tests.service.jobs.fleet import ask, ingest, look
from tests.service.jobs.waiting import until


class Seen:
    """The progress that was reported."""

    def __init__(self) -> None:
        self.states: list[RunState] = []
        self.partitions: list[int] = []

    def __call__(self, run: Run, partitions: list[PlannedPartition]) -> None:
        self.states.append(run.state)
        self.partitions.append(len(partitions))


def workers(store: Store) -> int:
    with store.read() as unit:
        return len(unit.workers.alive(datetime.fromtimestamp(0, UTC)))


def test_where_no_worker_lives_the_run_is_carried_out_here(store: Store, settings: Settings) -> None:
    ingest(store, 3)
    seen = Seen()
    run = run_here(settings, ask(store).id, seen)
    assert (run.state, run.error) == (RunState.SUCCEEDED, "")
    assert seen.states[-1] is RunState.SUCCEEDED
    assert seen.partitions[-1] == 2
    assert workers(store) == 0
    left = {thread.name for thread in threading.enumerate()}
    assert not left & {"the heartbeat", "the look at other workers"}


def test_a_run_without_series_fails_and_says_what_to_do(store: Store, settings: Settings) -> None:
    run = run_here(settings, ask(store).id, Seen())
    assert run.state is RunState.FAILED
    assert "computecast ingest FILE" in run.error


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_run_that_has_ended_is_not_carried_out_again(store: Store, settings: Settings) -> None:
    run = ask(store)
    cancel(store, run.id)
    assert run_here(settings, run.id, Seen()).state is RunState.CANCELLED


def test_a_run_can_be_cancelled_until_it_has_ended_and_that_again(store: Store) -> None:
    cancelled, failed = ask(store), ask(store)
    first = cancel(store, cancelled.id)
    assert (first.state, first.id) == (RunState.CANCELLED, cancelled.id)
    assert cancel(store, cancelled.id) == first == look(store, cancelled.id)
    with store.begin() as unit:
        unit.runs.fail(failed.id, "why", datetime.now(UTC))
    with pytest.raises(RunEnded, match="already failed"):
        cancel(store, failed.id)
    with pytest.raises(RunNotFound):
        cancel(store, "none")


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_run_that_is_cancelled_while_it_is_carried_out_ends_and_leaves_the_worker_free(
    store: Store, settings: Settings
) -> None:
    ingest(store, 6)
    run, after = ask(store), ask(store)

    def cancel_early(now: Run, partitions: list[PlannedPartition]) -> None:
        if partitions and not now.state.is_final:
            cancel(store, now.id)

    with Worker(settings):
        assert run_here(settings, run.id, cancel_early).state is RunState.CANCELLED
        assert run_here(settings, after.id, Seen()).state is RunState.SUCCEEDED
    assert look(store, run.id).state is RunState.CANCELLED


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_where_a_worker_lives_it_is_only_waited_for(store: Store, settings: Settings) -> None:
    ingest(store, 1)
    run = ask(store)
    counts: set[int] = set()
    with Worker(settings):
        ended = run_here(settings, run.id, lambda _run, _partitions: counts.add(workers(store)))
    assert ended.state is RunState.SUCCEEDED
    assert counts == {1}


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_when_the_worker_that_was_waited_for_goes_the_run_is_carried_out_here(store: Store, settings: Settings) -> None:
    ingest(store, 1)
    run = ask(store)
    with store.begin() as unit:
        unit.workers.beat("elsewhere", "another-host", 1, datetime.now(UTC))
    seen = Seen()
    waiting = threading.Thread(target=run_here, args=(settings, run.id, seen))
    waiting.start()
    until(lambda: len(seen.states) > 2, "the run is waited for")
    assert set(seen.states) == {RunState.QUEUED}
    with store.begin() as unit:
        unit.workers.remove("elsewhere")
    waiting.join(60)
    assert look(store, run.id).state is RunState.SUCCEEDED
