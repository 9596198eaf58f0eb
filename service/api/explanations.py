"""Why the forecast of a series is what it is."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from demand.calendar import Granularity
from demand.errors import Invalid, NotFound
from service.api.dependencies import UnitDep
from service.api.explanation_schemas import Explanation
from service.api.forecast_query import ModelClass, Unit
from service.api.problems import problems
from service.api.queries import LARGEST_ID, SelectionQuery
from service.explained import explain_stored
from service.explained_units import explain_in
from service.supply_ahead import Told

router = APIRouter(prefix="/v1/forecasts/explain", tags=["forecasts"])


class ExplanationQuery(SelectionQuery):
    """One series, by its id or by filters that leave only it."""

    series_id: int | None = Field(
        default=None,
        ge=1,
        le=LARGEST_ID,
        description="The id of the series; without it the filters must leave exactly one.",
        examples=[1],
    )
    granularity: Granularity = Field(default=Granularity.HOUR, description="Width of the buckets.", examples=["day"])
    horizon: int | None = Field(
        default=None, ge=1, description="Buckets ahead; all that is published if not given.", examples=[24]
    )
    unit: Unit | None = Field(
        default=None,
        description="Tell all levels in this unit, every figure of the conversion at its middle; as it is stored if "
        "not given.",
        examples=["megawatts"],
    )
    model_class: ModelClass | None = Field(
        default=None, description="The class of language models that `tokens_per_second` are of.", examples=["70b"]
    )


@router.get("", responses=problems(NotFound, Invalid))
def explain_forecast(query: Annotated[ExplanationQuery, Query()], unit: UnitDep) -> Explanation:
    """The forecast of one series taken apart: weights, the members' own forecasts, trend and seasons, past errors.

    Everything is what was stored with the forecast, or arithmetic on it and on the history that its run knew.
    """
    made = explain_stored(unit, query.selection(), query.series_id, query.granularity, query.horizon)
    return Explanation.of(explain_in(made, Told(query.unit, query.model_class or ""), unit))
