"""How published forecasts turned out."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from demand.calendar import Granularity
from demand.errors import Invalid, NotFound
from service.api.accuracy_examples import ACCURACY
from service.api.dependencies import UnitDep
from service.api.forecast_schemas import Series
from service.api.paging import link_next
from service.api.problems import problems
from service.api.queries import LARGEST_ID, Names, SelectionQuery, split_commas
from service.store.accuracy import Accuracy, AccuracyQuestion
from service.store.series import StoredSeries
from service.stretches import leads_of

router = APIRouter(prefix="/v1/accuracy", tags=["forecasts"])

By = Literal["series", "workload", "stretch", "model", "provider", "region", "accelerator", "stage", "tenant"]


class AccuracyQuery(SelectionQuery):
    """Which outcomes, and what tells groups of them apart."""

    granularity: Granularity = Field(default=Granularity.HOUR, description="Width of the buckets.", examples=["day"])
    group_by: Annotated[list[By], BeforeValidator(split_commas)] = Field(
        default=["workload"],
        description="What tells groups apart, comma-separated: `series`, `workload` or another dimension, `stretch` of "
        "the horizon, `model` that weighed most. Units always do.",
        examples=[["workload", "stretch"], ["series"], ["model"]],
    )
    since: AwareDatetime | None = Field(
        default=None,
        description="Only outcomes from then on: whole days of hours, whole weeks of days.",
        examples=["2025-01-06T00:00:00Z"],
    )
    until: AwareDatetime | None = Field(
        default=None,
        description="Only outcomes of days or weeks that began before this instant.",
        examples=["2100-01-01T00:00:00Z"],
    )
    model: Names = Field(
        default=[], description="Only forecasts in which one of these weighed most.", examples=[["theta"]]
    )
    limit: int = Field(default=1000, ge=1, le=10_000, description="Groups per page.", examples=[100])
    after: int = Field(default=0, ge=0, le=LARGEST_ID, description="Cursor: how many groups came before.", examples=[0])

    def question(self) -> AccuracyQuestion:
        """What is asked."""
        return AccuracyQuestion(
            self.selection(),
            self.granularity,
            tuple(dict.fromkeys(self.group_by)),
            self.since,
            self.until,
            tuple(self.model),
        )


class GroupAccuracy(BaseModel):
    """How the forecasts of one group turned out, over all pairs of a published forecast and an outcome."""

    model_config = ConfigDict(json_schema_extra={"examples": [ACCURACY]})

    group: dict[str, str] = Field(
        description="The values of what is in `group_by`; a stretch by its first and last lead."
    )
    series: Series | None = Field(default=None, description="The series, if they are told apart.")
    series_id: int | None = None
    unit: str
    outcomes: int = Field(
        description="Pairs of a forecast and an outcome: one outcome counts for every forecast of it."
    )
    spans: int = Field(description="Days, of hours, or weeks, of days, that the outcomes lie in; else buckets.")
    loss: float = Field(description="Mean scaled quantile loss; lower is better.")
    naive_loss: float = Field(description="The same of the seasonal naive that was possible at the time of issue.")
    relative_loss: float | None = Field(description="The first over the second: below 1 the forecasts were better.")
    coverage_80: float = Field(description="Share of outcomes inside the 10 %-90 % band.")
    coverage_80_low: float | None = Field(
        description="Lower bound of a 95 % interval, outcomes of one span counting as one; null for a single span."
    )
    coverage_80_high: float | None = Field(description="Its upper bound.")
    bias: float = Field(description="Mean of outcome less median, in `unit`: above zero, forecasts were too low.")
    bias_percent: float | None = Field(description="The same as a percentage of the mean outcome.")
    mean_outcome: float = Field(description="In `unit`.")

    @classmethod
    def of(cls, found: Accuracy, granularity: Granularity, known: Mapping[int, StoredSeries]) -> Self:
        """The accuracy as it is shown."""
        series = known.get(found.group.get("series", 0))
        interval = found.tally.interval() or (None, None)
        named = {name: _told(name, value, granularity) for name, value in found.group.items()}
        return cls(
            group=named,
            series=None if series is None else Series.model_validate(series.key, from_attributes=True),
            series_id=None if series is None else series.id,
            unit=found.unit,
            outcomes=found.tally.n,
            spans=found.tally.spans,
            loss=found.loss,
            naive_loss=found.naive_loss,
            relative_loss=found.relative_loss,
            coverage_80=found.coverage,
            coverage_80_low=interval[0],
            coverage_80_high=interval[1],
            bias=found.error,
            bias_percent=found.error_percent,
            mean_outcome=found.actual,
        )


@router.get("", responses=problems(NotFound, Invalid))
def read_accuracy(
    query: Annotated[AccuracyQuery, Query()], request: Request, response: Response, unit: UnitDep
) -> list[GroupAccuracy]:
    """How published forecasts turned out: loss against the seasonal naive, coverage and bias.

    Every forecast that was published is scored with every outcome that has come since, by a worker within minutes, and
    again where an outcome is corrected. Nothing is told of outcomes at a limit or ceiling: what was asked for then is
    not known.
    """
    if not unit.series.find(query.selection(), limit=1):
        raise NotFound(f"no series is stored for {query.selection()}; GET /v1/series lists what there is")
    found = unit.accuracy.find(query.question(), limit=query.limit, skip=query.after)
    ids = [each.group["series"] for each in found if "series" in each.group]
    known = {series.id: series for series in unit.series.get_all(ids)} if ids else {}
    if len(found) == query.limit:
        link_next(request, response, query.after + query.limit)
    return [GroupAccuracy.of(each, query.granularity, known) for each in found]


def _told(name: str, value: Any, granularity: Granularity) -> str:
    if name != "stretch":
        return str(value)
    first, last = leads_of(value, granularity)
    return f"{first}-{last}"
