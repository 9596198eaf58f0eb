"""What is asked of a plan."""

from typing import Annotated, Literal, Self

import pandas as pd
from pydantic import ConfigDict, Field, FiniteFloat

from demand.calendar import Granularity
from demand.errors import Invalid
from demand.limits import Measure
from planning.ledger import Commitment
from planning.pacing.problem import Risk
from service.api import plan_examples as examples
from service.api.comparison_schemas import COUNTED, ScenarioChoice
from service.api.instants import Instant
from service.api.pool_names import PoolName
from service.api.queries import LARGEST_ID, Name, SelectionQuery
from service.demand_ahead import DemandQuestion
from service.outlooks import Prices
from service.plan_grounds import LimitsAsked, PerStep, PlanQuestion
from service.plans import PlanOrdered
from service.settings import Settings
from service.store.capacity_blocks import Signature
from service.store.plans import StoredPlan

MOST_PATHS = 500
USUAL_PATHS = 200
LONGEST_NOTE = 2000

Price = Annotated[FiniteFloat, Field(ge=0, le=1e12)]
Amount = Annotated[FiniteFloat, Field(ge=0, le=1e18)]
Steps = Annotated[list[Amount], Field(min_length=1, max_length=10_000)]
Share = Annotated[FiniteFloat, Field(ge=0, le=1)]
Megawatts = Annotated[FiniteFloat, Field(gt=0, le=1e6)]


class PlanOrder(SelectionQuery):
    """A plan to be made: what for, at what prices, within which limits, and how hard to look."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [*examples.ORDERS]})

    granularity: Granularity = Field(default=Granularity.MONTH, description="Width of the steps.")
    horizon: int | None = Field(default=None, ge=1, description="Steps ahead; all that is forecast if not given.")
    measure: Measure = Field(default=Measure.DEMAND, description="As for `GET /v1/outlook`.")
    scenario: ScenarioChoice | None = Field(default=None, description="A stored scenario that happens.")
    counted: Commitment = Field(default=Commitment.EVERYTHING, description=COUNTED)
    pool_by: list[Literal["region", "accelerator"]] | None = Field(
        default=None, max_length=2, description="What tells pools apart; the pools of `/v1/pools` if not given."
    )
    cost_short: Price | None = Field(
        default=None,
        description="What an accelerator costs that is missing for an hour; what `/v1/pools` says if not given.",
    )
    cost_idle: Price | None = Field(
        default=None,
        description="What an accelerator costs that idles for an hour; what `/v1/pools` says if not given.",
    )
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = Field(
        default=None, description="That all amounts are in; refused where it is not that of the ledger."
    )
    risk_weight: Annotated[FiniteFloat, Field(ge=0, le=1e6)] = Field(
        default=0.0, description="Of CVaR, added to the expected cost; 0 is neutral to risk."
    )
    cvar_level: Annotated[FiniteFloat, Field(ge=0, lt=1)] = Field(
        default=0.9, description="CVaR is the mean cost of the dearest paths beyond this probability."
    )
    budget: Amount | None = Field(
        default=None, description="For all that is paid from now on, on average over the paths, not discounted."
    )
    budget_per_step: Amount | Steps | None = Field(
        default=None, description="For what is paid in each step: one number for all of them, or one for each."
    )
    power_mw: Amount | Steps | None = Field(
        default=None, description="For all blocks together, on every path: one number for all steps, or one for each."
    )
    megawatts_each: Annotated[dict[Name, Megawatts], Field(max_length=1000)] = Field(
        default={},
        description="Power of one accelerator with all that it needs around it, by its name, in place of what "
        "`/v1/accelerators` says.",
    )
    minimum_service: Annotated[dict[PoolName, Share], Field(max_length=1000)] = Field(
        default={},
        description="By class, the share of its own expected demand that must be served over the horizon, as "
        "`GET /v1/outlook` gives supply out; what other classes are served does not count for it.",
    )
    discount_rate: Annotated[FiniteFloat, Field(ge=0, le=10)] = Field(
        default=0.0, description="Per year; 0.08 makes a payment in a year worth 1/1.08 of one now."
    )
    paths: int = Field(default=USUAL_PATHS, ge=1, le=MOST_PATHS, description="Joint sample paths that are planned for.")
    seed: int = Field(default=0, ge=0, le=LARGEST_ID, description="Of slips, conversions and events.")
    slip_correlation: Share = Field(default=0.5, description="As for `GET /v1/outlook`.")
    at: Instant | None = Field(default=None, description="The date of planning; the present moment if not given.")
    review_months: int = Field(
        default=3,
        ge=0,
        le=120,
        description="In how many months plans are made again. What is not due before may follow what is seen by then, "
        "and what is due is decided so; 0 to decide all at once.",
    )
    time_limit: Annotated[FiniteFloat, Field(gt=0)] = Field(
        default=60.0, description="Seconds to look for the plan; half as long, and 20 at most, for what is told of it."
    )
    gap: Share = Field(default=0.001, description="Relative; a plan is good enough when none can save more.")
    based_on: int | None = Field(default=None, ge=1, le=LARGEST_ID, description="A kept plan to compare with.")
    note: Annotated[Name, Field(max_length=LONGEST_NOTE)] = Field(default="", description="Why, kept with the plan.")

    @classmethod
    def again(cls, before: StoredPlan, note: str) -> Self:
        """What a kept plan was asked, asked at the present moment and compared with it."""
        return cls.model_validate({**before.kept.order, "at": None, "based_on": before.id, "note": note})

    def ordered(self, settings: Settings, by: str) -> PlanOrdered:
        """The plan that is asked for.

        Raises:
            Invalid: it may not take as long.
        """
        if self.time_limit > settings.plan_seconds:
            raise Invalid(
                f"a time limit of {self.time_limit:g} s is over the {settings.plan_seconds:g} s that this service "
                "gives one plan; ask for less, or raise COMPUTECAST_PLAN_SECONDS"
            )
        return PlanOrdered(
            self._question(),
            self.time_limit,
            self.gap,
            self.model_dump(mode="json", exclude_none=True),
            Signature(by, self.note.strip()),
            self.based_on,
        )

    def _question(self) -> PlanQuestion:
        demand = DemandQuestion(
            selection=self.selection(),
            granularity=self.granularity,
            horizon=self.horizon,
            measure=self.measure,
            n_paths=self.paths,
        )
        return PlanQuestion(
            demand=demand,
            counted=self.counted,
            pool_by=None if self.pool_by is None else tuple(self.pool_by),
            prices=Prices(self.cost_short, self.cost_idle),
            scenario=None if self.scenario is None else (self.scenario.name, self.scenario.version),
            limits=self._limits(),
            risk=Risk(self.risk_weight, self.cvar_level),
            discount_rate=self.discount_rate,
            at=None if self.at is None else pd.Timestamp(self.at).tz_convert("UTC").as_unit("ns"),
            currency=self.currency,
            seed=self.seed,
            slip_correlation=self.slip_correlation,
            review_months=self.review_months,
        )

    def _limits(self) -> LimitsAsked:
        return LimitsAsked(
            self.budget,
            _per_step(self.budget_per_step),
            _per_step(self.power_mw),
            self.megawatts_each,
            self.minimum_service,
        )


def _per_step(given: float | list[float] | None) -> PerStep | None:
    return tuple(given) if isinstance(given, list) else given
