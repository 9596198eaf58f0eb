"""What the explanation of a forecast looks like."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from demand.calendar import Granularity
from demand.history import FloatArray
from forecasting.decomposition import Decomposition
from service import explained, stretches
from service.api import examples
from service.api.forecast_schemas import Series
from training.assembly import MEMBER_LEVELS
from training.recipe import PastErrors


class ForecastErrors(BaseModel):
    """How past forecasts erred: the outcome less the median, in the unit of the answer."""

    until: int = Field(description="The last lead that was compared.")
    count: int = Field(description="How many outcomes were known.")
    bias: float = Field(description="Mean error; above zero where demand was higher than forecast.")
    low: float = Field(description="The error that one in ten was below.")
    high: float = Field(description="The error that one in ten was above.")

    @classmethod
    def of(cls, errors: PastErrors) -> Self:
        """The errors as they are shown."""
        return cls.model_validate(errors, from_attributes=True)


class Stretch(BaseModel):
    """What holds along a stretch of the horizon."""

    first: int = Field(description="The first lead of the stretch; 1 is the first bucket ahead.")
    last: int = Field(description="Its last lead.")
    weights: dict[str, float] = Field(
        description="Share of each model; medians of the members, so weighted, add up to the median."
    )
    lower_factor: float | None = Field(description="Calibration: what the distance below the median was multiplied by.")
    upper_factor: float | None = Field(description="The same above the median.")
    widths: str = Field(description="Both factors in words.")
    past_errors: ForecastErrors | None = Field(description="Errors in the backtest; null where none was compared.")

    @classmethod
    def of(cls, stretch: stretches.Stretch) -> Self:
        """The stretch as it is shown."""
        return cls(
            first=stretch.first,
            last=stretch.last,
            weights=dict(stretch.weights),
            lower_factor=stretch.lower,
            upper_factor=stretch.upper,
            widths=stretch.widths,
            past_errors=None if stretch.errors is None else ForecastErrors.of(stretch.errors),
        )


class Member(BaseModel):
    """A model that the forecast is made of, and what it forecasts by itself."""

    model: str
    description: str
    weight: float = Field(description="Its share, averaged over the answer's horizon.")
    backtest_loss: float | None = Field(description="Scaled quantile loss on rolling origins; lower is better.")
    quantiles: dict[str, list[float]] = Field(description="Its own quantiles before calibration, along `timestamps`.")

    @classmethod
    def of(cls, member: explained.Member) -> Self:
        """The member as it is shown."""
        return cls(
            model=member.name,
            description=member.description,
            weight=member.weight,
            backtest_loss=member.score,
            quantiles=_by_level(member.quantiles),
        )


class Parts(BaseModel):
    """Parts of the median; trend, seasonal parts and remainder add up to it, bucket by bucket."""

    trend: list[float] = Field(description="The level, smooth over the shortest season.")
    seasonal: dict[str, list[float]] = Field(
        description="Per season (`daily`, `weekly`, `yearly`) what it adds to the level; only seasons that the "
        "forecast and the history before it hold twice."
    )
    remainder: list[float] = Field(description="What is neither.")

    @classmethod
    def of(cls, parts: Decomposition) -> Self:
        """The parts as they are shown."""
        seasonal = {name: values.tolist() for name, values in parts.seasonal.items()}
        return cls(trend=parts.trend.tolist(), seasonal=seasonal, remainder=parts.remainder.tolist())


class Explanation(BaseModel):
    """The forecast of one series and why it is what it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.EXPLANATION]})

    series: Series
    series_id: int
    unit: str = Field(description="Of all levels.")
    catalogue: str | None = Field(
        default=None, description="The version of what was known of accelerators, where `unit` is asked for."
    )
    granularity: Granularity
    run_id: str
    model: str = Field(description="What made the forecast: the ensemble, or one model where that could not be.")
    data_cut_off: datetime = Field(description="The last bucket of history that the forecast knows.")
    issued_at: datetime = Field(description="When the forecast was published.")
    timestamps: list[datetime] = Field(description="The starts of all buckets, UTC.")
    quantiles: dict[str, list[float]] = Field(description="The published quantiles, along `timestamps`.")
    parts: Parts
    stretches: list[Stretch] = Field(description="Weights, widths and past errors, by lead.")
    members: list[Member] = Field(description="The models the forecast is made of, the heaviest first.")
    absent: dict[str, str] = Field(description="Models that were tried and have no part in the forecast, and why.")
    scores: dict[str, float] = Field(description="Backtest loss of the ensemble and of each model that was tried.")
    backtest_loss: float | None = Field(description="Scaled quantile loss of what made the forecast; lower is better.")
    naive_loss: float | None = Field(description="The same of the seasonal naive.")
    skill: float | None = Field(description="Share of the naive's loss that is saved: 0 is as good, 1 is perfect.")
    coverage_80: float | None = Field(description="Share of backtest actuals inside the 10 %-90 % band.")
    warnings: list[str] = Field(description="What to know of how the models were weighed.")
    remarks: list[str] = Field(description="What to know of this one forecast.")
    untold: list[str] = Field(description="What cannot be told of this forecast, and why.")

    @classmethod
    def of(cls, explanation: explained.Explanation) -> Self:
        """The explanation as it is shown."""
        forecast, choice = explanation.forecast, explanation.forecast.choice
        return cls(
            series=Series.model_validate(forecast.series.key, from_attributes=True),
            series_id=forecast.series.id,
            unit=explanation.unit,
            catalogue=explanation.catalogue,
            granularity=explanation.granularity,
            run_id=forecast.run_id,
            model=choice.maker,
            data_cut_off=forecast.cut_off,
            issued_at=forecast.published_at,
            timestamps=list(explanation.index),
            quantiles=_by_level(explanation.quantiles),
            parts=Parts.of(explanation.parts),
            stretches=[Stretch.of(each) for each in explanation.stretches],
            members=[Member.of(each) for each in explanation.members],
            absent=dict(explanation.absent),
            scores=dict(choice.scores),
            backtest_loss=choice.score,
            naive_loss=choice.naive_score,
            skill=explanation.skill,
            coverage_80=explanation.coverage_80,
            warnings=list(choice.warnings),
            remarks=list(explanation.remarks),
            untold=list(explanation.untold),
        )


def _by_level(quantiles: FloatArray) -> dict[str, list[float]]:
    return {repr(level): quantiles[:, at].tolist() for at, level in enumerate(MEMBER_LEVELS)}
