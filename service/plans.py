"""How plans are made, kept and compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from demand.errors import Invalid
from planning.pacing.comparison import Comparison, compare
from planning.pacing.plan import make_plan
from planning.pacing.solving import Effort
from service.plan_grounds import PlanQuestion, pose, read_material
from service.plan_turns import PlanTurns
from service.store.capacity_blocks import UNSIGNED, Signature
from service.store.engine import Store
from service.store.plans import KeptPlan, StoredPlan
from service.store.unit_of_work import UnitOfWork

MOST_BESIDE = 20.0
"""Seconds at most for what is told beside a plan; half of its time where that is less."""


@dataclass(frozen=True)
class PlanOrdered:
    """A plan that somebody asks for.

    Attributes:
        question: what is asked.
        seconds: to look for the plan.
        gap: relative, that is good enough.
        document: the same as JSON, kept with the plan.
        signature: who asks, and why.
        based_on: the id of a plan to compare with; None for none.
    """

    question: PlanQuestion
    seconds: float = 60.0
    gap: float = 1e-3
    document: Mapping[str, Any] | None = None
    signature: Signature = UNSIGNED
    based_on: int | None = None

    @property
    def effort(self) -> Effort:
        """How hard to look."""
        return Effort(gap=self.gap, seconds=self.seconds, seconds_beside=min(MOST_BESIDE, self.seconds / 2))


def plan(store: Store, ordered: PlanOrdered, most: int, turns: PlanTurns | None = None) -> StoredPlan:
    """Make a plan of what is stored now, and keep it; nothing is held in the store while it is looked for.

    Args:
        store: to read from and to keep the plan in.
        ordered: what is asked.
        most: how many series are planned for at most.
        turns: of plans that are made at once; any number if not given.

    Raises:
        Busy: no turn is left.
        NotFound: no demand is selected or forecast, or the scenario or the earlier plan is not stored.
        NoPlan: no plan keeps all limits; the message names those that clash.
        OutOfTime: none was found in time.
        Invalid: what is asked, or the ledger, does not go together.
    """
    with (turns or PlanTurns(1)).turn():
        with store.read() as unit:
            before = None if ordered.based_on is None else unit.plans.get(ordered.based_on)
            material = read_material(ordered.question, unit, most, store.now())
            if before is not None:
                _check_currency(before, material.supply.currency, "the ledger")
        problem, grounds = pose(material)
        made = make_plan(problem, ordered.effort, material.review)
    kept = KeptPlan(dict(ordered.document or {}), made, grounds, ordered.signature, ordered.based_on)
    with store.begin() as unit:
        return unit.plans.add(kept)


def what_changed(before: StoredPlan, after: StoredPlan) -> Comparison:
    """What changed from one plan to another, and why.

    Raises:
        Invalid: they are in different currencies.
    """
    _check_currency(before, after.kept.grounds.currency, f"plan {after.id}")
    return compare(before.kept.plan, after.kept.plan)


def forget(store: Store, plan_id: int) -> StoredPlan:
    """Forget a plan, and return what it was.

    Raises:
        PlanNotFound: it is not kept.
    """
    with store.begin() as unit:
        return unit.plans.remove(plan_id)


def predecessor(stored: StoredPlan, unit: UnitOfWork) -> StoredPlan | None:
    """The plan that one is based on, if it is based on one that is still kept."""
    wanted = stored.kept.based_on
    if wanted is None:
        return None
    return next((each for each in unit.plans.page(limit=1, after=wanted + 1) if each.id == wanted), None)


def _check_currency(before: StoredPlan, currency: str, whose: str) -> None:
    earlier = before.kept.grounds.currency
    if earlier != currency:
        raise Invalid(
            f"plan {before.id} is in {earlier} and {whose} in {currency}, so they cannot be compared; plan "
            "without based_on"
        )
