"""When inference passes training."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BeforeValidator, Field

from demand.errors import Invalid, NotFound
from service.api.crossover_schemas import CrossoverAnswer
from service.api.dependencies import SettingsDep, UnitDep
from service.api.forecast_query import Dimension
from service.api.planning_query import ToldQuery
from service.api.problems import problems
from service.api.queries import split_commas
from service.crossovers import compare_workloads, told_in

router = APIRouter(prefix="/v1/crossover", tags=["planning"])


class CrossoverQuery(ToldQuery):
    """Demand, and the dimensions to split it by."""

    group_by: Annotated[list[Dimension], BeforeValidator(split_commas)] = Field(
        default=[], description="Dimensions to split by, comma-separated.", examples=[["region"]]
    )


@router.get("", responses=problems(NotFound, Invalid))
def read_crossover(query: Annotated[CrossoverQuery, Query()], unit: UnitDep, settings: SettingsDep) -> CrossoverAnswer:
    """When inference demand passes training demand and stays above: its date as a distribution, and shares over time.

    It is told up to the horizon: whether training comes back after it cannot be known. Demand that nobody has
    classified counts for neither. Series are compared in accelerators, or each is turned into `unit` before it is
    summed; one that cannot be is refused then, and left out otherwise.
    """
    asked = told_in(query.demand(settings), query.told)
    most = settings.max_series_per_answer
    crossing = compare_workloads(asked, query.group_by, query.quantiles, unit, most)
    return CrossoverAnswer.of(crossing, query.group_by, query.quantiles, query.measure)
