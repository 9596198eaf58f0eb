"""Kept plans as they are answered: whole, and in lists."""

from collections import Counter
from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from service.api import plan_examples as examples
from service.api.plan_comparisons import PlanComparison
from service.api.plan_schemas import (
    AdviceAnswer,
    ClosedWay,
    CostsAnswer,
    GroundsAnswer,
    InformationAnswer,
    PriceAnswer,
    ReviewAnswer,
    StochasticAnswer,
)
from service.store.plans import StoredPlan


class PlanSummary(BaseModel):
    """A kept plan in short."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SUMMARY]})

    id: int
    made_at: datetime
    made_by: str
    note: str
    based_on: int | None = Field(description="The plan that it was compared with when it was made.")
    scenario: str | None
    currency: str
    objective: float
    expected: float = Field(description="Expected cost.")
    gap: float | None = Field(description="Relative; null where no bound was found in time.")
    in_time: bool
    actions: dict[str, int] = Field(description="How many blocks proceed, slow, pause or are cancelled.")

    @classmethod
    def of(cls, stored: StoredPlan) -> Self:
        """The plan in short."""
        kept = stored.kept
        return cls(
            id=stored.id,
            made_at=stored.made_at,
            made_by=kept.signature.by,
            note=kept.signature.note,
            based_on=kept.based_on,
            scenario=kept.grounds.scenario,
            currency=kept.grounds.currency,
            objective=kept.plan.objective,
            expected=kept.plan.costs.expected,
            gap=kept.plan.gap,
            in_time=kept.plan.in_time,
            actions=dict(Counter(each.action.move.value for each in kept.plan.blocks)),
        )


class PlanAnswer(BaseModel):
    """A kept plan."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PLAN]})

    id: int
    made_at: datetime
    made_by: str
    note: str
    based_on: int | None = Field(description="The plan that it was compared with when it was made.")
    planned_at: datetime = Field(description="The date of planning, which says what ways out are open.")
    blocks: list[AdviceAnswer]
    objective: float = Field(
        description="Expected cost plus the weight times CVaR, discounted, if all is carried out as it stands now."
    )
    bound: float | None = Field(
        description="No plan with the same actions on what is due costs less; null where none was found in time."
    )
    gap: float | None = Field(description="Of the two, relative to the objective; null where no bound was found.")
    in_time: bool = Field(description="Whether the gap that was asked for was reached before time was over.")
    costs: CostsAnswer
    prices: list[PriceAnswer] = Field(description="Shadow prices of limits that bind.")
    closed: list[ClosedWay] = Field(description="Ways out that are not available.")
    stochastic: StochasticAnswer = Field(description="The value of the stochastic solution.")
    information: InformationAnswer = Field(description="The value of perfect information.")
    review: ReviewAnswer | None = Field(description="Null if all is decided at once.")
    comparison: PlanComparison | None = Field(
        description="With the plan that it is based on; null if that is none, or was forgotten."
    )
    grounds: GroundsAnswer
    order: dict[str, Any] = Field(description="What was asked.")

    @classmethod
    def of(cls, stored: StoredPlan, before: StoredPlan | None) -> Self:
        """The plan as it is shown, compared with an earlier one if that is given."""
        kept = stored.kept
        plan = kept.plan
        return cls(
            id=stored.id,
            made_at=stored.made_at,
            made_by=kept.signature.by,
            note=kept.signature.note,
            based_on=kept.based_on,
            planned_at=plan.made,
            blocks=[AdviceAnswer.of(each) for each in plan.blocks],
            objective=plan.objective,
            bound=plan.bound,
            gap=plan.gap,
            in_time=plan.in_time,
            costs=CostsAnswer.of(plan.costs),
            prices=[PriceAnswer.of(each) for each in plan.prices],
            closed=[ClosedWay.model_validate(each) for each in plan.closed],
            stochastic=StochasticAnswer.model_validate(plan.stochastic),
            information=InformationAnswer.of(plan.information),
            review=None if plan.review is None else ReviewAnswer.model_validate(plan.review),
            comparison=None if before is None else PlanComparison.of(before, stored),
            grounds=GroundsAnswer.of(kept.grounds),
            order=dict(kept.order),
        )
