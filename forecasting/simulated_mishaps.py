"""Simulated mishaps: outages of a site, gaps in its records, and values that were first recorded wrong."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from demand.history import FloatArray

WEEK = 168


@dataclass(frozen=True)
class Corrections:
    """Values that were recorded wrong at first.

    Attributes:
        row: the series of each, shape (n,).
        step: the hour of each, counted from the start.
        first: the value that was recorded first.
    """

    row: npt.NDArray[np.int64]
    step: npt.NDArray[np.int64]
    first: FloatArray


def suffer_outages(rng: np.random.Generator, site: FloatArray) -> FloatArray:
    """The demand of one site, shape (n_series, n_hours), with outages: near zero for hours, then back in steps."""
    harmed = site.copy()
    for start in rng.integers(0, site.shape[1], size=1 + rng.poisson(site.shape[1] / (16 * WEEK))):
        hours = int(np.clip(rng.lognormal(np.log(5), 0.5), 2, 18))
        rest = rng.choice([0.0, 0.02, 0.05])
        left = np.concatenate([np.full(hours, rest), [0.4, 0.8]])[: site.shape[1] - start]
        harmed[:, start : start + len(left)] *= left
    return harmed


def lose_records(rng: np.random.Generator, site: FloatArray) -> FloatArray:
    """The records of one site: all its series miss some stretches, and each misses single hours."""
    left = site.copy()
    left[rng.random(site.shape) < 0.0008] = np.nan
    for start in rng.integers(0, site.shape[1], size=rng.poisson(site.shape[1] / (10 * WEEK))):
        left[:, start : start + int(rng.integers(2, 30))] = np.nan
    return left


def record_wrongly(rng: np.random.Generator, fleet: FloatArray) -> Corrections:
    """For about one series and day in two hundred, what was recorded first: a part came late, or was counted twice.

    Args:
        rng: the source of all draws.
        fleet: the true values, shape (n_series, n_hours); missing hours are never corrected.
    """
    n_days = fleet.shape[1] // 24
    wrong = np.argwhere(rng.random((len(fleet), n_days)) < 0.005)
    factor = np.where(rng.random(len(wrong)) < 0.7, rng.uniform(0.5, 0.95, len(wrong)), 2.0)
    row = np.repeat(wrong[:, 0], 24)
    step = (wrong[:, 1:] * 24 + np.arange(24)).ravel()
    first = np.round(fleet[row, step] * np.repeat(factor, 24), 2)
    kept = (first != fleet[row, step]) & ~np.isnan(first)
    return Corrections(row[kept], step[kept], first[kept])
