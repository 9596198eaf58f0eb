"""How a training run is asked for, and waited for."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime

from demand.calendar import Granularity
from demand.series import Selection
from forecasting.catalogue import Preset
from service.jobs.client import JobClient
from service.jobs.workers import is_alive
from service.settings import Settings
from service.store.engine import Store
from service.store.run import PlannedPartition, Run, RunKind, RunRequest
from service.worker import Worker
from training.pipeline import check_horizon

LOOK_SECONDS = 0.5

OnProgress = Callable[[Run, list[PlannedPartition]], None]
"""Who is told how far a run is: the run, and its partitions once they are planned."""


def submit(store: Store, jobs: JobClient, request: RunRequest) -> Run:
    """Store a run and announce it to the workers.

    The run is stored first: should this process end before the announcement, a worker finds it there.

    Raises:
        Invalid: the horizon is beyond the limit of the granularity.
    """
    check_horizon(request.horizon, request.granularity)
    with store.begin() as unit:
        run = unit.runs.create(request, datetime.now(UTC))
    jobs.announce(run.id)
    return run


def run_request(
    kind: RunKind,
    granularity: Granularity,
    selection: Selection,
    horizon: int | None = None,
    *,
    seed: int = 0,
    preset: Preset = Preset.BALANCED,
) -> RunRequest:
    """What a run is asked to do, as far ahead as the granularity goes unless told otherwise."""
    reach = granularity.rhythm.horizon_limit if horizon is None else horizon
    return RunRequest(kind=kind, granularity=granularity, horizon=reach, seed=seed, selection=selection, preset=preset)


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


def cancel(store: Store, run_id: str) -> Run:
    """End a run that nobody wants any more; what is under way stops soon, and nothing of it is published.

    Raises:
        RunNotFound: there is no run of this id.
        RunEnded: it has succeeded or failed.
    """
    with store.begin() as unit:
        unit.runs.cancel(run_id, datetime.now(UTC))
        return unit.runs.get(run_id)
