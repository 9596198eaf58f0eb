"""Simulated shortage: fleets whose demand is known although more was asked for than there was.

Capacity is built in steps, late: each step is laid out for the demand of its beginning and is outgrown until the next
one. What is recorded as use is what demand leaves of itself under the capacity; a part of what is turned away waits in
a queue, the rest is never heard of again.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from demand.calendar import Granularity, buckets
from demand.history import FloatArray, Panel
from demand.series import SeriesKey, Workload
from demand.units import ACCELERATORS
from forecasting.simulated_inference import inference_demand
from forecasting.simulated_training import WARM_UP_HOURS, training_demand

_START = pd.Timestamp("2025-01-06", tz="UTC")


@dataclass(frozen=True)
class Shortage:
    """A fleet and what kept it small.

    Attributes:
        demand: what was asked for, accelerators.
        capacity: what was there, shape (n_series, n_steps).
        queued: what was turned away and waited, shape (n_series, n_steps).
    """

    demand: Panel
    capacity: FloatArray
    queued: FloatArray

    @property
    def utilization(self) -> Panel:
        """What was in use, as a record would show it."""
        return _with_values(self.demand, np.minimum(self.demand.values, self.capacity))


def simulate_shortage(
    *, seed: int, n_series: int, hours: int, tightness: tuple[float, float] = (0.6, 0.95), steps: int = 2
) -> Shortage:
    """Series of inference and training by turns, each under a capacity of its own.

    Args:
        seed: the source of all draws.
        n_series: how many series.
        hours: the length of the history.
        tightness: each step of capacity is a quantile of the demand of its first half, at a level drawn from this
            range; the lower, the more is turned away.
        steps: how many times capacity is laid out.
    """
    demand = np.empty((n_series, hours))
    capacity, queued = np.empty_like(demand), np.empty_like(demand)
    for row in range(n_series):
        rng = np.random.default_rng([seed, row])
        demand[row] = _demand(rng, hours, inference=row % 2 == 0)
        capacity[row] = _capacity(rng, demand[row], tightness, steps)
        queued[row] = rng.uniform(0.3, 1.0) * np.maximum(demand[row] - capacity[row], 0.0)
    keys = tuple(
        SeriesKey("simulated", accelerator="H100", workload=_workload(row), tenant=f"tenant-{row:03}")
        for row in range(n_series)
    )
    start = buckets(_START, 1, Granularity.HOUR)[0]
    return Shortage(Panel(keys, (ACCELERATORS,) * n_series, Granularity.HOUR, start, demand), capacity, queued)


def _workload(row: int) -> Workload:
    return Workload.INFERENCE if row % 2 == 0 else Workload.TRAINING


def _demand(rng: np.random.Generator, hours: int, *, inference: bool) -> FloatArray:
    size = float(rng.uniform(300, 3000))
    if inference:
        quarters = pd.date_range(_START, periods=hours * 4, freq="15min")
        return inference_demand(rng, quarters, size, growing=False)
    quarters = pd.date_range(
        _START - pd.Timedelta(hours=WARM_UP_HOURS), periods=(hours + WARM_UP_HOURS) * 4, freq="15min"
    )
    return training_demand(rng, quarters, size, reserved=False)


def _capacity(rng: np.random.Generator, demand: FloatArray, tightness: tuple[float, float], steps: int) -> FloatArray:
    levels = np.empty(len(demand))
    ends = [round(len(demand) * (step + 1) / steps) for step in range(steps)]
    begin = 0
    for end in ends:
        first_half = demand[begin : begin + max((end - begin) // 2, 1)]
        levels[begin:end] = np.ceil(np.quantile(first_half, rng.uniform(*tightness)))
        begin = end
    return np.maximum.accumulate(levels)


def _with_values(panel: Panel, values: FloatArray) -> Panel:
    return Panel(panel.keys, panel.units, panel.granularity, panel.start, values)
