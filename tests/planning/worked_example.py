"""The example of docs/planning.md: two pools, three blocks, and demand that is lognormal in every month."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from demand.calendar import Granularity, buckets
from demand.series import Workload
from planning.allocation import allocate
from planning.crossover import Crossover, crossover
from planning.estimates import Estimate
from planning.ledger import Block, Commitment, Exit, Milestone, Phase, WayOut
from planning.newsvendor import target_supply
from planning.outlook import Balance, Outlook, OutlookQuestion, outlook
from planning.pacing.payments import Projected, Terms
from planning.pacing.plan import Plan, make_plan
from planning.pacing.problem import Limits, Problem, Risk, draft
from planning.pacing.solving import Effort
from planning.pools import DemandClass, Pool, Topology
from planning.states import CommitmentState
from planning.supply import Sampling, online_days, supply_paths

START = pd.Timestamp("2026-01-01", tz="UTC")
MONTHS, PATHS = 12, 100
EDGES = buckets(START, MONTHS + 1, Granularity.MONTH)

TOPOLOGY = Topology(
    (Pool("east", ("east",)), Pool("west", ("west",))),
    (
        DemandClass("east training", "east", Workload.TRAINING, priority=0, cost_short=6.0),
        DemandClass("east inference", "east", Workload.INFERENCE, ("west",), priority=1, cost_short=6.0),
        DemandClass("west inference", "west", Workload.INFERENCE, priority=1, cost_short=6.0),
    ),
    {"east": 1.0, "west": 1.0},
)

BLOCKS = (
    Block(
        "east 1", 1000.0, START - pd.DateOffset(years=1), region="east", phase=Phase.LIVE, state=CommitmentState.ACTIVE
    ),
    Block(
        "east 2",
        500.0,
        START + pd.DateOffset(months=4),
        region="east",
        provider="acme",
        phase=Phase.POWER,
        state=CommitmentState.PENDING,
        slip_days=Estimate(0.0, 30.0, 90.0),
        conversion=0.9,
        milestones={Phase.CHIPS: Milestone(START + pd.DateOffset(months=3), 1_200_000.0)},
        running_cost_per_month=50_000.0,
        ways_out=(
            WayOut(Exit.CANCEL, START + pd.DateOffset(months=2), charge=300_000.0),
            WayOut(Exit.SLOW, START + pd.DateOffset(months=3), charge=100_000.0, months=6),
        ),
    ),
    Block(
        "west 1", 600.0, START - pd.DateOffset(years=1), region="west", phase=Phase.LIVE, state=CommitmentState.ACTIVE
    ),
)


@dataclass(frozen=True)
class Example:
    """What comes of it."""

    demand: np.ndarray
    live: Outlook
    committed: Outlook
    target: np.ndarray
    crossing: Crossover
    plan: Plan


def demand() -> np.ndarray:
    """Levels of the three classes: medians that grow, times one lognormal factor per path and class, known for good.

    Factors are those of the scores (i + 1/2) / n, put into an order by the golden ratio and its square: no dice.
    """
    even = (np.arange(PATHS) + 0.5) / PATHS
    shuffles = [even, (np.arange(PATHS) * 0.6180339887498949) % 1, (np.arange(PATHS) * 0.4142135623730951) % 1]
    factors = [np.exp(0.2 * norm.ppf(even[np.argsort(np.argsort(each))])) for each in shuffles]
    medians = [np.full(MONTHS, 700.0), 250 * 1.08 ** np.arange(MONTHS), 400 * 1.03 ** np.arange(MONTHS)]
    return np.array([np.outer(factor, median) for factor, median in zip(factors, medians, strict=True)])


def told(counted: Commitment) -> Outlook:
    """The outlook at one degree of commitment."""
    supply = supply_paths(BLOCKS, EDGES, TOPOLOGY, Sampling(PATHS), counted).pools
    given = allocate(demand(), supply, TOPOLOGY)
    hours = np.diff(EDGES.as_unit("ns").asi8) / 3.6e12
    return outlook(Balance(TOPOLOGY, demand(), supply, given.served, given.used, hours), OutlookQuestion())


def problem() -> Problem:
    """What can be done about the second block."""
    online = online_days(BLOCKS, START, Sampling(PATHS))
    pools = [0, 0, 1]
    projected = [Projected(block, pools[at], block.quantity, online[at]) for at, block in enumerate(BLOCKS)]
    return draft(projected, demand(), TOPOLOGY, Terms(START, EDGES, 0.08), Limits(), Risk(0.5, 0.9))


def example() -> Example:
    """All of it."""
    asked = demand()
    west = asked[2:]
    return Example(
        asked,
        told(Commitment.LIVE),
        told(Commitment.COMMITTED),
        target_supply(west, np.array([6.0]), 1.0),
        crossover(asked[:1], asked[1:].sum(axis=0, keepdims=True), (0.1, 0.5, 0.9)),
        make_plan(problem(), Effort(seconds=60.0, clock=lambda: 0.0)),
    )
