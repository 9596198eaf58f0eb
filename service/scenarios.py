"""Scenarios applied to published demand and the stored ledger, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

from demand.errors import Invalid
from demand.series import DIMENSIONS
from demand.units import ACCELERATORS
from planning.ledger import Commitment
from planning.scenarios.application import apply
from planning.scenarios.dice import Dice
from planning.scenarios.events import Futures
from planning.scenarios.outcomes import ABOUT_SUPPLY, CHANCES, MONEY, Market, Outcomes, Yardstick, meet, without_supply
from planning.scenarios.scenario import Scenario, all_events
from planning.scenarios.selecting import keys_of
from planning.supply import Sampling
from planning.tornado import Tornado, tornado
from service.demand_ahead import DemandAhead, DemandQuestion, demand_ahead
from service.outlooks import SupplyQuestion, priced
from service.store.unit_of_work import UnitOfWork
from service.supply_ahead import SupplyAhead, Told, supply_ahead

SEED = 0
"""Of all draws: the same question always gets the same answer, and all scenarios share their draws."""

MOST_SCENARIOS = 20

EVERY_DIMENSION = tuple(name for name in DIMENSIONS if name != "workload")


USUAL = SupplyQuestion()


@dataclass(frozen=True)
class MarketQuestion:
    """How demand meets supply in scenarios.

    Attributes:
        counted: how much of the ledger is counted.
        supply: the pools, their prices, how delays go together, and the unit of all levels.
    """

    counted: Commitment = Commitment.COMMITTED
    supply: SupplyQuestion = USUAL


@dataclass(frozen=True)
class Row:
    """What one scenario comes to.

    Attributes:
        scenario: which; None for what is ahead without any.
        outcomes: what it comes to.
    """

    scenario: Scenario | None
    outcomes: Outcomes


@dataclass(frozen=True)
class Measured:
    """What numbers are counted in.

    Attributes:
        demand: the unit of demand, and of what is missing of it.
        supply: the unit of supply, and of what idles of it.
        currency: of costs; empty if the ledger holds no block.
        catalogue: the version of what was known of accelerators; None where levels are told as they are counted.
    """

    demand: str
    supply: str
    currency: str
    catalogue: str | None

    @classmethod
    def of(cls, supply: SupplyAhead, told: Told) -> Self:
        """What an answer is counted in."""
        catalogue = None if told.unit is None else supply.catalogue.version
        return cls(told.unit or supply.unit, told.unit or ACCELERATORS, supply.currency, catalogue)

    def unit_of(self, outcome: Yardstick) -> str:
        """What one number is counted in."""
        if outcome in CHANCES:
            return "chance"
        if outcome in MONEY:
            return self.currency or "money"
        return self.supply if outcome is Yardstick.IDLE else self.demand


@dataclass(frozen=True)
class Comparison:
    """Scenarios side by side.

    Attributes:
        demand: what is ahead without any scenario.
        rows: first that without any, then the scenarios.
        has_ledger: whether there is any supply to compare with.
        measured: what the numbers are counted in.
    """

    demand: DemandAhead
    rows: tuple[Row, ...]
    has_ledger: bool
    measured: Measured

    @property
    def yardsticks(self) -> tuple[Yardstick, ...]:
        """Those that say something: none about supply without a ledger, and none about money without a price."""
        without = self.rows[0].outcomes
        return tuple(
            each for each in Yardstick if (self.has_ledger or each not in ABOUT_SUPPLY) and each.is_known(without)
        )


@dataclass(frozen=True)
class Ranking:
    """Which assumption matters most, and what the outcome is counted in."""

    tornado: Tornado
    unit: str


def compare(
    asked: DemandQuestion, question: MarketQuestion, scenarios: Sequence[Scenario], unit: UnitOfWork, most: int
) -> Comparison:
    """What scenarios come to, beside what is ahead without any; path i of one belongs to path i of every other.

    Args:
        asked: the demand.
        question: how it meets supply.
        scenarios: which; what they are based on is stored.
        unit: the store.
        most: how many series one answer holds.

    Raises:
        NotFound: no demand is selected or forecast, or a scenario is based on one that is not there.
        Invalid: an event cannot happen to this demand or ledger, or a level cannot be told in the unit.
    """
    if len(scenarios) > MOST_SCENARIOS:
        raise Invalid(f"{len(scenarios)} scenarios are more than the {MOST_SCENARIOS} that are compared at once")
    supply, demand = _material(asked, question, unit, most)
    stored = unit.scenarios.by_name()
    dice = Dice(SEED, asked.n_paths)
    happening = [(), *(all_events(each, {**stored, each.name: each}) for each in scenarios)]
    futures = [apply(events, demand.paths, supply.blocks, dice) for events in happening]
    market = _market(futures, question, supply, demand)
    has_ledger = any(ahead.blocks for ahead in futures)
    come_to = partial(meet if has_ledger or market.teller is None else _demand_only, market=market)
    rows = [Row(each, come_to(ahead)) for each, ahead in zip([None, *scenarios], futures, strict=True)]
    return Comparison(demand, tuple(rows), has_ledger, Measured.of(supply, question.supply.unit))


def rank_assumptions(
    asked: DemandQuestion, market: MarketQuestion, question: tuple[Scenario, Yardstick], unit: UnitOfWork, most: int
) -> Ranking:
    """Which assumption of a scenario moves an outcome most.

    Args:
        asked: the demand.
        market: how it meets supply.
        question: the scenario and the outcome.
        unit: the store.
        most: how many series one answer holds.

    Raises:
        NotFound, Invalid: as for `compare`; the outcome is money, and no price is known.
    """
    scenario, outcome = question
    supply, demand = _material(asked, market, unit, most)
    events = all_events(scenario, {**unit.scenarios.by_name(), scenario.name: scenario})
    happening = apply(events, demand.paths, supply.blocks, Dice(SEED, asked.n_paths))
    drawn = _market([happening], market, supply, demand)
    come_to = partial(meet if outcome in ABOUT_SUPPLY else _demand_only, market=drawn)
    found = tornado(events, demand.paths, supply.blocks, lambda futures: outcome.of(come_to(futures)), seed=SEED)
    return Ranking(found, Measured.of(supply, market.supply.unit).unit_of(outcome))


def _material(
    asked: DemandQuestion, question: MarketQuestion, unit: UnitOfWork, most: int
) -> tuple[SupplyAhead, DemandAhead]:
    supply = supply_ahead(unit, asked.selection, question.supply.pool_by)
    counted = replace(
        asked, by=EVERY_DIMENSION, unit=supply.unit, model_class=question.supply.unit.model_class or asked.model_class
    )
    return supply, demand_ahead(counted, unit, most)


def _demand_only(futures: Futures, market: Market) -> Outcomes:
    return without_supply(futures, market.teller)


def _market(futures: Sequence[Futures], question: MarketQuestion, supply: SupplyAhead, demand: DemandAhead) -> Market:
    """The pools in force, or where none are, one for each region and accelerator of any of the futures."""
    n_paths, asked = futures[0].edits.n_paths, question.supply
    of_all = replace(supply, blocks=tuple(block for ahead in futures for block in ahead.blocks))
    keys = dict.fromkeys(key for ahead in futures for key in keys_of(ahead.demand))
    power = of_all.megawatts_each(n_paths)
    topology = priced(of_all.topology(list(keys)), asked.prices)
    teller = of_all.teller(asked.unit, topology, demand.hours, n_paths)
    return Market(topology, Sampling(n_paths, SEED, asked.slip_correlation), question.counted, power, teller)
