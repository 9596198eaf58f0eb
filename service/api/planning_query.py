"""What questions about demand against supply have in common."""

from typing import Annotated, Self

import pandas as pd
from pydantic import AwareDatetime, Field, model_validator

from demand.calendar import Granularity
from demand.limits import Measure
from service.api.forecast_query import Levels
from service.api.queries import SelectionQuery
from service.demand_ahead import DemandQuestion
from service.settings import Settings

MOST_PATHS = 1000
"""Paths that an answer about supply is computed from at most."""

Chance = Annotated[float, Field(gt=0, lt=1)]


class PlanningQuery(SelectionQuery):
    """A part of the fleet, a window ahead and the quantiles wanted."""

    granularity: Granularity | None = Field(
        default=None,
        description="Width of the buckets; if not given, the coarsest that is forecast, months before all.",
        examples=["day"],
    )
    horizon: int | None = Field(
        default=None,
        ge=1,
        description="Buckets ahead; all that is published if neither this nor `until` is given.",
        examples=[24],
    )
    until: AwareDatetime | None = Field(
        default=None,
        description="End of the window instead of a horizon, exclusive.",
        examples=["2025-01-20T00:00:00Z"],
    )
    quantiles: Levels = Field(
        default=[0.1, 0.5, 0.9],
        description="Probabilities between 0 and 1, comma-separated.",
        examples=[[0.05, 0.5, 0.95]],
    )
    measure: Measure = Field(
        default=Measure.DEMAND,
        description="`demand`: what would be asked for; `utilization`: what can be in use of it under known limits.",
        examples=["demand"],
    )
    paths: int | None = Field(
        default=None,
        ge=1,
        le=MOST_PATHS,
        description="Joint sample paths that the answer is computed from; those of forecasts if not given.",
        examples=[200],
    )

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if self.horizon is not None and self.until is not None:
            raise ValueError("give either horizon or until, not both")
        return self

    def demand(self, settings: Settings) -> DemandQuestion:
        """The demand that is asked for."""
        return DemandQuestion(
            selection=self.selection(),
            granularity=self.granularity,
            horizon=self.horizon,
            end=None if self.until is None else pd.Timestamp(self.until).tz_convert("UTC"),
            measure=self.measure,
            n_paths=self.paths or min(settings.paths, MOST_PATHS),
        )
