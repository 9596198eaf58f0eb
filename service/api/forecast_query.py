"""What can be asked of the published forecasts."""

from typing import Annotated, Literal, Self

import pandas as pd
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, model_validator

from demand.calendar import Granularity
from demand.errors import Invalid
from demand.limits import Measure
from forecasting.quantiles import check_levels
from service.api.queries import Name, SelectionQuery, split_commas

Unit = Literal["accelerators", "accelerator_hours", "megawatts", "tokens_per_second"]

ModelClass = Annotated[Name, Field(min_length=1, max_length=40)]

Dimension = Literal["provider", "region", "accelerator", "stage", "tenant"]


def _levels(values: list[float]) -> list[float]:
    try:
        return list(check_levels(values))
    except Invalid as error:
        raise ValueError(str(error)) from error


Levels = Annotated[list[float], BeforeValidator(split_commas), AfterValidator(_levels)]


class ForecastQuery(SelectionQuery):
    """A part of the fleet, a window ahead and the quantiles wanted."""

    granularity: Granularity = Field(default=Granularity.HOUR, description="Width of the buckets.", examples=["day"])
    horizon: int | None = Field(
        default=None,
        ge=1,
        description="Buckets ahead; all that is published if neither this nor `until` is given.",
        examples=[24],
    )
    until: AwareDatetime | None = Field(
        default=None,
        description="End of the window instead of a horizon, exclusive.",
        examples=["2025-01-09T00:00:00Z"],
    )
    as_of: AwareDatetime | None = Field(
        default=None,
        description="What was published at this instant, as it was served then; what is served now if not given.",
        examples=["2100-01-01T00:00:00Z"],
    )
    quantiles: Levels = Field(
        default=[0.1, 0.5, 0.9],
        description="Probabilities between 0 and 1, comma-separated.",
        examples=[[0.05, 0.5, 0.95]],
    )
    group_by: Annotated[list[Dimension], BeforeValidator(split_commas)] = Field(
        default=[],
        description="Dimensions to split by, comma-separated. Workloads are always told apart.",
        examples=[["region"]],
    )

    measure: Measure | None = Field(
        default=None,
        description="`demand`: what would be asked for; `utilization`: what can be in use of it under the limits "
        "ahead. If not given, demand where a limit, a queue or a ceiling in the data is known for a selected series.",
        examples=["demand"],
    )

    unit: Unit | None = Field(
        default=None,
        description="Turn every series into this unit, by what GET /v1/accelerators knows of its accelerator; what is "
        "not known exactly is drawn once per path. As stored if not given.",
        examples=["megawatts"],
    )
    model_class: ModelClass | None = Field(
        default=None,
        description="The class of language models that `tokens_per_second` are of, such as `8b`, `70b` or `405b`.",
        examples=["70b"],
    )

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if self.horizon is not None and self.until is not None:
            raise ValueError("give either horizon or until, not both")
        return self

    @property
    def end(self) -> pd.Timestamp | None:
        """The end of the window as a UTC timestamp, if it was given."""
        return None if self.until is None else pd.Timestamp(self.until).tz_convert("UTC")
