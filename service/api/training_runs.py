"""Training: asked for, watched, looked back on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Path, Query, Request, Response, status
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from demand.calendar import Granularity
from demand.errors import Conflict, Invalid, NotFound, TooLarge
from demand.tidy import printable
from forecasting.catalogue import Preset
from service.api import examples
from service.api.bodies import Stalled, Unreadable
from service.api.dependencies import JobsDep, StoreDep, UnitDep
from service.api.forecast_schemas import Series
from service.api.paging import link_next
from service.api.problems import problems
from service.api.queries import SelectionQuery, SeriesCursor, StrictQuery, is_storable
from service.runs import cancel, run_request, submit
from service.store.run import PlannedPartition, Run, RunKind, RunNotFound, RunSeries, RunState, SeriesState

router = APIRouter(prefix="/v1/training-runs", tags=["training"])


def _check_run_id(run_id: str) -> str:
    if not is_storable(run_id):
        raise RunNotFound(printable(run_id))
    return run_id


RunId = Annotated[str, AfterValidator(_check_run_id)]
RunIdPath = Annotated[RunId, Path(description="The id of a run.", examples=[examples.RUN_ID])]


class RunListQuery(StrictQuery):
    """A page of runs."""

    limit: int = Field(default=50, ge=1, le=1000, description="Runs per page.", examples=[10])
    after: RunId | None = Field(
        default=None, description="Cursor: runs older than this one.", examples=[examples.RUN_ID]
    )


class RunSeriesQuery(StrictQuery):
    """A page of the series of a run."""

    limit: int = Field(default=1000, ge=1, le=10_000, description="Series per page.", examples=[100])
    after: SeriesCursor = None


class RunOrder(BaseModel):
    """A run to be started."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"kind": "retrain", "granularity": "hour", "selection": {"region": ["eu"]}}]},
    )

    kind: RunKind = Field(
        default=RunKind.RETRAIN,
        description="`retrain` weighs the models of the preset anew, `refresh` fits those that have a weight again.",
    )
    granularity: Granularity = Field(default=Granularity.HOUR, description="Width of the forecast buckets.")
    horizon: int | None = Field(default=None, description="Buckets ahead; the limit of the granularity if not given.")
    seed: int = Field(default=0, ge=0, lt=2**63, description="Seed of every draw.")
    preset: Preset = Field(
        default=Preset.BALANCED,
        description="How much is tried: `fast` in milliseconds a series, `balanced` in tenths of a second, `best` in "
        "seconds. A refresh fits what has a weight, whatever this says.",
    )
    selection: SelectionQuery = Field(default=SelectionQuery(), description="Which series; all if not given.")


class PartitionProgress(BaseModel):
    """How far one part of a run is."""

    number: int
    series: int
    state: str
    phase: str
    done: int = Field(description="Finished pieces of the phase.")
    total: int = Field(description="All pieces of the phase.")

    @classmethod
    def of(cls, planned: PlannedPartition) -> Self:
        """The partition as it is shown."""
        return cls(
            number=planned.number,
            series=len(planned.partition.series_ids),
            state=planned.state,
            phase=planned.phase,
            done=planned.done,
            total=planned.total,
        )


class TrainingRun(BaseModel):
    """A training run."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.RUN]})

    id: str
    kind: RunKind
    state: RunState
    granularity: Granularity
    horizon: int
    seed: int
    preset: Preset
    selection: dict[str, list[str]] = Field(description="The filters; empty means all series.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    as_of: datetime | None = Field(description="The state of history that the run reads.")
    phase: str
    error: str = Field(description="Why the run failed, empty if it did not.")
    recipe: dict[str, Any] | None = Field(description="How the forecasts were made, once the run has succeeded.")
    partitions: list[PartitionProgress] = Field(default_factory=list)

    @classmethod
    def of(cls, run: Run, partitions: Sequence[PlannedPartition] = ()) -> Self:
        """The run as it is shown."""
        return cls(
            id=run.id,
            kind=run.request.kind,
            state=run.state,
            granularity=run.request.granularity,
            horizon=run.request.horizon,
            seed=run.request.seed,
            preset=run.request.preset,
            selection={name: list(values) for name, values in run.request.selection.conditions().items()},
            created_at=run.created_at,
            started_at=run.started_at,
            finished_at=run.finished_at,
            as_of=run.as_of,
            phase=run.phase,
            error=run.error,
            recipe=None if run.recipe is None else run.recipe.to_json(),
            partitions=[PartitionProgress.of(partition) for partition in partitions],
        )


class SeriesResult(BaseModel):
    """What became of one series in a run."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.RESULT]})

    series: Series
    series_id: int
    state: SeriesState = Field(description="`fallback`: forecast by a simpler model, for the reason given.")
    model: str | None
    weights: dict[str, float] = Field(description="Share of each model in the forecast, over the whole horizon.")
    scores: dict[str, float] = Field(description="Backtest scaled quantile loss of the ensemble and every model tried.")
    naive_loss: float | None
    coverage_80: float | None
    reason: str

    @classmethod
    def of(cls, result: RunSeries) -> Self:
        """The outcome as it is shown."""
        choice = result.outcome.choice
        return cls(
            series=Series.model_validate(result.series.key, from_attributes=True),
            series_id=result.series.id,
            state=result.outcome.state,
            model=choice.model if choice else None,
            weights=choice.mean_weights() if choice else {},
            scores=dict(choice.scores) if choice else {},
            naive_loss=choice.naive_score if choice else None,
            coverage_80=choice.coverage_80 if choice else None,
            reason=result.outcome.reason,
        )


@router.post(
    "",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(Invalid, Stalled, TooLarge, Unreadable),
)
def start_run(
    order: RunOrder, _: Annotated[StrictQuery, Query()], response: Response, store: StoreDep, jobs: JobsDep
) -> TrainingRun:
    """Start training in the background; `Location` says where to watch it."""
    request = run_request(
        order.kind, order.granularity, order.selection.selection(), order.horizon, seed=order.seed, preset=order.preset
    )
    run = submit(store, jobs, request)
    response.headers["Location"] = f"{router.prefix}/{run.id}"
    return TrainingRun.of(run)


@router.get("", responses=problems(NotFound, Invalid))
def list_runs(
    query: Annotated[RunListQuery, Query()], request: Request, response: Response, unit: UnitDep
) -> list[TrainingRun]:
    """Runs, newest first."""
    runs = unit.runs.page(limit=query.limit, after=query.after)
    if len(runs) == query.limit:
        link_next(request, response, runs[-1].id)
    return [TrainingRun.of(run) for run in runs]


@router.get("/{run_id}", responses=problems(NotFound, Invalid))
def read_run(run_id: RunIdPath, _: Annotated[StrictQuery, Query()], unit: UnitDep) -> TrainingRun:
    """One run, with how far each part of it is."""
    return TrainingRun.of(unit.runs.get(run_id), unit.runs.partitions(run_id))


@router.get("/{run_id}/series", responses=problems(NotFound, Invalid))
def read_run_series(
    run_id: RunIdPath,
    query: Annotated[RunSeriesQuery, Query()],
    request: Request,
    response: Response,
    unit: UnitDep,
) -> list[SeriesResult]:
    """What became of each series of a run: its model, its scores, and reasons for anything less."""
    unit.runs.get(run_id)
    results = unit.runs.outcomes(run_id, limit=query.limit, after=query.after)
    if len(results) == query.limit:
        link_next(request, response, results[-1].series.id)
    return [SeriesResult.of(result) for result in results]


@router.post("/{run_id}/cancel", responses=problems(NotFound, Conflict, Invalid))
def cancel_run(run_id: RunIdPath, _: Annotated[StrictQuery, Query()], store: StoreDep) -> TrainingRun:
    """End a run that nobody wants any more; what is under way stops soon, and nothing of it is published."""
    run = cancel(store, run_id)
    with store.read() as unit:
        return TrainingRun.of(run, unit.runs.partitions(run_id))
