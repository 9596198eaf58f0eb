"""Pacing plans: what to do about each block, kept and compared."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response, status
from pydantic import Field

from demand.errors import Invalid, NotFound, TooLarge
from planning.pacing.comparison import compare
from service.api.bodies import Stalled, Unreadable
from service.api.dependencies import PlanTurnsDep, SettingsDep, StoreDep, UnitDep
from service.api.exports import EXPORTED, Export, exported
from service.api.paging import link_next
from service.api.plan_answers import PlanAnswer, PlanSummary
from service.api.plan_comparisons import PlanComparison
from service.api.plan_order import PlanOrder
from service.api.problems import problems
from service.api.queries import LARGEST_ID, Name, StrictQuery
from service.api.signatures import LONGEST_ACTOR, ActorHeader, SignedQuery
from service.plans import forget, plan, predecessor
from service.report.page import report
from service.report.plan import PlanView, plan_part, plan_table
from service.store.capacity_blocks import UNSIGNED

router = APIRouter(prefix="/v1/plans", tags=["planning"])

PlanId = Annotated[int, Path(ge=1, le=LARGEST_ID, description="The id of a plan.", examples=[1])]


class PlanListQuery(StrictQuery):
    """A page of plans."""

    limit: int = Field(default=50, ge=1, le=1000, description="Plans per page.", examples=[10])
    after: int | None = Field(
        default=None, ge=1, le=LARGEST_ID, description="Cursor: plans older than this one.", examples=[2]
    )


class PlannerQuery(StrictQuery):
    """Who plans."""

    by: Name = Field(
        default="",
        max_length=LONGEST_ACTOR,
        description="Who asks for it, kept with the plan; the header `X-Actor` says it too. Nobody checks it.",
        examples=["anna"],
    )


class PlanComparisonQuery(StrictQuery):
    """Which plan to compare with."""

    other: int = Field(
        alias="with", ge=1, le=LARGEST_ID, description="The id of the earlier plan to compare with.", examples=[1]
    )


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problems(NotFound, Invalid, Stalled, TooLarge, Unreadable),
)
def create_plan(  # noqa: PLR0913, PLR0917 - every argument is a part of the request
    order: PlanOrder,
    query: Annotated[PlannerQuery, Query()],
    response: Response,
    store: StoreDep,
    settings: SettingsDep,
    turns: PlanTurnsDep,
    actor: ActorHeader = "",
) -> PlanAnswer:
    """Decide for every block: proceed, slow by some months, pause or cancel, at least cost over the paths.

    What is least is the expected cost of payments, shortage and idle capacity plus a weight on CVaR, within budgets,
    power and minimum service. Ways out that are closed at the date of planning are not taken. It takes up to the time
    limit and half of it, and answers the best plan that was found, with its gap. Only a few plans are made at once;
    one more is answered 503.
    """
    by = query.by.strip() or actor.strip() or UNSIGNED.by
    stored = plan(store, order.ordered(settings, by), settings.max_series_per_answer, turns)
    response.headers["Location"] = f"{router.prefix}/{stored.id}"
    with store.read() as unit:
        return PlanAnswer.of(stored, predecessor(stored, unit))


@router.get("", responses=problems(Invalid))
def list_plans(
    query: Annotated[PlanListQuery, Query()], request: Request, response: Response, unit: UnitDep
) -> list[PlanSummary]:
    """The kept plans in short, the newest first."""
    found = unit.plans.page(limit=query.limit, after=query.after)
    if len(found) == query.limit:
        link_next(request, response, found[-1].id)
    return [PlanSummary.of(stored) for stored in found]


@router.get("/{plan_id}", response_model=PlanAnswer, responses={**EXPORTED, **problems(NotFound, Invalid)})
def read_plan(
    plan_id: PlanId,
    _: Annotated[StrictQuery, Query()],
    request: Request,
    response: Response,
    unit: UnitDep,
) -> PlanAnswer | Response:
    """One kept plan, compared with what it is based on.

    With `Accept: text/csv` or `application/vnd.apache.parquet` it is a table with a row per block and action; with
    `text/html` a page to print.
    """
    response.headers["Vary"] = "Accept"
    stored = unit.plans.get(plan_id)
    before = predecessor(stored, unit)
    made, currency = stored.kept.plan, stored.kept.grounds.currency
    changes = None if before is None else compare(before.kept.plan, made)
    export = Export(
        f"plan-{stored.id}",
        lambda: plan_table(made, currency),
        lambda: report(None, plan_part(PlanView(made, currency, changes)), stored.made_at),
    )
    return exported(request, export) or PlanAnswer.of(stored, before)


@router.get("/{plan_id}/comparison", responses=problems(NotFound, Invalid))
def compare_plans(plan_id: PlanId, query: Annotated[PlanComparisonQuery, Query()], unit: UnitDep) -> PlanComparison:
    """What changed from the plan named by `with` to this one: blocks treated otherwise, and inputs that moved."""
    return PlanComparison.of(unit.plans.get(query.other), unit.plans.get(plan_id))


@router.post(
    "/{plan_id}/replan",
    status_code=status.HTTP_201_CREATED,
    responses=problems(NotFound, Invalid),
)
def replan(  # noqa: PLR0913, PLR0917 - every argument is a part of the request
    plan_id: PlanId,
    query: Annotated[SignedQuery, Query()],
    response: Response,
    store: StoreDep,
    settings: SettingsDep,
    turns: PlanTurnsDep,
    actor: ActorHeader = "",
) -> PlanAnswer:
    """Ask the same again, with the ledger, the pools and the forecasts of now, and see what changed and why.

    The date of planning is the present moment, whatever it was; the new plan is kept beside the old one.
    """
    with store.read() as unit:
        before = unit.plans.get(plan_id)
    signature = query.signature(actor)
    order = PlanOrder.again(before, signature.note)
    stored = plan(store, order.ordered(settings, signature.by), settings.max_series_per_answer, turns)
    response.headers["Location"] = f"{router.prefix}/{stored.id}"
    return PlanAnswer.of(stored, before)


@router.delete("/{plan_id}", responses=problems(NotFound, Invalid))
def delete_plan(plan_id: PlanId, _: Annotated[StrictQuery, Query()], store: StoreDep) -> PlanSummary:
    """Forget a plan, and answer what it was in short; its number is not given again."""
    return PlanSummary.of(forget(store, plan_id))
