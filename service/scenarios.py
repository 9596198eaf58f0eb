"""Scenarios applied to published demand and the stored ledger, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from demand.errors import Invalid
from demand.series import DIMENSIONS
from planning.ledger import Commitment
from planning.pools import Topology, default_topology
from planning.scenarios.application import apply
from planning.scenarios.dice import Dice
from planning.scenarios.events import Futures
from planning.scenarios.outcomes import Market, Outcomes, Yardstick, meet
from planning.scenarios.scenario import Scenario, all_events
from planning.scenarios.selecting import keys_of
from planning.supply import Sampling
from planning.tornado import Tornado, tornado
from service.demand_ahead import DemandAhead, DemandQuestion, demand_ahead
from service.store.unit_of_work import UnitOfWork
from service.supply_ahead import ledger, megawatts_each

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


ABOUT_SUPPLY = frozenset({Yardstick.SHORTAGE, Yardstick.UNMET, Yardstick.IDLE})


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
    demand = demand_ahead(_by_series(asked), unit, most)
    blocks = ledger(unit, asked.selection)
    stored = unit.scenarios.by_name()
    dice = Dice(SEED, asked.n_paths)
    happening = [(), *(all_events(each, {**stored, each.name: each}) for each in scenarios)]
    futures = [apply(events, demand.paths, blocks, dice) for events in happening]
    market = _market(futures, counted, unit)
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
    demand = demand_ahead(_by_series(asked), unit, most)
    blocks = ledger(unit, asked.selection)
    events = all_events(scenario, {**unit.scenarios.by_name(), scenario.name: scenario})
    market = _market([apply(events, demand.paths, blocks, Dice(SEED, asked.n_paths))], counted, unit)
    return tornado(events, demand.paths, blocks, lambda futures: outcome.of(meet(futures, market)), seed=SEED)


def _by_series(asked: DemandQuestion) -> DemandQuestion:
    return replace(asked, by=EVERY_DIMENSION)


def _market(futures: Sequence[Futures], counted: Commitment, unit: UnitOfWork) -> Market:
    n_paths = futures[0].edits.n_paths
    blocks = [block for ahead in futures for block in ahead.blocks]
    power = megawatts_each(blocks, unit.accelerators.catalogue(), n_paths)
    return Market(_topology(futures, unit), Sampling(n_paths, SEED), counted, power)


def _topology(futures: Sequence[Futures], unit: UnitOfWork) -> Topology:
    """The pools that are stored, or where none are, one for each region and accelerator of any of the futures."""
    stored = unit.topologies.newest()
    if stored is not None:
        return stored.topology
    keys = dict.fromkeys(key for ahead in futures for key in keys_of(ahead.demand))
    places = dict.fromkeys((block.region, block.accelerator) for ahead in futures for block in ahead.blocks)
    return default_topology(list(keys), list(places))
