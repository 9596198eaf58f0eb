"""How the living take over from the dead, so that every run ends."""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from service.jobs.client import JobClient
from service.jobs.workers import Silence
from service.store.engine import Store

logger = logging.getLogger(__name__)

LOOK_SECONDS = 3.0

LOST = "the run ended without a result and the log of the worker says why; start another run"


class Takeover:
    """Looks after work that nobody carries out.

    Args:
        store: where workers beat and runs are kept.
        jobs: the queues.
        worker_id: the worker that looks.
        recover: puts what the named workers hold back into the queues.
    """

    def __init__(self, store: Store, jobs: JobClient, worker_id: str, recover: Callable[[Sequence[str]], int]) -> None:
        self._store = store
        self._jobs = jobs
        self._worker_id = worker_id
        self._recover = recover
        self._silence = Silence(worker_id, time.monotonic)

    def look(self) -> None:
        """Resume what silent or unknown workers hold, enqueue what no queue knows, and end what has ended unsaid."""
        self._take_over()
        self._settle()

    def _take_over(self) -> None:
        # First who holds work, then who is known: a worker makes itself known before it takes any.
        holders = set(self._jobs.held())
        with self._store.read() as unit:
            workers = unit.workers.alive(datetime.fromtimestamp(0, UTC))
        silent = self._silence.among(workers)
        unknown = holders - {worker.id for worker in workers} - {self._worker_id}
        gone = sorted(silent | unknown)
        if not gone:
            return
        count = self._recover(gone)
        logger.warning("workers %s are gone; %d pieces of their work go on elsewhere", ", ".join(gone), count)
        with self._store.begin() as unit:
            for worker_id in silent:
                unit.workers.remove(worker_id)

    def _settle(self) -> None:
        with self._store.read() as unit:
            unfinished = [run.id for run in (*unit.runs.queued(), *unit.runs.running())]
        states = self._jobs.states(unfinished)
        for run_id in unfinished:
            if run_id not in states:
                self._jobs.enqueue(run_id)
            elif not states[run_id]:
                self._end(run_id)

    def _end(self, run_id: str) -> None:
        """End a run whose workflow ended without being able to say so, unless it has been said in the meantime."""
        with self._store.begin() as unit:
            if not unit.runs.get(run_id).state.is_final:
                unit.runs.fail(run_id, LOST, datetime.now(UTC))
