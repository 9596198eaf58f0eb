"""`computecast retrain` and `refresh`: training from the terminal, with progress."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import pandas as pd
import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from demand.calendar import Granularity
from demand.errors import NotFound, Unavailable
from demand.series import Selection
from forecasting.catalogue import Preset
from service.cli.progress import complaints, console
from service.cli.settings import read_settings
from service.cli.store import open_store
from service.jobs.client import JobClient
from service.runs import run_here, run_request, submit
from service.settings import Settings
from service.store.engine import Store
from service.store.run import PartitionState, PlannedPartition, Run, RunKind, RunRequest, RunState
from training.ports import Extent

LEAST_BUCKETS = {Granularity.DAY: 0, Granularity.WEEK: 8, Granularity.MONTH: 3}
"""Buckets of history from which series are forecast at a granularity that is not their own without being told to."""

_RUNS_LOOKED_AT = 100
_COLUMNS = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
_BACKTEST_SHARE = 0.9
"""Of the time that a series takes to train, what its backtest takes."""

Widths = Annotated[
    list[Granularity] | None,
    typer.Option("--granularity", help="Bucket width, may be repeated; what fits the stored series if not given."),
]
Horizon = Annotated[int | None, typer.Option(help="Buckets ahead; the limit of the granularity if not given.")]
Presets = Annotated[Preset, typer.Option("--preset", help="How much is tried: fast, balanced or best.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of every draw.")]
IfNeeded = Annotated[bool, typer.Option("--if-needed", help="Only where there is data newer than the forecasts.")]
Wait = Annotated[bool, typer.Option(help="Wait for the end, showing progress.")]


def retrain(
    granularity: Widths = None,
    horizon: Horizon = None,
    seed: Seed = 0,
    preset: Presets = Preset.BALANCED,
    wait: Wait = True,  # noqa: FBT002 - a flag of the command line
    if_needed: IfNeeded = False,  # noqa: FBT002 - a flag of the command line
) -> None:
    """Compare the models of a preset anew on the stored history, weigh them per series, and publish forecasts."""
    order = Order(RunKind.RETRAIN, horizon, seed, preset)
    train(read_settings(), order, granularity, wait=wait, only_if_needed=if_needed)


def refresh(granularity: Widths = None, horizon: Horizon = None, seed: Seed = 0, wait: Wait = True) -> None:  # noqa: FBT002 - a flag of the command line
    """Fit the models that have a weight to the newest history, and publish forecasts."""
    train(read_settings(), Order(RunKind.REFRESH, horizon, seed), granularity, wait=wait, only_if_needed=False)


@dataclass(frozen=True)
class Order:
    """What is to be trained at every granularity."""

    kind: RunKind
    horizon: int | None = None
    seed: int = 0
    preset: Preset = Preset.BALANCED


def train(
    settings: Settings, order: Order, widths: Sequence[Granularity] | None, *, wait: bool, only_if_needed: bool
) -> None:
    """Start a run per granularity, one after the other.

    Args:
        settings: say where the store is.
        order: what to train.
        widths: granularities; those that fit the stored series if not given.
        wait: stay until each run has ended, carrying it out here if no worker is there.
        only_if_needed: leave out granularities of which a run has read all the data there is, and start none where
            such a run is still to be finished, as when it was interrupted.

    Raises:
        Unavailable: a run did not succeed.
    """
    with open_store(settings) as store, JobClient(settings) as jobs:
        for width in widths or fitting_widths(store):
            known = _enough(store, width) if only_if_needed else None
            if known is not None and known.state.is_final:
                console.print(f"the forecasts by the {width} know all data there is")
                continue
            run = known or submit(store, jobs, _request(order, width))
            if wait:
                _watch(settings, run)
            else:
                console.print(
                    f"{run.request.kind} by the {width} is queued {'already ' if known else ''}as run {run.id}"
                )


def _request(order: Order, width: Granularity) -> RunRequest:
    return run_request(order.kind, width, Selection(), order.horizon, seed=order.seed, preset=order.preset)


def fitting_widths(store: Store) -> list[Granularity]:
    """The grids of the stored series, and days, weeks and months where there is enough history by finer buckets.

    Raises:
        NotFound: nothing is stored.
    """
    with store.read() as unit:
        extents = unit.observations.extents([series.id for series in unit.series.find(Selection())]).values()
    if not extents:
        raise NotFound("no history is stored, so there is nothing to train on; store some with computecast ingest FILE")
    order = list(Granularity).index
    return [
        width
        for width in Granularity
        if any(extent.granularity is width for extent in extents)
        or any(_spans(extent, width) for extent in extents if order(extent.granularity) < order(width))
    ]


def _spans(extent: Extent, width: Granularity) -> bool:
    """Whether the history is long enough to be forecast by wider buckets than its own."""
    return extent.last - extent.first >= pd.Timedelta(hours=LEAST_BUCKETS[width] * width.rhythm.hours)


def _enough(store: Store, width: Granularity) -> Run | None:
    """The run over everything at this granularity that makes another needless, one that has succeeded if there is."""
    with store.read() as unit:
        newest = unit.observations.newest_recorded_at()
        runs = [
            run
            for run in unit.runs.page(limit=_RUNS_LOOKED_AT, after=None)
            if run.request.granularity is width and not run.request.selection.conditions()
        ]
    done = [run for run in runs if run.state is RunState.SUCCEEDED and run.as_of == newest]
    under_way = [run for run in runs if run.state is RunState.RUNNING and run.as_of == newest]
    queued = [run for run in runs if run.state is RunState.QUEUED]
    return next(iter([*done, *under_way, *queued]), None)


def _watch(settings: Settings, run: Run) -> None:
    request = run.request
    label = f"{request.kind} by the {request.granularity}"
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=complaints) as bars:
        task = bars.add_task(label, total=1.0)

        def show(now: Run, parts: Sequence[PlannedPartition]) -> None:
            phase = next((part.phase for part in parts if part.state is PartitionState.RUNNING), now.phase)
            bars.update(task, completed=_share(now, parts), description=f"{label}: {phase or now.state}")

        ended = run_here(settings, run.id, show)
    if ended.state is not RunState.SUCCEEDED:
        ending = f"has failed: {ended.error}" if ended.state is RunState.FAILED else "was cancelled"
        raise Unavailable(f"run {ended.id} {ending}")
    console.print(f"{label}: published as run {ended.id}", highlight=False)


def _share(run: Run, parts: Sequence[PlannedPartition]) -> float:
    """Share of the work that is done, in [0, 1]."""
    if run.state.is_final:
        return 1.0
    total = sum(len(part.partition.series_ids) for part in parts)
    done = sum(len(part.partition.series_ids) * _share_of_part(part) for part in parts)
    return done / total if total else 0.0


def _share_of_part(part: PlannedPartition) -> float:
    if part.state is PartitionState.DONE:
        return 1.0
    within = part.done / part.total if part.total else 0.0
    if part.phase == "backtest":
        return _BACKTEST_SHARE * within
    return _BACKTEST_SHARE + (1 - _BACKTEST_SHARE) * within if part.phase == "forecast" else 0.0
