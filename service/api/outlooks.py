"""Demand ahead against the ledger of supply."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from demand.errors import Invalid, NotFound
from planning.outlook import OutlookQuestion
from service.api.dependencies import SettingsDep, StoreDep, UnitDep
from service.api.exports import EXPORTED, Export, exported
from service.api.instants import Instant
from service.api.outlook_schemas import OutlookAnswer
from service.api.planning_query import Chance, SupplyQuery
from service.api.problems import problems
from service.outlooks import SupplyQuestion, look_ahead
from service.report.outlook import outlook_part
from service.report.outlook_table import OutlookTable, outlook_table
from service.report.outlook_view import OutlookView
from service.report.page import report

router = APIRouter(prefix="/v1/outlook", tags=["planning"])


class OutlookQuery(SupplyQuery):
    """Demand, supply, and what is told of both."""

    service_level: Chance = Field(
        default=0.95, description="The chance of meeting all demand at which headroom is told.", examples=[0.99]
    )
    sustained: int = Field(
        default=1, ge=1, le=1000, description="Buckets in a row for which a first breach must last.", examples=[2]
    )
    as_of: Instant | None = Field(
        default=None,
        description="The ledger and the pools as they were at this instant; forecasts are those that are published "
        "now. Not before the first entry of the ledger, and not in the future.",
        examples=["2026-01-08T07:00:00Z"],
    )
    table: OutlookTable = Field(
        default=OutlookTable.POOLS,
        description="What has a row in CSV and Parquet: `pools`, or the `classes` of demand within them.",
        examples=["classes"],
    )

    def question(self) -> SupplyQuestion:
        """The supply that is asked for, and what is told of it."""
        told = OutlookQuestion(tuple(self.quantiles), self.service_level, self.sustained)
        return replace(self.supply(told), as_of=self.as_of)


@router.get("", response_model=OutlookAnswer, responses={**EXPORTED, **problems(NotFound, Invalid)})
def read_outlook(
    query: Annotated[OutlookQuery, Query()],
    request: Request,
    response: Response,
    unit: UnitDep,
    store: StoreDep,
    settings: SettingsDep,
) -> OutlookAnswer | Response:
    """Chance of shortage, what is missing and what idles, headroom, the first breach and the supply to aim at.

    Per pool and step, with what is live of the ledger, with what is signed too, and with everything that is talked
    about. Path i of demand meets path i of supply, so risks that demands share are not averaged away. With `Accept:
    text/csv` or `application/vnd.apache.parquet` it is a table with a row per pool, or class of demand, degree and
    step; with `text/html` a report to print. `unit` tells all levels in another unit, and `as_of` reads the ledger as
    it was.
    """
    response.headers["Vary"] = "Accept"
    asked = query.question()
    prospect = look_ahead(query.demand(settings), asked, unit, settings.max_series_per_answer)
    export = Export(
        "outlook",
        lambda: outlook_table(prospect, asked.told.levels, query.table),
        lambda: report(outlook_part(OutlookView(prospect, asked.told)), None, store.now()),
    )
    return exported(request, export) or OutlookAnswer.of(prospect, asked, query.measure)
