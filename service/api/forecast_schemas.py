"""What answers about demand ahead look like."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from demand.calendar import Granularity
from demand.limits import Measure
from demand.series import Workload
from service import published
from service.api import examples
from service.reconciled import Lineage, Link
from service.store.forecasts import PublishedForecast
from service.store.relatives import Relative
from training.latent import Evidence


class Series(BaseModel):
    """The identity of a series."""

    provider: str
    region: str
    accelerator: str
    workload: Workload
    stage: str
    tenant: str


class DemandAhead(BaseModel):
    """Demand of one workload of one group; lists run along `timestamps`."""

    series: int = Field(description="How many series are summed.")
    mean: list[float] = Field(description="Expected level.")
    quantiles: dict[str, list[float]] = Field(description="Per asked level, the quantile at each step.")


class GroupForecast(BaseModel):
    """Demand ahead of one group of series that share a unit."""

    group: dict[str, str] = Field(description="The values of the dimensions in `group_by`.")
    unit: str = Field(description="The unit of all numbers of the group.", examples=["accelerators"])
    training: DemandAhead | None = None
    inference: DemandAhead | None = None
    unattributed: DemandAhead | None = None
    total: DemandAhead


class OtherGranularity(BaseModel):
    """A forecast of the same series by wider or narrower buckets."""

    granularity: Granularity
    run_id: str

    @classmethod
    def of(cls, other: Link | Relative | None) -> Self | None:
        """The forecast as it is named."""
        return None if other is None else cls(granularity=other.granularity, run_id=other.run_id)


_MADE_BEFORE_LIMIT = (
    "a limit was stored after this forecast was made, so it forecasts use and not demand; start a run with "
    "POST /v1/training-runs"
)


class LatentDemand(BaseModel):
    """What held the use of a series below its demand, in the history behind a forecast."""

    model_config = ConfigDict(from_attributes=True)

    evidence: Evidence = Field(description="A known `limit`, a counted `queue`, or a ceiling that the `data` shows.")
    censored_share: float = Field(description="Share of known buckets at a ceiling, in which demand is an estimate.")
    recent_share: float = Field(description="The same over the last fortnight, or two seasons of wider buckets.")
    ceiling: float | None = Field(description="The ceiling that the data shows at its end.")


class Source(BaseModel):
    """Where the forecast of one series comes from."""

    series: Series
    series_id: int
    run_id: str
    model: str = Field(description="What made the forecast: the ensemble, or one model where that could not be.")
    weights: dict[str, float] = Field(description="Share of each model in it, averaged over the horizon.")
    data_cut_off: datetime = Field(description="The last bucket of history that the forecast knows.")
    issued_at: datetime = Field(description="When the forecast was published.")
    backtest_loss: float | None = Field(description="Scaled quantile loss on rolling origins; lower is better.")
    naive_loss: float | None = Field(description="The same of the seasonal naive.")
    coverage_80: float | None = Field(description="Share of backtest actuals inside the 10 %-90 % band.")
    reconciled_with: OtherGranularity | None = Field(
        default=None,
        description="The coarser forecast whose whole buckets this one's average to in every path; null if none.",
    )
    averaged_with: OtherGranularity | None = Field(
        default=None,
        description="The finer forecast that counts for the nearest buckets in place of this one; null if none.",
    )
    latent: LatentDemand | None = Field(
        default=None, description="What held use down; null where nothing was known to when the forecast was made."
    )
    warnings: list[str]

    @classmethod
    def of(cls, forecast: PublishedForecast, lineage: Lineage, *, limited: bool = False) -> Self:
        """The source as it is shown; `limited` if a limit is known for the series."""
        choice = forecast.choice
        is_stale = limited and choice.latent is None
        return cls(
            series=Series.model_validate(forecast.series.key, from_attributes=True),
            series_id=forecast.series.id,
            run_id=forecast.run_id,
            model=choice.maker,
            weights={} if choice.served_by else choice.mean_weights(),
            data_cut_off=forecast.cut_off,
            issued_at=forecast.published_at,
            backtest_loss=choice.score,
            naive_loss=choice.naive_score,
            coverage_80=None if choice.served_by else choice.coverage_80,
            reconciled_with=OtherGranularity.of(lineage.parent),
            averaged_with=OtherGranularity.of(lineage.averaged_with),
            latent=None if choice.latent is None else LatentDemand.model_validate(choice.latent),
            warnings=[*choice.notes, *lineage.warnings, *([_MADE_BEFORE_LIMIT] if is_stale else [])],
        )


class LeftOut(BaseModel):
    """A selected series that is not part of the answer."""

    series: Series
    reason: str

    @classmethod
    def of(cls, left: published.LeftOut) -> Self:
        """The left-out series as it is shown."""
        return cls(series=Series.model_validate(left.key, from_attributes=True), reason=left.reason)


class Forecast(BaseModel):
    """Demand ahead."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.FORECAST]})

    granularity: Granularity
    start: datetime = Field(description="The first bucket: the one after the newest data.")
    timestamps: list[datetime] = Field(description="The starts of all buckets, UTC.")
    measure: Measure = Field(description="What is forecast: demand, or what can be in use of it.")
    catalogue: str | None = Field(
        default=None, description="The version of what was known of accelerators, where units were converted."
    )
    quantiles: list[float]
    groups: list[GroupForecast]
    sources: list[Source] = Field(description="Model, run, data cut-off and backtest score of every series summed.")
    left_out: list[LeftOut]


class GroupPaths(BaseModel):
    """Sample paths of one group."""

    group: dict[str, str]
    unit: str
    workloads: dict[str, list[list[float]]] = Field(
        description="Per workload, and for their total, the paths; each path runs along `timestamps`."
    )


class SamplePaths(BaseModel):
    """Joint sample paths of demand ahead."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PATHS]})

    granularity: Granularity
    start: datetime
    timestamps: list[datetime]
    measure: Measure = Field(description="What is forecast: demand, or what can be in use of it.")
    catalogue: str | None = Field(
        default=None, description="The version of what was known of accelerators, where units were converted."
    )
    groups: list[GroupPaths]
    left_out: list[LeftOut]
