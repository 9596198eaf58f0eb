"""Demand, ledgers and events that tests of scenarios share."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from demand.calendar import Granularity, buckets
from demand.history import FloatArray
from demand.paths import DemandPaths
from demand.series import Selection, SeriesKey, Workload
from planning.estimates import Estimate
from planning.ledger import Block
from planning.scenarios.application import apply
from planning.scenarios.dice import Dice, Moment
from planning.scenarios.events import Event, Futures

START = pd.Timestamp("2026-01-01", tz="UTC")
TRAINING = SeriesKey(region="eu", accelerator="H100", workload=Workload.TRAINING, tenant="acme")
INFERENCE = SeriesKey(region="eu", accelerator="H100", workload=Workload.INFERENCE, tenant="acme")
SEARCH = SeriesKey(region="us", accelerator="H100", workload=Workload.INFERENCE, tenant="search")
KEYS = (TRAINING, INFERENCE, SEARCH)
ALL_TRAINING = Selection(workload=(Workload.TRAINING,))
ALL_INFERENCE = Selection(workload=(Workload.INFERENCE,))


def day(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def moment(text: str, low: float = 0, mid: float = 0, high: float = 0) -> Moment:
    return Moment(day(text), Estimate(low, mid, high))


def known(value: float) -> Estimate:
    return Estimate.certain(value)


def level(
    values: Sequence[float] = (100, 50, 30), n_paths: int = 3, n_steps: int = 24, *, by: Granularity = Granularity.MONTH
) -> DemandPaths:
    """Demand that stands still, the same in every path."""
    shape = (len(values), n_paths, n_steps)
    return DemandPaths(
        KEYS[: len(values)], by, START, np.broadcast_to(np.array(values, dtype=float)[:, None, None], shape).copy()
    )


def noisy(n_paths: int = 200, n_steps: int = 24) -> DemandPaths:
    values = np.random.default_rng(3).lognormal(4, 0.4, (3, n_paths, n_steps))
    return DemandPaths(KEYS, Granularity.MONTH, START, values)


def edges(n_steps: int = 24, by: Granularity = Granularity.MONTH) -> FloatArray:
    """Bucket edges in days since 1970, told by the calendar of Python."""
    grid = buckets(START, n_steps + 1, by)
    return np.array([each.to_pydatetime().timestamp() / 86_400 for each in grid])


def happening(demand: DemandPaths, *events: Event, blocks: Sequence[Block] = (), seed: int = 7) -> Futures:
    return apply(events, demand, blocks, Dice(seed, demand.values.shape[1]))
