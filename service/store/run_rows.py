"""Runs between their rows and their values."""

from typing import Any

from sqlalchemy import Row

from demand.calendar import Granularity
from demand.series import Selection
from forecasting.catalogue import Preset
from service.store.instants import from_hour, from_micros, to_hour
from service.store.run import (
    PartitionState,
    PlannedPartition,
    Run,
    RunKind,
    RunRequest,
    RunSeries,
    RunState,
    SeriesOutcome,
    SeriesState,
)
from service.store.series import stored_series
from training.ports import Partition
from training.recipe import Choice, Recipe


def as_run(row: Row[Any]) -> Run:
    """The run of a row of its table."""
    selection = Selection(**{name: tuple(values) for name, values in row.selection.items()})
    return Run(
        id=row.id,
        request=RunRequest(
            RunKind(row.kind), Granularity(row.granularity), row.horizon, row.seed, selection, Preset(row.preset)
        ),
        state=RunState(row.state),
        created_at=from_micros(row.created_at),
        started_at=None if row.started_at is None else from_micros(row.started_at),
        finished_at=None if row.finished_at is None else from_micros(row.finished_at),
        as_of=None if row.as_of is None else from_micros(row.as_of),
        phase=row.phase,
        error=row.error,
        recipe=None if row.recipe is None else Recipe.from_json(row.recipe),
    )


def partition_row(run_id: str, number: int, partition: Partition) -> dict[str, Any]:
    """The row of a partition that nobody has begun."""
    return {
        "run_id": run_id,
        "number": number,
        "series_ids": list(partition.series_ids),
        "granularity": partition.granularity.value,
        "cut_off": to_hour(partition.cut_off),
        "state": PartitionState.WAITING.value,
        "phase": "",
        "done": 0,
        "total": 0,
    }


def as_planned(row: Row[Any]) -> PlannedPartition:
    """The partition of a row of its table."""
    partition = Partition(tuple(row.series_ids), Granularity(row.granularity), from_hour(row.cut_off))
    return PlannedPartition(row.number, partition, PartitionState(row.state), row.phase, row.done, row.total)


def as_run_series(row: Row[Any]) -> RunSeries:
    """What became of a series, from its row joined with the series."""
    choice = None if row.choice is None else Choice.from_json(row.choice)
    outcome = SeriesOutcome(row.id, SeriesState(row.state), choice, row.reason)
    return RunSeries(stored_series(row), row.partition, outcome)
