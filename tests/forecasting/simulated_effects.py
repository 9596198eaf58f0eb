"""Demand whose covariates have effects that are known, because they were put there."""

import numpy as np
import pandas as pd

from demand.covariates import Effect, Event, Regressor, Treatment, evenly_spaced
from demand.history import FloatArray
from demand.series import Selection
from tests.training.panels import START

EVERYTHING = Selection()
DAYS = 56
HORIZON = 168
STEPS = DAYS * 24 + HORIZON


def hour(step: int) -> pd.Timestamp:
    return START + pd.Timedelta(hours=step)


def noise(seed: int, steps: int = STEPS, stickiness: float = 0.8, deviation: float = 0.08) -> FloatArray:
    """First-order autoregressive noise, stationary from its first step."""
    rng = np.random.default_rng(seed)
    shocks = rng.normal(0, deviation * np.sqrt(1 - stickiness**2), steps)
    shocks[0] = rng.normal(0, deviation)
    values = np.empty(steps)
    values[0] = shocks[0]
    for step in range(1, steps):
        values[step] = stickiness * values[step - 1] + shocks[step]
    return values


def plain(seed: int, steps: int = STEPS) -> FloatArray:
    """Demand around 100 with a daily and a weekly rhythm and a slight trend, which nothing else moves."""
    hours = np.arange(steps)
    rhythm = 0.3 * np.sin(2 * np.pi * hours / 24) + 0.1 * np.sin(2 * np.pi * hours / 168)
    return np.asarray(100 * np.exp(rhythm + 0.0002 * hours + noise(seed, steps)))


def days_off(*days: int) -> FloatArray:
    """One on these days, counted from the start, and zero on others."""
    column = np.zeros(STEPS)
    for day in days:
        column[24 * day : 24 * (day + 1)] = 1.0
    return column


def regressor(column: FloatArray, name: str = "promotion", selection: Selection = EVERYTHING) -> Regressor:
    stamps = pd.date_range(START, periods=len(column), freq="h").as_unit("ns")
    return evenly_spaced(name, selection, stamps, list(column))


def event(
    first: int,
    stop: int | None,
    treatment: Treatment = Treatment.MASK,
    effect: Effect | None = None,
    name: str = "outage",
    selection: Selection = EVERYTHING,
) -> Event:
    return Event(name, selection, hour(first), None if stop is None else hour(stop), treatment, effect)
