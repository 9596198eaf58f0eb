"""Small histories."""

import numpy as np
import pandas as pd

from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from demand.series import SeriesKey, Workload

START = pd.Timestamp("2025-01-06", tz="UTC")


def panel(values: FloatArray, granularity: Granularity = Granularity.HOUR) -> Panel:
    """A panel of tenants t0, t1, ... with these values."""
    keys = tuple(SeriesKey(workload=Workload.TRAINING, tenant=f"t{row}") for row in range(len(values)))
    return Panel(keys, ("accelerators",) * len(values), granularity, START, np.asarray(values, dtype=float))


def daily_shape(n_series: int, days: int, seed: int) -> FloatArray:
    """Hourly levels with a daily shape and noise."""
    rng = np.random.default_rng(seed)
    hours = np.arange(days * 24)
    base = 100 + 20 * np.arange(n_series)[:, None] + 30 * np.sin(2 * np.pi * hours / 24)
    return np.asarray(base + rng.normal(0, 3, size=(n_series, len(hours))))
