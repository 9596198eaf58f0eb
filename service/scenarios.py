"""Scenarios applied to published demand and the stored ledger, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from demand.errors import Invalid
from demand.series import DIMENSIONS
from planning.ledger import Commitment
from planning.scenarios.application import apply
from planning.scenarios.dice import Dice
from planning.scenarios.events import Futures
from planning.scenarios.outcomes import ABOUT_SUPPLY, Market, Outcomes, Yardstick, meet, without_supply
from planning.scenarios.scenario import Scenario, all_events
from planning.scenarios.selecting import keys_of
from planning.supply import Sampling
from planning.tornado import Tornado, tornado
from service.demand_ahead import DemandAhead, DemandQuestion, demand_ahead
from service.store.unit_of_work import UnitOfWork
from service.supply_ahead import SupplyAhead, supply_ahead

SEED = 0
"""Of all draws: the same question always gets the same answer, and all scenarios share their draws."""

MOST_SCENARIOS = 20

EVERY_DIMENSION = tuple(name for name in DIMENSIONS if name != "workload")


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
class Comparison:
    """Scenarios side by side.

    Attributes:
        demand: what is ahead without any scenario.
        rows: first that without any, then the scenarios.
        has_ledger: whether there is any supply to compare with.
    """

    demand: DemandAhead
    rows: tuple[Row, ...]
    has_ledger: bool

    @property
    def yardsticks(self) -> tuple[Yardstick, ...]:
        """Those that say something: without a ledger, none about supply does."""
        return tuple(each for each in Yardstick if self.has_ledger or each not in ABOUT_SUPPLY)


def compare(
    asked: DemandQuestion, counted: Commitment, scenarios: Sequence[Scenario], unit: UnitOfWork, most: int
) -> Comparison:
    """What scenarios come to, beside what is ahead without any; path i of one belongs to path i of every other.

    Args:
        asked: the demand.
        counted: how much of the ledger is counted.
        scenarios: which; what they are based on is stored.
        unit: the store.
        most: how many series one answer holds.

    Raises:
        NotFound: no demand is selected or forecast, or a scenario is based on one that is not there.
        Invalid: an event cannot happen to this demand or ledger.
    """
    if len(scenarios) > MOST_SCENARIOS:
        raise Invalid(f"{len(scenarios)} scenarios are more than the {MOST_SCENARIOS} that are compared at once")
    supply = supply_ahead(unit, asked.selection)
    demand = demand_ahead(replace(asked, by=EVERY_DIMENSION, unit=supply.unit), unit, most)
    stored = unit.scenarios.by_name()
    dice = Dice(SEED, asked.n_paths)
    happening = [(), *(all_events(each, {**stored, each.name: each}) for each in scenarios)]
    futures = [apply(events, demand.paths, supply.blocks, dice) for events in happening]
    market = _market(futures, counted, supply)
    rows = [Row(each, meet(ahead, market)) for each, ahead in zip([None, *scenarios], futures, strict=True)]
    return Comparison(demand, tuple(rows), any(ahead.blocks for ahead in futures))


def rank_assumptions(
    asked: DemandQuestion, counted: Commitment, question: tuple[Scenario, Yardstick], unit: UnitOfWork, most: int
) -> Tornado:
    """Which assumption of a scenario moves an outcome most.

    Args:
        asked: the demand.
        counted: how much of the ledger is counted.
        question: the scenario and the outcome.
        unit: the store.
        most: how many series one answer holds.

    Raises:
        NotFound, Invalid: as for `compare`.
    """
    scenario, outcome = question
    supply = supply_ahead(unit, asked.selection)
    demand = demand_ahead(replace(asked, by=EVERY_DIMENSION, unit=supply.unit), unit, most)
    events = all_events(scenario, {**unit.scenarios.by_name(), scenario.name: scenario})
    market = _market([apply(events, demand.paths, supply.blocks, Dice(SEED, asked.n_paths))], counted, supply)
    come_to = partial(meet, market=market) if outcome in ABOUT_SUPPLY else without_supply
    return tornado(events, demand.paths, supply.blocks, lambda futures: outcome.of(come_to(futures)), seed=SEED)


def _market(futures: Sequence[Futures], counted: Commitment, supply: SupplyAhead) -> Market:
    """The pools in force, or where none are, one for each region and accelerator of any of the futures."""
    n_paths = futures[0].edits.n_paths
    of_all = replace(supply, blocks=tuple(block for ahead in futures for block in ahead.blocks))
    keys = dict.fromkeys(key for ahead in futures for key in keys_of(ahead.demand))
    power = of_all.megawatts_each(n_paths)
    return Market(of_all.topology(list(keys)), Sampling(n_paths, SEED), counted, power)
