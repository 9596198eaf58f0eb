"""Scenarios side by side, and which of their assumptions matters most."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from demand.errors import Invalid, NotFound, TooLarge
from planning.ledger import Commitment
from planning.scenarios.outcomes import Yardstick
from service.api.bodies import Unreadable
from service.api.comparison_schemas import COUNTED, ComparisonAnswer, ComparisonOrder, TornadoAnswer
from service.api.dependencies import SettingsDep, UnitDep
from service.api.planning_query import SupplyQuery
from service.api.problems import problems
from service.api.queries import LARGEST_ID, StrictQuery
from service.api.scenarios import Named
from service.scenarios import MarketQuestion, compare, rank_assumptions

router = APIRouter(prefix="/v1/scenarios", tags=["scenarios"])


class TornadoQuery(SupplyQuery):
    """Which outcome, over a part of the fleet."""

    outcome: Yardstick = Field(
        default=Yardstick.DEMAND,
        description="Demand of the last bucket on average, of all or one workload; what is unmet or idle on average "
        "over time; what that costs over the whole horizon on average; the chance of any shortage, or that inference "
        "passes training.",
        examples=["inference"],
    )
    counted: Commitment = Field(default=Commitment.COMMITTED, description=COUNTED, examples=["everything"])
    version: int | None = Field(
        default=None, ge=1, le=LARGEST_ID, description="Of the scenario; the newest if not given.", examples=[1]
    )


@router.post("/compare", responses=problems(NotFound, Invalid, TooLarge, Unreadable))
def compare_scenarios(
    order: ComparisonOrder, _: Annotated[StrictQuery, Query()], unit: UnitDep, settings: SettingsDep
) -> ComparisonAnswer:
    """Scenarios beside what is ahead without any: demand, supply, shortage, idle capacity and the crossover.

    What scenarios have in common is drawn alike in all of them, so differences are told path by path.
    """
    chosen = [unit.scenarios.get(each.name, each.version).scenario for each in order.scenarios]
    chosen += [draft.scenario() for draft in order.drafts]
    market = MarketQuestion(order.counted, order.supply())
    found = compare(order.demand(settings), market, chosen, unit, settings.max_series_per_answer)
    return ComparisonAnswer.of(found, order)


@router.get("/{scenario_name}/tornado", responses=problems(NotFound, Invalid))
def read_tornado(
    scenario_name: Named, query: Annotated[TornadoQuery, Query()], unit: UnitDep, settings: SettingsDep
) -> TornadoAnswer:
    """How far each assumption moves an outcome: every uncertain number at its low and its high, one at a time.

    The others are held at their middle, while demand varies as its paths do; each event is also left out as a whole.
    """
    scenario = unit.scenarios.get(scenario_name, query.version).scenario
    asked = query.demand(settings)
    question = (scenario, query.outcome)
    market = MarketQuestion(query.counted, query.supply())
    found = rank_assumptions(asked, market, question, unit, settings.max_series_per_answer)
    return TornadoAnswer.of(found, (scenario_name, scenario.version), query.outcome)
