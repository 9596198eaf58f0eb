"""Small plans to be kept, sent and shown."""

from dataclasses import replace

import numpy as np
import pandas as pd

from demand.calendar import Granularity, buckets
from demand.series import Workload
from planning.ledger import Block, Exit, Milestone, Phase, WayOut
from planning.pacing.payments import Projected, Terms, day_number
from planning.pacing.plan import Plan, make_plan
from planning.pacing.problem import Limits, draft
from planning.pacing.solving import Effort
from planning.pools import DemandClass, Pool, Topology

NOW = pd.Timestamp("2026-01-01", tz="UTC")
N_PATHS, N_STEPS = 50, 12

POOLS = Topology((Pool("all"),), (DemandClass("serve", "all", Workload.INFERENCE, cost_short=5.0),), {"all": 1.0})

THERE = Block("there", 100.0, NOW - pd.Timedelta(days=90), phase=Phase.LIVE, running_cost_per_month=1000.0)
LATE = Block(
    "late",
    80.0,
    NOW + pd.Timedelta(days=120),
    phase=Phase.POWER,
    milestones={Phase.CHIPS: Milestone(NOW + pd.Timedelta(days=110), 400_000.0)},
    ways_out=(
        WayOut(Exit.CANCEL, NOW + pd.Timedelta(days=70), charge=20_000.0),
        WayOut(Exit.PAUSE, NOW - pd.Timedelta(days=1), months=6),
        WayOut(Exit.SLOW, NOW + pd.Timedelta(days=70), charge_per_month=100.0, months=12),
    ),
)


def small_plan(late: Block = LATE, limits: Limits | None = None) -> Plan:
    """A plan of two blocks; one way out is closed, and one alternative would break the service that is asked for."""
    demand = 100 * np.exp(np.random.default_rng(1).normal(0.3, 0.2, (1, N_PATHS, 1))) * np.ones((1, 1, N_STEPS))
    projected = [Projected(each, 0, each.quantity, np.full(N_PATHS, day_number(each.online))) for each in (THERE, late)]
    terms = Terms(NOW, buckets(NOW, N_STEPS + 1, Granularity.MONTH), 0.08)
    limits = limits or Limits(minimum_service={"serve": 0.88})
    return make_plan(draft(projected, demand, POOLS, terms, limits), Effort(seconds=20, seconds_beside=1))


def changing_plan() -> Plan:
    """The same where the block costs more than it saves and no service is asked for."""
    dear = {Phase.CHIPS: Milestone(NOW + pd.Timedelta(days=110), 9_000_000.0)}
    return small_plan(replace(LATE, milestones=dear), Limits())
