"""The models that forecasts come from."""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from demand.calendar import Granularity
from demand.errors import Invalid
from demand.series import Selection
from forecasting.catalogue import catalogue
from service.api import examples
from service.api.dependencies import UnitDep
from service.api.problems import problems
from service.api.queries import StrictQuery
from training.recipe import Choice

router = APIRouter(prefix="/v1/models", tags=["models"])


class Model(BaseModel):
    """A model of the catalogue at one granularity."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.MODEL]})

    name: str
    granularity: Granularity
    description: str
    across_series: bool = Field(description="Whether series learn from each other.")
    champion_of: int = Field(description="In the forecasts of how many series it weighs most at the moment.")


@router.get("", responses=problems(Invalid))
def list_models(_: Annotated[StrictQuery, Query()], unit: UnitDep) -> list[Model]:
    """The catalogue, and in how many forecasts each model weighs most."""
    everything = [series.id for series in unit.series.find(Selection())]
    return [
        Model(
            name=model.name,
            granularity=granularity,
            description=model.description,
            across_series=model.across_series,
            champion_of=champions[model.name],
        )
        for granularity in Granularity
        for champions in [_heaviest(unit.forecasts.choices(everything, granularity).values())]
        for model in catalogue(granularity)
    ]


def _heaviest(choices: Iterable[Choice]) -> Counter[str]:
    return Counter(next(iter(choice.mean_weights()), choice.model) for choice in choices)
