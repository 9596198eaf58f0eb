"""The supply of the simulated fleet: what serves it now, what is being built, and what is only talked about.

Every quantity, date and amount is made up, in proportion to the simulated demand.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from demand.history import Panel
from planning.estimates import Estimate
from planning.ledger import Block, Exit, FirstRefusal, Milestone, Phase, WayOut
from planning.pools import Topology, default_topology
from planning.states import CommitmentState

SOURCE = "simulated"

COST_PER_ACCELERATOR = 30_000.0
RUNNING_COST_PER_MONTH = 250.0
COST_SHORT, COST_IDLE = 4.0, 1.5
"""In USD, of an accelerator, and of one that is missing, or idles, for an hour."""

_RACK = 8
"""Accelerators come in servers of so many."""


def simulated_ledger(fleet: Panel, now: pd.Timestamp) -> tuple[Block, ...]:
    """Three blocks for every region and accelerator: live, signed, and talked about.

    Args:
        fleet: the simulated demand.
        now: the day from which dates are counted, UTC.
    """
    blocks: list[Block] = []
    for place, level in sorted(_levels(fleet).items()):
        signed = _signed(place, 0.3 * level, now)
        blocks += [_live(place, 1.1 * level, now), signed, _talked_about(place, 0.8 * level, now, after=signed.name)]
    return tuple(blocks)


def simulated_pools(fleet: Panel) -> Topology:
    """A pool per region and accelerator, with what shortage and idleness cost."""
    pools = default_topology(list(fleet.keys))
    classes = tuple(replace(each, cost_short=COST_SHORT) for each in pools.classes)
    return replace(pools, classes=classes, cost_idle={pool.name: COST_IDLE for pool in pools.pools})


def _levels(fleet: Panel) -> dict[tuple[str, str], float]:
    """Mean demand of the last week by region and accelerator."""
    recent = np.nan_to_num(np.nanmean(np.pad(fleet.values, ((0, 0), (168, 0)))[:, -168:], axis=1))
    levels: dict[tuple[str, str], float] = {}
    for key, level in zip(fleet.keys, recent, strict=True):
        place = (key.region, key.accelerator)
        levels[place] = levels.get(place, 0.0) + float(level)
    return levels


def _live(place: tuple[str, str], quantity: float, now: pd.Timestamp) -> Block:
    return Block(
        f"{' '.join(place)} in service",
        _whole(quantity),
        now - pd.Timedelta(days=400),
        region=place[0],
        accelerator=place[1],
        phase=Phase.LIVE,
        state=CommitmentState.ACTIVE,
        running_cost_per_month=_whole(quantity) * RUNNING_COST_PER_MONTH,
        source=SOURCE,
    )


def _signed(place: tuple[str, str], quantity: float, now: pd.Timestamp) -> Block:
    count, online = _whole(quantity), now + pd.Timedelta(days=180)
    cost = count * COST_PER_ACCELERATOR
    return Block(
        f"{' '.join(place)} hall 2",
        count,
        online,
        region=place[0],
        accelerator=place[1],
        phase=Phase.LEASE,
        state=CommitmentState.PENDING,
        slip_days=Estimate(0, 30, 150),
        conversion=0.95,
        milestones={Phase.CHIPS: Milestone(online - pd.Timedelta(days=30), cost)},
        running_cost_per_month=count * RUNNING_COST_PER_MONTH,
        ways_out=(
            WayOut(Exit.CANCEL, now + pd.Timedelta(days=90), charge=0.1 * cost),
            WayOut(Exit.SLOW, now + pd.Timedelta(days=60), charge_per_month=0.005 * cost, months=12),
        ),
        first_refusal=FirstRefusal(_whole(count / 2), now + pd.Timedelta(days=270), 0.5 * cost, lead_days=120),
        source=SOURCE,
    )


def _talked_about(place: tuple[str, str], quantity: float, now: pd.Timestamp, after: str) -> Block:
    count, online = _whole(quantity), now + pd.Timedelta(days=900)
    cost = count * COST_PER_ACCELERATOR
    return Block(
        f"{' '.join(place)} campus",
        count,
        online,
        region=place[0],
        accelerator=place[1],
        phase=Phase.LAND,
        state=CommitmentState.PROPOSED,
        slip_days=Estimate(0, 120, 500),
        conversion=0.6,
        milestones={
            Phase.SHELL: Milestone(now + pd.Timedelta(days=480), 0.1 * cost),
            Phase.POWER: Milestone(now + pd.Timedelta(days=780), 0.15 * cost),
            Phase.CHIPS: Milestone(online - pd.Timedelta(days=30), cost),
        },
        running_cost_per_month=count * RUNNING_COST_PER_MONTH,
        after=(after,),
        ways_out=(
            WayOut(Exit.CANCEL, now + pd.Timedelta(days=240), charge=0.01 * cost),
            WayOut(Exit.PAUSE, now + pd.Timedelta(days=200), charge_per_month=0.001 * cost, months=12),
        ),
        source=SOURCE,
    )


def _whole(quantity: float) -> float:
    return float(max(1, round(quantity / _RACK)) * _RACK)
