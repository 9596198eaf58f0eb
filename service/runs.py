"""How a training run is asked for."""

from datetime import UTC, datetime

from demand.calendar import Granularity
from demand.series import Selection
from service.jobs.client import JobClient
from service.store.engine import Store
from service.store.run import Run, RunKind, RunRequest
from training.pipeline import check_horizon


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
    kind: RunKind, granularity: Granularity, selection: Selection, horizon: int | None = None, seed: int = 0
) -> RunRequest:
    """What a run is asked to do, as far ahead as the granularity goes unless told otherwise."""
    reach = granularity.rhythm.horizon_limit if horizon is None else horizon
    return RunRequest(kind=kind, granularity=granularity, horizon=reach, seed=seed, selection=selection)
