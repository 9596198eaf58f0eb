"""Made-up ledgers with demand and draws, as large as is asked, to measure planning with."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from demand.calendar import Granularity, buckets
from demand.history import FloatArray
from demand.series import Workload
from planning.ledger import Block, Exit, Milestone, Phase, WayOut
from planning.pacing.payments import Projected, Terms, day_number
from planning.pools import DemandClass, Pool, Topology

NOW = pd.Timestamp("2026-01-01", tz="UTC")
IDLE_PER_HOUR = 1.0
"""What an accelerator costs per hour for power, people and room while it idles; only ratios of costs matter here."""


@dataclass(frozen=True)
class Size:
    """How large a ledger is."""

    blocks: int
    pools: int
    months: int
    paths: int


def topology(n_pools: int) -> Topology:
    """Each pool has training that stays and comes first, and inference that may move to the next pool of three."""
    names = [f"region{row}" for row in range(n_pools)]
    classes = []
    for row, name in enumerate(names):
        follower = row + 1 if row % 3 < 2 and row + 1 < n_pools else None
        elsewhere = () if follower is None else (names[follower],)
        classes.append(DemandClass(f"{name} training", name, Workload.TRAINING, (), 0, 6.0))
        classes.append(DemandClass(f"{name} inference", name, Workload.INFERENCE, elsewhere, 1, 4.0))
    return Topology(tuple(Pool(name, (name,)) for name in names), tuple(classes), dict.fromkeys(names, IDLE_PER_HOUR))


def terms(months: int) -> Terms:
    """Months from the date of planning on."""
    return Terms(NOW, buckets(NOW, months + 1, Granularity.MONTH), 0.08)


def demand(size: Size, seed: int) -> FloatArray:
    """Levels that grow by a rate that is not known, with a walk around it, shape (2 n_pools, n_paths, n_steps)."""
    rng = np.random.default_rng([seed, 1])
    months = np.arange(size.months)
    common = rng.normal(0, 0.012, (1, size.paths, 1))
    growth = common + rng.uniform(0.002, 0.018, (2 * size.pools, 1, 1))
    growth = growth + rng.normal(0, 0.006, (2 * size.pools, size.paths, 1))
    walk = np.cumsum(rng.normal(0, 0.03, (2 * size.pools, size.paths, size.months)), axis=2)
    level = rng.uniform(300, 800, (2 * size.pools, 1, 1))
    return np.asarray(level * np.exp(growth * months + walk))


def blocks(size: Size, seed: int) -> list[Projected]:
    """One live block per pool and others to come, with draws of their slips and conversions."""
    rng = np.random.default_rng([seed, 2])
    found = []
    for row in range(size.blocks):
        pool, live = row % size.pools, row < size.pools
        block = _live(row, pool) if live else _coming(row, pool, size, rng)
        slip = 0.0 if live else np.maximum(rng.normal(30, 60, size.paths), -20)
        online = day_number(block.online) + slip + np.zeros(size.paths)
        online = np.where(rng.random(size.paths) < block.conversion, np.maximum(online, day_number(NOW)), np.inf)
        found.append(Projected(block, pool, block.quantity, online))
    return found


def _live(row: int, pool: int) -> Block:
    return Block(
        f"block{row}",
        1200.0,
        NOW - pd.Timedelta(days=300),
        region=f"region{pool}",
        accelerator="H100",
        phase=Phase.LIVE,
        running_cost_per_month=1200 * 730 * 0.5,
    )


def _coming(row: int, pool: int, size: Size, rng: np.random.Generator) -> Block:
    quantity = float(rng.integers(100, 600))
    online = NOW + pd.Timedelta(days=int(rng.integers(120, 30 * int(size.months * 0.8))))
    capital = quantity * 12_000
    until = NOW + pd.Timedelta(days=int(rng.integers(30, 400)))
    ways = [
        WayOut(Exit.CANCEL, until, charge=0.15 * capital),
        WayOut(Exit.SLOW, until, charge=0.01 * capital, charge_per_month=0.002 * capital, months=12),
        WayOut(Exit.PAUSE, until, charge=0.005 * capital, charge_per_month=0.004 * capital, months=9),
    ]
    return Block(
        f"block{row}",
        quantity,
        online,
        region=f"region{pool}",
        accelerator="H100",
        phase=Phase.POWER,
        conversion=float(rng.choice([1.0, 0.95, 0.8])),
        milestones={Phase.POWER: Milestone(None, 0.3 * capital), Phase.CHIPS: Milestone(None, 0.7 * capital)},
        running_cost_per_month=quantity * 730 * 0.5,
        ways_out=tuple(ways),
    )
