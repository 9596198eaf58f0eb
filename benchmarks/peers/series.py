"""One series as a peer is given it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.exchange import FloatArray, Question


@dataclass(frozen=True)
class Series:
    """One series to forecast.

    Attributes:
        values: from its first known bucket on, gaps filled linearly, shape (n_steps,).
        start: its first known bucket, without time zone.
        granularity: width of a bucket: hour, day, week or month.
        horizon: buckets ahead.
        levels: quantile levels.
        seed: seed of every draw.
    """

    values: FloatArray
    start: np.datetime64
    granularity: str
    horizon: int
    levels: tuple[float, ...]
    seed: int


Peer = Callable[[Series], FloatArray]
"""Forecasts a series: quantiles, shape (horizon, n_levels)."""


def series(question: Question) -> list[Series]:
    """The series of a question, hourly or weekly."""
    width = {"hour": np.timedelta64(1, "h"), "week": np.timedelta64(7, "D")}[question.granularity]
    start = np.datetime64(question.start.removesuffix("Z").split("+")[0])
    found = []
    for row in question.values:
        known = np.flatnonzero(~np.isnan(row))
        first = int(known[0]) if len(known) else 0
        places = np.arange(first, len(row))
        filled = np.interp(places, known, row[known]) if len(known) else row
        asked = (question.granularity, question.horizon, question.levels, question.seed)
        found.append(Series(filled, start + first * width, *asked))
    return found
