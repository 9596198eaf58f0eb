"""Demand ahead against the ledger of supply."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BeforeValidator, Field

from demand.errors import Invalid, NotFound
from planning.outlook import OutlookQuestion
from service.api.dependencies import SettingsDep, StoreDep, UnitDep
from service.api.exports import EXPORTED, Export, exported
from service.api.outlook_schemas import OutlookAnswer
from service.api.planning_query import Chance, PlanningQuery
from service.api.problems import problems
from service.api.queries import split_commas
from service.outlooks import Prices, SupplyQuestion, look_ahead
from service.report.outlook import outlook_part
from service.report.outlook_table import outlook_table
from service.report.outlook_view import OutlookView
from service.report.page import report

router = APIRouter(prefix="/v1/outlook", tags=["planning"])

Price = Annotated[float, Field(ge=0, le=1e12)]


class OutlookQuery(PlanningQuery):
    """Demand, how pools are told apart, and what shortage and idleness cost."""

    pool_by: Annotated[list[Literal["region", "accelerator"]], BeforeValidator(split_commas)] | None = Field(
        default=None,
        description="What tells pools apart, comma-separated: the supply of a pool serves all of its demand. If not "
        "given, the pools of `/v1/pools` are used.",
        examples=[["region"]],
    )
    service_level: Chance = Field(
        default=0.95, description="The chance of meeting all demand at which headroom is told.", examples=[0.99]
    )
    sustained: int = Field(
        default=1, ge=1, le=1000, description="Buckets in a row for which a first breach must last.", examples=[2]
    )
    cost_short: Price | None = Field(
        default=None,
        description="What an accelerator costs that is missing for an hour, in the currency of the ledger; if not "
        "given, what the classes of `/v1/pools` say.",
        examples=[9.5],
    )
    cost_idle: Price | None = Field(
        default=None,
        description="What an accelerator costs that idles for an hour; if not given, what `/v1/pools` says.",
        examples=[1.5],
    )
    slip_correlation: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.5,
        description="How much the delays of blocks of one provider in one region have in common, from 0 to 1.",
        examples=[0.8],
    )

    def supply(self) -> SupplyQuestion:
        """The supply that is asked for."""
        return SupplyQuestion(
            pool_by=None if self.pool_by is None else tuple(self.pool_by),
            prices=Prices(self.cost_short, self.cost_idle),
            told=OutlookQuestion(tuple(self.quantiles), self.service_level, self.sustained),
            slip_correlation=self.slip_correlation,
        )


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
    text/csv` or `application/vnd.apache.parquet` it is a table with a row per pool, degree and step; with `text/html`
    a report to print.
    """
    response.headers["Vary"] = "Accept"
    asked = query.supply()
    prospect = look_ahead(query.demand(settings), asked, unit, settings.max_series_per_answer)
    export = Export(
        "outlook",
        lambda: outlook_table(prospect, asked.told.levels),
        lambda: report(outlook_part(OutlookView(prospect, asked.told)), None, store.now()),
    )
    return exported(request, export) or OutlookAnswer.of(prospect, asked, query.measure)
