"""Simulated demand of training: jobs with heavy-tailed sizes and durations, and reserved blocks.

Sizes are powers of two and durations log-normal, as in the public traces of training clusters (Hu et al., SC '21, on
Helios; Jeon et al., ATC '19, on Philly): most jobs are small and short, most accelerator-hours belong to few.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from demand.history import FloatArray

IntArray = npt.NDArray[np.int64]

QUARTERS = 4
WARM_UP_HOURS = 28 * 24
LARGEST_JOB = 512
LONGEST_JOB_HOURS = 21 * 24
MEDIAN_JOB_HOURS = 2.0
JOB_HOURS_SIGMA = 1.7
SIZE_EXPONENT = 1.15
_DAY = 24 * QUARTERS

_HOLIDAYS = frozenset(
    {(1, 1), (4, 1), (5, 1), (7, 4), (9, 1), (11, 1), *((12, day) for day in range(24, 32))},
)


def training_demand(
    rng: np.random.Generator, local_quarters: pd.DatetimeIndex, level: float, *, reserved: bool
) -> FloatArray:
    """Accelerators that jobs and reservations ask for, hourly averages.

    Args:
        rng: the source of all draws.
        local_quarters: starts of the quarter hours on the clock of those who submit jobs, the first `WARM_UP_HOURS`
            of which only fill the cluster and are not returned.
        level: about the average of the jobs at the start, accelerators.
        reserved: whether blocks are reserved for large runs as well.

    Returns:
        Shape (n_quarters / 4 - WARM_UP_HOURS,).
    """
    quarters = len(local_quarters)
    activity = submission_rate(local_quarters) * 1.5 ** (np.arange(quarters) / (365.25 * _DAY))
    per_job = expected_job_hours()
    arrivals = rng.poisson(activity * level / QUARTERS / per_job)
    start = np.repeat(np.arange(quarters), arrivals)
    size, hours = draw_jobs(rng, len(start), largest=max(8, round(level / 4)))
    demand = _occupancy(start, np.ceil(hours * QUARTERS).astype(np.int64), size, quarters)
    if reserved:
        demand += _reservations(rng, quarters, level)
    return np.asarray(demand.reshape(-1, QUARTERS).mean(axis=1)[WARM_UP_HOURS:])


def submission_rate(local_quarters: pd.DatetimeIndex) -> FloatArray:
    """Relative rate of submissions, 1 on average over an ordinary week; nights, weekends and holidays are quiet."""
    hour = np.asarray(local_quarters.hour + local_quarters.minute / 60, dtype=float)
    days = local_quarters.normalize()
    off = np.asarray(local_quarters.weekday >= 5)
    holiday = np.array([(day.month, day.day) in _HOLIDAYS for day in days.unique()])
    daily = 0.5 + 1.3 * np.exp(-(((hour - 14) / 5) ** 2))
    weekly = np.where(holiday[pd.factorize(days)[0]], 0.25, np.where(off, 0.55, 1.0))
    return np.asarray(daily * weekly / 0.853)  # 0.853: the mean of daily x weekly over an ordinary week


def draw_jobs(rng: np.random.Generator, count: int, *, largest: int = LARGEST_JOB) -> tuple[FloatArray, FloatArray]:
    """Accelerators (powers of two, Pareto tail) and hours (log-normal) of jobs, each of shape (count,).

    Sizes above `largest` are cut to the power of two below it: no user may take a whole cluster.
    """
    top = np.floor(np.log2(min(largest, LARGEST_JOB)))
    size = 2.0 ** np.minimum(np.floor(np.log2(1 + rng.pareto(SIZE_EXPONENT, count))), top)
    hours = np.minimum(rng.lognormal(np.log(MEDIAN_JOB_HOURS), JOB_HOURS_SIGMA, count), LONGEST_JOB_HOURS)
    return size, hours


def expected_job_hours() -> float:
    """Accelerator-hours of a job on average, durations not cut."""
    octaves = np.arange(np.log2(LARGEST_JOB))
    at_least = 2.0 ** (-SIZE_EXPONENT * octaves)
    below_largest = (2.0**octaves * at_least * (1 - 2.0**-SIZE_EXPONENT)).sum()
    return float(
        (below_largest + LARGEST_JOB ** (1 - SIZE_EXPONENT)) * MEDIAN_JOB_HOURS * np.exp(JOB_HOURS_SIGMA**2 / 2)
    )


def _occupancy(start: IntArray, length: IntArray, size: FloatArray, quarters: int) -> FloatArray:
    """Accelerators held per quarter hour by jobs that begin at once."""
    changes = np.zeros(quarters + 1)
    np.add.at(changes, start, size)
    np.add.at(changes, np.minimum(start + length, quarters), -size)
    return np.asarray(np.maximum(np.cumsum(changes)[:-1], 0.0))


def _reservations(rng: np.random.Generator, quarters: int, level: float) -> FloatArray:
    """Blocks for large runs, back to back with pauses; restarts from checkpoints show as short dips."""
    held = np.zeros(quarters)
    position = int(rng.integers(7 * _DAY))
    while position < quarters:
        stop = position + int(rng.integers(7 * _DAY, 35 * _DAY))
        size = 64 * max(1, round(level * rng.uniform(0.5, 1.2) / 64))
        held[position:stop] += size
        for restart in rng.integers(position, stop, size=rng.poisson((stop - position) / (5 * _DAY))):
            held[restart : min(restart + int(rng.integers(2, 20)), stop)] *= rng.uniform(0.0, 0.3)
        position = stop + int(rng.integers(1 * _DAY, 14 * _DAY))
    return held
