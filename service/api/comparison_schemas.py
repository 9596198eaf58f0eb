"""What scenarios look like side by side."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from demand.calendar import Granularity
from demand.history import FloatArray
from demand.series import Workload
from planning.ledger import Commitment
from planning.scenarios.outcomes import Outcomes, Yardstick
from planning.spread import spread
from service.api import comparison_examples as examples
from service.api.forecast_schemas import LeftOut
from service.api.planning_query import SupplyQuery
from service.api.planning_schemas import FirstDate, Spreads, Total
from service.api.queries import LARGEST_ID
from service.api.scenario_schemas import ScenarioName, ScenarioOrder
from service.scenarios import MOST_SCENARIOS, Comparison, Ranking, Row

COUNTED = "How much of the ledger is counted: what is live, what is committed, or everything."


class ScenarioChoice(BaseModel):
    """A stored scenario."""

    model_config = ConfigDict(extra="forbid")

    name: ScenarioName = Field(description="Its name.")
    version: int | None = Field(default=None, ge=1, le=LARGEST_ID, description="The newest if not given.")


class ComparisonOrder(SupplyQuery):
    """Scenarios to be compared with what is ahead without any, over a part of the fleet."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [*examples.ORDERS]})

    scenarios: Annotated[list[ScenarioChoice], Field(max_length=MOST_SCENARIOS)] = Field(
        default=[], description="Stored ones."
    )
    drafts: Annotated[list[ScenarioOrder], Field(max_length=MOST_SCENARIOS)] = Field(
        default=[], description="Ones that are not stored."
    )
    counted: Commitment = Field(default=Commitment.COMMITTED, description=COUNTED)


class SupplyCompared(BaseModel):
    """What demand meets of supply, over all pools; lists run along `timestamps`."""

    supply: Spreads
    unmet: Spreads = Field(description="Demand that is not served.")
    idle: Spreads = Field(description="Supply that nothing uses.")
    cost_short: Spreads | None = Field(default=None, description="What the unmet costs; null without a price.")
    cost_idle: Spreads | None = Field(default=None, description="What the idle costs; null without a price.")
    total_cost: Total | None = Field(default=None, description="Both over the horizon; null unless both are known.")
    chance_short: list[float] = Field(description="That some demand is unmet.")
    first_breach: FirstDate = Field(description="When some demand is unmet for the first time.")


class Difference(BaseModel):
    """A scenario less what is ahead without any, path by path; lists run along `timestamps`."""

    total: Spreads = Field(description="Of demand.")
    unmet: Spreads | None = None
    idle: Spreads | None = None
    cost_short: Spreads | None = None
    cost_idle: Spreads | None = None
    total_cost: Total | None = None


class RowAnswer(BaseModel):
    """What one scenario comes to."""

    scenario: str | None = Field(default=None, description="Null for what is ahead without any.")
    version: int | None = Field(default=None, description="Null for a draft, and without a scenario.")
    demand: dict[str, Spreads] = Field(description="By workload, and their total.")
    inference_passes_training: FirstDate = Field(description="When, to stay above to the end.")
    supply: SupplyCompared | None = Field(default=None, description="Null where no ledger has any block.")
    outcomes: dict[Yardstick, float] = Field(
        description="One number each: demand of the last bucket on average, unmet and idle on average over time, "
        "costs of the whole horizon on average, chances of any shortage and of a crossover. Those about supply are "
        "left out where there is no ledger, and costs where no price is known."
    )
    difference: Difference | None = Field(default=None, description="To the row without any scenario.")
    remarks: list[str] = Field(description="What a reader should know.")


class ComparisonAnswer(BaseModel):
    """Scenarios side by side; path i of one belongs to path i of every other."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ANSWER]})

    granularity: Granularity
    timestamps: list[datetime] = Field(description="The starts of all buckets, UTC.")
    counted: Commitment
    unit: str = Field(description="What demand, and what is missing of it, is told in.")
    supply_unit: str = Field(description="What supply, and what idles of it, is told in.")
    currency: str = Field(description="Of costs: that of the ledger; empty if it holds no block.")
    catalogue: str | None = Field(
        default=None, description="The version of what was known of accelerators, where `unit` is asked for."
    )
    rows: list[RowAnswer] = Field(description="First without any scenario, then each of them.")
    left_out: list[LeftOut]

    @classmethod
    def of(cls, found: Comparison, order: ComparisonOrder) -> Self:
        """The comparison as it is shown."""
        view = found.demand.view
        n_stored = len(order.scenarios)
        return cls(
            granularity=view.granularity,
            timestamps=list(view.index),
            counted=order.counted,
            unit=found.measured.demand,
            supply_unit=found.measured.supply,
            currency=found.measured.currency,
            catalogue=found.measured.catalogue,
            rows=[_row(row, found, order.quantiles, is_stored=0 < at <= n_stored) for at, row in enumerate(found.rows)],
            left_out=[LeftOut.of(left) for left in view.left_out],
        )


class BarAnswer(BaseModel):
    """What one assumption moves."""

    event: str
    number: str = Field(description="Which of its numbers; `occurrence` is whether it happens at all.")
    low: float = Field(description="The outcome with the number at its low, or without the event.")
    high: float = Field(description="The outcome with the number at its high, or with the event.")
    swing: float


class TornadoAnswer(BaseModel):
    """Which assumption matters most."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.TORNADO]})

    scenario: str
    version: int
    outcome: Yardstick
    unit: str = Field(description="What the numbers are told in: a unit, a currency, or `chance`.")
    middle: float = Field(description="The outcome with every number at its middle.")
    without: float = Field(description="The outcome without the scenario.")
    bars: list[BarAnswer] = Field(description="By falling swing.")
    needed: list[str] = Field(description="Events that others build on, which cannot be left out alone.")

    @classmethod
    def of(cls, ranking: Ranking, scenario: tuple[str, int], outcome: Yardstick) -> Self:
        """The tornado as it is shown."""
        found = ranking.tornado
        bars = [
            BarAnswer(event=bar.event, number=bar.number, low=bar.low, high=bar.high, swing=bar.swing)
            for bar in found.bars
        ]
        return cls(
            scenario=scenario[0],
            version=scenario[1],
            outcome=outcome,
            unit=ranking.unit,
            middle=found.middle,
            without=found.without,
            bars=bars,
            needed=list(found.needed),
        )


def _row(row: Row, found: Comparison, levels: Sequence[float], *, is_stored: bool) -> RowAnswer:
    outcomes, base = row.outcomes, found.rows[0].outcomes
    return RowAnswer(
        scenario=None if row.scenario is None else row.scenario.name,
        version=row.scenario.version if row.scenario is not None and is_stored else None,
        demand=_demand(outcomes, levels),
        inference_passes_training=FirstDate.of(outcomes.inference_passes, 0, found.demand.view.index, levels),
        supply=_supply(outcomes, found.demand.view.index, levels) if found.has_ledger else None,
        outcomes={each: each.of(outcomes) for each in found.yardsticks},
        difference=None if row.scenario is None else _difference(outcomes, base, levels, told=found.has_ledger),
        remarks=list(outcomes.remarks),
    )


def _demand(outcomes: Outcomes, levels: Sequence[float]) -> dict[str, Spreads]:
    parts = {each.value: _spreads(outcomes.demand[each], levels) for each in Workload if each in outcomes.demand}
    return {**parts, "total": _spreads(outcomes.total, levels)}


def _supply(outcomes: Outcomes, index: pd.DatetimeIndex, levels: Sequence[float]) -> SupplyCompared:
    return SupplyCompared(
        supply=_spreads(outcomes.supply, levels),
        unmet=_spreads(outcomes.unmet, levels),
        idle=_spreads(outcomes.idle, levels),
        chance_short=outcomes.short.mean(axis=0).tolist(),
        first_breach=FirstDate.of(outcomes.first_breach, 0, index, levels),
        cost_short=_money(outcomes.cost_short, None, levels),
        cost_idle=_money(outcomes.cost_idle, None, levels),
        total_cost=None if outcomes.cost is None else Total.of(outcomes.cost.sum(axis=1), levels),
    )


def _difference(outcomes: Outcomes, base: Outcomes, levels: Sequence[float], *, told: bool) -> Difference:
    if not told:
        return Difference(total=_spreads(outcomes.total - base.total, levels))
    costs = (outcomes.cost, base.cost)
    return Difference(
        total=_spreads(outcomes.total - base.total, levels),
        unmet=_spreads(outcomes.unmet - base.unmet, levels),
        idle=_spreads(outcomes.idle - base.idle, levels),
        cost_short=_money(outcomes.cost_short, base.cost_short, levels),
        cost_idle=_money(outcomes.cost_idle, base.cost_idle, levels),
        total_cost=Total.of((costs[0] - costs[1]).sum(axis=1), levels)
        if costs[0] is not None and costs[1] is not None
        else None,
    )


def _money(costs: FloatArray | None, less: FloatArray | None, levels: Sequence[float]) -> Spreads | None:
    if costs is None:
        return None
    return _spreads(costs if less is None else costs - less, levels)


def _spreads(values: FloatArray, levels: Sequence[float]) -> Spreads:
    return Spreads.of(spread(np.asarray(values)[None], levels), 0, levels)
