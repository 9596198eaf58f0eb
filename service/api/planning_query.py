"""What questions about demand against supply have in common."""

from typing import Annotated, Literal, Self

import pandas as pd
from pydantic import AwareDatetime, BeforeValidator, Field, model_validator

from demand.calendar import Granularity
from demand.limits import Measure
from planning.outlook import OutlookQuestion
from service.api.forecast_query import Levels, ModelClass, Unit
from service.api.queries import SelectionQuery, split_commas
from service.demand_ahead import DemandQuestion
from service.outlooks import USUAL, Prices, SupplyQuestion
from service.settings import Settings
from service.supply_ahead import Told

MOST_PATHS = 1000
"""Paths that an answer about supply is computed from at most."""

Chance = Annotated[float, Field(gt=0, lt=1)]

Price = Annotated[float, Field(ge=0, le=1e12)]


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


class ToldQuery(PlanningQuery):
    """The same, and the unit of the answer."""

    unit: Unit | None = Field(
        default=None,
        description="Tell all levels in this unit, by what GET /v1/accelerators knows of the accelerators; what is not "
        "known exactly is drawn once per path. As they are counted if not given. Money does not depend on it.",
        examples=["megawatts"],
    )
    model_class: ModelClass | None = Field(
        default=None,
        description="The class of language models that `tokens_per_second` are of, such as `8b`, `70b` or `405b`.",
        examples=["70b"],
    )

    @property
    def told(self) -> Told:
        """The unit of the answer."""
        return Told(self.unit, self.model_class or "")


class SupplyQuery(ToldQuery):
    """The same, how pools are told apart, and what shortage and idleness cost."""

    pool_by: Annotated[list[Literal["region", "accelerator"]], BeforeValidator(split_commas)] | None = Field(
        default=None,
        description="What tells pools apart, comma-separated: the supply of a pool serves all of its demand. If not "
        "given, the pools of `/v1/pools` are used.",
        examples=[["region"]],
    )
    cost_short: Price | None = Field(
        default=None,
        description="What an accelerator costs that is missing for an hour, in the currency of the ledger; if not "
        "given, what the classes of `/v1/pools` say.",
        examples=[9.5],
    )
    cost_idle: Price | None = Field(
        default=None,
        description="What an accelerator costs that idles for an hour; if not given, what `/v1/pools` says.",
        examples=[1.5],
    )
    slip_correlation: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.5,
        description="How much the delays of blocks of one provider in one region have in common, from 0 to 1.",
        examples=[0.8],
    )

    def supply(self, told: OutlookQuestion = USUAL) -> SupplyQuestion:
        """The supply that is asked for, and what is told of it."""
        return SupplyQuestion(
            pool_by=None if self.pool_by is None else tuple(self.pool_by),
            prices=Prices(self.cost_short, self.cost_idle),
            told=told,
            slip_correlation=self.slip_correlation,
            unit=self.told,
        )
