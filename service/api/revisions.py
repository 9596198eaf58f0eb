"""Forecast against forecast: how the view of the same buckets changed."""

from datetime import datetime
from typing import Annotated

import pandas as pd
from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BeforeValidator, Field

from demand.calendar import Granularity
from demand.errors import Invalid, NotFound
from demand.limits import Measure
from service.api.dependencies import SettingsDep, UnitDep
from service.api.forecast_query import Dimension, Levels, ModelClass, Unit
from service.api.instants import Instant
from service.api.problems import problems
from service.api.queries import SelectionQuery, split_commas
from service.api.revision_schemas import ForecastRevisions
from service.revisions import RevisionQuestion, revisions

router = APIRouter(prefix="/v1/forecasts/revisions", tags=["forecasts"])


class RevisionQuery(SelectionQuery):
    """A part of the fleet, some buckets, and which publications about them."""

    granularity: Granularity = Field(default=Granularity.HOUR, description="Width of the buckets.", examples=["day"])
    start: Instant = Field(
        description="A moment in the bucket that is asked about, or in the first of several.",
        examples=["2025-01-08T06:00:00Z"],
    )
    end: Instant | None = Field(
        default=None,
        description="The end of the last of several buckets, exclusive; one bucket if not given.",
        examples=["2025-01-09T00:00:00Z"],
    )
    since: AwareDatetime | None = Field(
        default=None, description="Only what was published from then on.", examples=["2025-01-06T00:00:00Z"]
    )
    before: AwareDatetime | None = Field(
        default=None,
        description="Only what was published before this instant; also the cursor of older pages.",
        examples=["2100-01-01T00:00:00Z"],
    )
    quantiles: Levels = Field(
        default=[0.1, 0.5, 0.9],
        description="Probabilities between 0 and 1, comma-separated.",
        examples=[[0.05, 0.5, 0.95]],
    )
    group_by: Annotated[list[Dimension], BeforeValidator(split_commas)] = Field(
        default=[], description="Dimensions to split by, comma-separated.", examples=[["region"]]
    )
    measure: Measure = Field(
        default=Measure.DEMAND,
        description="`demand`: what would be asked for; `utilization`: what can be in use of it under known limits.",
        examples=["demand"],
    )
    unit: Unit | None = Field(
        default=None, description="Turn every series into this unit; as stored if not given.", examples=["megawatts"]
    )
    model_class: ModelClass | None = Field(
        default=None, description="The class of language models of `tokens_per_second`.", examples=["70b"]
    )
    actual: bool = Field(default=False, description="Also tell what came true, as it is known now.", examples=[True])
    limit: int = Field(default=20, ge=1, le=200, description="Publications per page, the latest.", examples=[10])

    def question(self) -> RevisionQuestion:
        """What is asked."""
        return RevisionQuestion(
            selection=self.selection(),
            granularity=self.granularity,
            start=_utc(self.start),
            end=None if self.end is None else _utc(self.end),
            since=self.since,
            before=self.before,
            levels=tuple(self.quantiles),
            group_by=tuple(dict.fromkeys(self.group_by)),
            measure=self.measure,
            unit=self.unit,
            model_class=self.model_class,
            actual=self.actual,
            limit=self.limit,
        )


@router.get("", responses=problems(NotFound, Invalid))
def read_revisions(
    query: Annotated[RevisionQuery, Query()], request: Request, response: Response, unit: UnitDep, settings: SettingsDep
) -> ForecastRevisions:
    """How the view of some buckets changed: what each publication said of them, and the change from one to the next.

    Each view is what GET /v1/forecasts answers with `as_of` its `issued_at`. Publications are told oldest first; a
    page holds the latest ones, and `Link` points to those before.
    """
    found = revisions(query.question(), unit, settings.max_series_per_answer, settings.paths)
    numbers = 2 * len(found.groups) * len(found.issues) * len(found.index) * (1 + len(query.quantiles))
    if numbers > settings.max_numbers_per_answer:
        raise Invalid(
            f"the answer would hold {numbers:,} numbers per workload, more than {settings.max_numbers_per_answer:,}; "
            "ask for fewer groups, quantiles or buckets, or for a smaller limit"
        )
    if not found.is_whole:
        url = request.url.include_query_params(before=found.issues[0].issued_at.isoformat())
        response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    return ForecastRevisions.of(found)


def _utc(instant: datetime) -> pd.Timestamp:
    return pd.Timestamp(instant).tz_convert("UTC")
