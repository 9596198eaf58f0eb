"""What a training run is: what was asked, how far it is and what became of each series."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from demand.calendar import Granularity
from demand.errors import Conflict, NotFound
from demand.series import Selection
from forecasting.catalogue import Preset
from service.store.series import StoredSeries
from training.ports import Partition
from training.recipe import Choice, Recipe


class RunKind(StrEnum):
    """Whether models are weighed anew, or fitted again with the weights that are published."""

    RETRAIN = "retrain"
    REFRESH = "refresh"


class RunState(StrEnum):
    """How far a run is; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return self not in {RunState.QUEUED, RunState.RUNNING}


class PartitionState(StrEnum):
    """How far a partition is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"


class SeriesState(StrEnum):
    """What became of a series: forecast, forecast by a simpler model than asked for, or not forecast."""

    WAITING = "waiting"
    DONE = "done"
    FALLBACK = "fallback"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class RunRequest:
    """What a run is asked to do; `horizon` counts buckets of the granularity."""

    kind: RunKind
    granularity: Granularity
    horizon: int
    seed: int
    selection: Selection = field(default_factory=Selection)
    preset: Preset = Preset.BALANCED


@dataclass(frozen=True)
class Run:
    """A training run as it is stored.

    Attributes:
        id: a UUID.
        request: what it was asked to do.
        state: how far it is.
        created_at: when it was asked for.
        started_at: when a worker first took it.
        finished_at: when it reached a final state.
        as_of: the state of history that it reads; None until it starts, or if nothing was stored.
        phase: what it does at the moment, in a word or two.
        error: why it failed, empty if it did not.
        recipe: how its forecasts were made, once it has succeeded.
    """

    id: str
    request: RunRequest
    state: RunState
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    as_of: datetime | None
    phase: str
    error: str
    recipe: Recipe | None


@dataclass(frozen=True)
class PlannedPartition:
    """A partition of a run; `done` of `total` pieces of its phase are finished."""

    number: int
    partition: Partition
    state: PartitionState
    phase: str
    done: int
    total: int


@dataclass(frozen=True)
class SeriesOutcome:
    """What became of one series in a run.

    Attributes:
        series_id: the stored series.
        state: the outcome.
        choice: what the forecast is made of, None where there is no forecast.
        reason: why it fell back or was skipped, or what else to know of its forecast, for people.
    """

    series_id: int
    state: SeriesState
    choice: Choice | None = None
    reason: str = ""


@dataclass(frozen=True)
class RunSeries:
    """An outcome with the series it belongs to and the number of its partition, None for a series in none."""

    series: StoredSeries
    partition: int | None
    outcome: SeriesOutcome


class RunNotFound(NotFound):
    """No run has this id."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"there is no training run {run_id}; list runs with GET /v1/training-runs")
        self.run_id = run_id


class RunEnded(Conflict):
    """The run has reached a final state, which allows no change."""

    def __init__(self, run_id: str, state: RunState) -> None:
        super().__init__(f"training run {run_id} has {_ENDINGS[state]}; start another with POST /v1/training-runs")
        self.run_id = run_id
        self.state = state


_ENDINGS = {
    RunState.SUCCEEDED: "already succeeded",
    RunState.FAILED: "already failed",
    RunState.CANCELLED: "been cancelled",
}
