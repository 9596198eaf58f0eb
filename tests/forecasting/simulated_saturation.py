"""A simulated fleet whose growth ends at levels that are known."""

import numpy as np
import pandas as pd

from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from demand.series import SeriesKey, Workload


def saturating_fleet(seed: int, horizon: int, size: int = 16, days: int = 270) -> tuple[Panel, FloatArray]:
    """Services that grow from a twentieth of their cap along logistic curves, with shocks that stay and noise.

    They are seen until they are expected to have a third to two thirds of their cap.

    Returns:
        The history with its caps, and what came after it, shape (size, horizon).
    """
    rng = np.random.default_rng(seed)
    day = np.arange(days + horizon)
    caps = rng.lognormal(6, 1, size)
    seen = rng.uniform(1 / 3, 2 / 3, (size, 1))
    first, last = np.log(0.05 / 0.95), np.log(seen / (1 - seen))
    shocks = np.cumsum(rng.normal(0, 0.02, (size, len(day))), axis=1)
    level = caps[:, None] / (1 + np.exp(-(first + (last - first) * day / days + shocks)))
    values = level * (1 + 0.03 * rng.normal(size=level.shape).clip(-3, 3))
    keys = tuple(SeriesKey(region=str(row), workload=Workload.INFERENCE) for row in range(size))
    start = pd.Timestamp("2024-01-01", tz="UTC")
    history = Panel(keys, ("accelerators",) * size, Granularity.DAY, start, values[:, :days], caps)
    return history, values[:, days:]
