"""What a plan is made from: published demand, the stored ledger, a scenario, and what is asked to be kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
import pandas as pd

from demand.errors import Invalid
from demand.history import FloatArray
from demand.paths import DemandPaths
from planning.classes import class_demand
from planning.ledger import Block, Commitment, Phase
from planning.pacing.payments import Projected, Terms
from planning.pacing.problem import Limits, Problem, Risk, draft
from planning.pools import Topology
from planning.scenarios.application import apply
from planning.scenarios.dice import Dice
from planning.scenarios.events import Event
from planning.scenarios.scenario import all_events
from planning.scenarios.selecting import keys_of, listed
from planning.supply import Sampling, SupplyPaths, supply_paths
from service.demand_ahead import DemandAhead, DemandQuestion, demand_ahead
from service.outlooks import NO_PRICES, Prices, priced
from service.scenarios import EVERY_DIMENSION
from service.store.plans import Grounds
from service.store.unit_of_work import UnitOfWork
from service.supply_ahead import SupplyAhead, supply_ahead

MOST_NUMBERS = 2_000_000
"""Blocks by paths by steps that one plan is made from at most."""

PerStep = float | tuple[float, ...]
"""One number for all steps, or one for each."""


@dataclass(frozen=True)
class LimitsAsked:
    """What a plan must keep to, before it is known how many steps there are; as in `Limits`."""

    budget: float | None = None
    budget_per_step: PerStep | None = None
    power_mw: PerStep | None = None
    megawatts_each: Mapping[str, float] = field(default_factory=dict)
    minimum_service: Mapping[str, float] = field(default_factory=dict)


NO_LIMITS = LimitsAsked()
NEUTRAL = Risk()


@dataclass(frozen=True)
class PlanQuestion:
    """What is planned, for what, and within which limits.

    Attributes:
        demand: that is planned for; at most as many paths as a plan can hold.
        counted: how much of the ledger is planned with.
        pool_by: the dimensions that tell pools apart; None for the pools in force.
        prices: what shortage and idleness cost.
        scenario: that happens, by name and version, None for the newest; None for no scenario.
        limits: what must be kept.
        risk: what the tail of the cost weighs.
        discount_rate: per year.
        at: the date of planning; None for the present moment.
        currency: that all amounts are in; None for that of the ledger.
        seed: of slips, conversions and events.
        slip_correlation: of blocks of one provider in one region.
        review_months: in how many months plans are made again; 0 if all is decided at once.
    """

    demand: DemandQuestion
    counted: Commitment = Commitment.EVERYTHING
    pool_by: tuple[str, ...] | None = None
    prices: Prices = NO_PRICES
    scenario: tuple[str, int | None] | None = None
    limits: LimitsAsked = NO_LIMITS
    risk: Risk = NEUTRAL
    discount_rate: float = 0.0
    at: pd.Timestamp | None = None
    currency: str | None = None
    seed: int = 0
    slip_correlation: float = 0.5
    review_months: int = 0


@dataclass(frozen=True)
class Material:
    """What was read for a plan.

    Attributes:
        question: what is asked.
        demand: what is published.
        supply: what is stored of supply.
        events: of the scenario, in order.
        scenario_version: None without one.
        read_at: when.
    """

    question: PlanQuestion
    demand: DemandAhead
    supply: SupplyAhead
    events: tuple[Event, ...]
    scenario_version: int | None
    read_at: datetime

    @property
    def now(self) -> pd.Timestamp:
        """The date of planning."""
        return self.question.at or pd.Timestamp(self.read_at).tz_convert("UTC").as_unit("ns")

    @property
    def review(self) -> pd.Timestamp | None:
        """When plans are made again; None if all is decided at once."""
        months = self.question.review_months
        return self.now + pd.DateOffset(months=months) if months else None


def read_material(question: PlanQuestion, unit: UnitOfWork, most: int, now: datetime) -> Material:
    """Read what a plan is made from.

    Args:
        question: what is asked.
        unit: the store.
        most: how many series are planned for at most.
        now: the present instant.

    Raises:
        NotFound: no demand is selected or forecast, or a scenario is not stored.
        Invalid: the ledger is empty or in another currency, or the forecast ends before the date of planning.
    """
    supply = supply_ahead(unit, question.demand.selection, question.pool_by)
    asked = replace(question.demand, unit=supply.unit, by=EVERY_DIMENSION)
    demand = demand_ahead(asked, unit, most)
    events, version = _events(question, unit)
    material = Material(question, demand, supply, events, version, now)
    _check(material)
    return material


def pose(material: Material) -> tuple[Problem, Grounds]:
    """The programme to be solved, and what it is made from.

    Raises:
        Invalid: parts do not go together, or a limit is on what is not known.
    """
    question, n_paths = material.question, material.question.demand.n_paths
    futures = apply(material.events, material.demand.paths, material.supply.blocks, Dice(question.seed, n_paths))
    supply = replace(material.supply, blocks=futures.blocks)
    topology = priced(supply.topology(keys_of(futures.demand)), question.prices)
    _check_prices(topology, question)
    sampling = Sampling(n_paths, question.seed, question.slip_correlation, futures.edits)
    edges, power = material.demand.edges, _power(supply, question, n_paths)
    ahead = supply_paths(futures.blocks, edges, topology, sampling, question.counted, power)
    _check_blocks(ahead, question)
    placed = class_demand(futures.demand, topology)
    limits = _limits(ahead.blocks, question, power, len(edges) - 1)
    terms = Terms(material.now, edges, question.discount_rate)
    problem = draft(_projected(ahead), placed.values, topology, terms, limits, question.risk)
    remarks = list(futures.remarks)
    if placed.unplaced:
        names = listed([str(key) for key in placed.unplaced])
        remarks.append(f"demand of {names} belongs to no pool, so it is not planned for; add it to the pools")
    return problem, _grounds(material, futures.demand, ahead, tuple(remarks))


def _events(question: PlanQuestion, unit: UnitOfWork) -> tuple[tuple[Event, ...], int | None]:
    if question.scenario is None:
        return (), None
    scenario = unit.scenarios.get(*question.scenario).scenario
    return all_events(scenario, {**unit.scenarios.by_name(), scenario.name: scenario}), scenario.version


def _check(material: Material) -> None:
    question, end = material.question, material.demand.edges[-1]
    if not material.supply.blocks:
        raise Invalid(
            f"the ledger holds no block for {question.demand.selection}, so there is nothing to decide; enter blocks "
            "with POST /v1/capacity"
        )
    currency = material.supply.currency
    if question.currency not in (None, currency):
        raise Invalid(
            f"amounts are given in {question.currency} and the ledger is in {currency}; convert them to one currency"
        )
    if end <= material.now:
        raise Invalid(
            f"the forecast ends on {end:%Y-%m-%d}, before the date of planning {material.now:%Y-%m-%d}, so no action "
            "changes anything within it; send newer history and start a run, or say by `at` when to plan"
        )


def _check_prices(topology: Topology, question: PlanQuestion) -> None:
    if not any(each.cost_short for each in topology.classes) and not question.limits.minimum_service:
        raise Invalid(
            "nothing is known of what shortage costs, so the best plan would be to have nothing; give cost_short, set "
            "it for the classes of PUT /v1/pools, or ask for a minimum_service"
        )


def _check_blocks(ahead: SupplyPaths, question: PlanQuestion) -> None:
    if not ahead.blocks:
        first = next(iter(ahead.uncounted), None)
        why = f": {first.name!r}: {first.reason}" if first else f", as none is counted as {question.counted}"
        raise Invalid(f"no block of the ledger can be planned with{why}; correct it, or count more of the ledger")
    n_numbers = len(ahead.blocks) * ahead.pools.shape[1] * ahead.pools.shape[2]
    if n_numbers > MOST_NUMBERS:
        raise Invalid(
            f"{len(ahead.blocks)} blocks on {ahead.pools.shape[1]} paths of {ahead.pools.shape[2]} steps are more than "
            "one plan is made from; plan by wider buckets, with a shorter horizon or fewer paths, or for a part"
        )


def _power(supply: SupplyAhead, question: PlanQuestion, n_paths: int) -> dict[str, FloatArray]:
    """Megawatts of one accelerator, path by path, of all that are in the ledger, where it is known."""
    known = supply.power_of({block.accelerator for block in supply.blocks}, n_paths)
    given = {name: np.full(n_paths, each) for name, each in question.limits.megawatts_each.items()}
    return {**known, **given}


def _limits(blocks: Sequence[Block], question: PlanQuestion, power: Mapping[str, FloatArray], n_steps: int) -> Limits:
    asked = question.limits
    if asked.power_mw is not None:
        unknown = next((block for block in blocks if block.accelerator not in power), None)
        if unknown is not None:
            kind = f"{unknown.accelerator!r}" if unknown.accelerator else "no accelerator that is named"
            raise Invalid(
                f"power is limited, and block {unknown.name!r} is of {kind}, whose power is not known; give it by "
                "megawatts_each, or set it with PUT /v1/accelerators/{accelerator}"
            )
    return Limits(
        asked.budget,
        _per_step(asked.budget_per_step, n_steps),
        _per_step(asked.power_mw, n_steps),
        {block.accelerator: power[block.accelerator] for block in blocks if block.accelerator in power},
        dict(asked.minimum_service),
    )


def _per_step(asked: PerStep | None, n_steps: int) -> FloatArray | None:
    if asked is None:
        return None
    return np.array(asked) if isinstance(asked, tuple) else np.full(n_steps, float(asked))


def _projected(ahead: SupplyPaths) -> list[Projected]:
    """The blocks with their draws; what is live waits for nothing, so what it waited for need not be counted."""
    blocks = [replace(each, after=()) if each.phase is Phase.LIVE else each for each in ahead.blocks]
    return [
        Projected(
            block,
            int(ahead.pool_rows[row]),
            ahead.accelerators[row],
            ahead.online_days[row],
            None if ahead.left is None else ahead.left[row],
        )
        for row, block in enumerate(blocks)
    ]


def _grounds(material: Material, demand: DemandPaths, ahead: SupplyPaths, remarks: tuple[str, ...]) -> Grounds:
    view, supply = material.demand.view, material.supply
    scenario = material.question.scenario
    return Grounds(
        ledger_at=material.read_at,
        run_ids=tuple(sorted({forecast.run_id for forecast in view.forecasts})),
        catalogue=supply.catalogue.version,
        granularity=view.granularity.value,
        start=view.start.isoformat(),
        end=material.demand.edges[-1].isoformat(),
        n_paths=demand.values.shape[1],
        currency=supply.currency,
        unit=supply.unit,
        pools_version=0 if supply.pools is None else supply.pools.version,
        scenario=None if scenario is None else scenario[0],
        scenario_version=material.scenario_version,
        uncounted=tuple((each.name, each.reason) for each in ahead.uncounted),
        left_out=tuple((str(each.key), each.reason) for each in view.left_out),
        remarks=remarks,
    )
