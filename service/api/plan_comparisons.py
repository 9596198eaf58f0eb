"""What changed between two plans, as it is shown."""

from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from planning.pacing.comparison import Change, Comparison, Moved
from service.api import plan_examples as examples
from service.api.plan_schemas import SHOWN, ActionAnswer, finite
from service.plans import what_changed
from service.store.plans import StoredPlan


class ChangeAnswer(BaseModel):
    """A block that is to be treated otherwise."""

    block: str
    before: ActionAnswer | None = Field(description="Null if the block is new.")
    after: ActionAnswer | None = Field(description="Null if the block is gone.")
    regret: float | None = Field(description="What it would cost to keep to the earlier action; null if not known.")
    breaks_limit: bool = Field(description="Whether the earlier action would break a limit now.")
    why: str

    @classmethod
    def of(cls, change: Change) -> Self:
        """The change as it is shown."""
        return cls(
            block=change.block,
            before=None if change.before is None else ActionAnswer.of(change.before),
            after=None if change.after is None else ActionAnswer.of(change.after),
            regret=None if change.regret is None else finite(change.regret),
            breaks_limit=change.regret is not None and not np.isfinite(change.regret),
            why=change.why,
        )


class MovedInput(BaseModel):
    """An input that is not what it was; null where there was, or is, none."""

    model_config = SHOWN

    what: str
    before: float | str | None
    after: float | str | None

    @classmethod
    def of(cls, moved: Moved) -> Self:
        """The input as it is shown."""
        return cls.model_validate(moved)


class PlanComparison(BaseModel):
    """What changed from one plan to another, and why."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.COMPARISON]})

    before: int = Field(description="The id of the earlier plan.")
    after: int = Field(description="The id of the later one.")
    objective_difference: float = Field(description="How much more the later plan costs.")
    kept: int = Field(description="How many blocks are treated as before.")
    changes: list[ChangeAnswer]
    moved: list[MovedInput] = Field(description="Inputs that moved, those that moved most first.")

    @classmethod
    def of(cls, before: StoredPlan, after: StoredPlan) -> Self:
        """Two plans compared.

        Raises:
            Invalid: they are in different currencies.
        """
        found: Comparison = what_changed(before, after)
        return cls(
            before=before.id,
            after=after.id,
            objective_difference=found.objective,
            kept=found.n_kept,
            changes=[ChangeAnswer.of(each) for each in found.changes],
            moved=[MovedInput.of(each) for each in found.moved],
        )
