"""A run carried out on behalf of the command line."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime

from service.jobs.client import JobClient
from service.jobs.workers import is_alive
from service.settings import Settings
from service.store.engine import Store
from service.store.run import PlannedPartition, Run
from service.worker import Worker

LOOK_SECONDS = 0.5

OnProgress = Callable[[Run, list[PlannedPartition]], None]
"""Who is told how far a run is: the run, and its partitions once they are planned."""


def run_here(settings: Settings, run_id: str, on_progress: OnProgress) -> Run:
    """Wait until a run has ended, and carry it out in this process while no worker is there to do it.

    Args:
        settings: say where the store and the queues are.
        run_id: a run that the store holds.
        on_progress: told about twice a second, and once at the end.

    Returns:
        The run in its final state.
    """
    store = Store(settings.database_url)
    with ExitStack() as stack:
        stack.callback(store.close)
        jobs = stack.enter_context(JobClient(settings))
        jobs.announce(run_id)
        worker: Worker | None = None
        while True:
            with store.read() as unit:
                run, partitions = unit.runs.get(run_id), unit.runs.partitions(run_id)
                others = unit.workers.alive(datetime.fromtimestamp(0, UTC))
            on_progress(run, partitions)
            if run.state.is_final:
                return run
            if worker is None and not any(is_alive(other, datetime.now(UTC)) for other in others):
                worker = stack.enter_context(Worker(settings))
            time.sleep(LOOK_SECONDS)
