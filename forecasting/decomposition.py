"""A forecast taken apart: a trend, a part for each season, and what is left.

It is the classical decomposition (Hyndman and Athanasopoulos, Forecasting: Principles and Practice, third edition,
3.4), of the forecast and the history just before it as one series: a moving average over the longest season is the
trend, and what is beside it is averaged by place in each season, the longer seasons on top of the shorter ones. As in
STL (Cleveland and others, 1990) the trend is then taken again, over the shortest season of what is left without the
seasons, so that it follows changes within a long season. At both ends, where a moving average has no whole window, the
trend goes on in a straight line. Nothing is fitted: all of it is averages of numbers that are known.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from demand.calendar import Granularity
from demand.history import FloatArray
from forecasting.preparation import fill_gaps

LEAST_CYCLES = 2
"""Cycles of a season that must be known before it can be told from the trend."""

SEASONS: Mapping[Granularity, Mapping[str, int]] = {
    Granularity.HOUR: {"daily": 24, "weekly": 168},
    Granularity.DAY: {"weekly": 7},
    Granularity.WEEK: {"yearly": 52},
    Granularity.MONTH: {"yearly": 12},
}
"""Names and lengths in buckets of the seasons that are told apart, each a multiple of the one before. A year is no
season of days: forecasts by the day end before they hold half of one."""

_CYCLES_BEFORE = 4
"""Cycles of the longest season that are looked at before the forecast."""


@dataclass(frozen=True)
class Decomposition:
    """Parts of a forecast, each of shape (n_steps,), in its unit; they add up to it.

    Attributes:
        trend: the level, smooth over the shortest season.
        seasonal: per season its deviation from the level, zero on average over a cycle; a season that the forecast and
            its history do not hold twice has no part, and is in the trend.
        remainder: what is neither.
    """

    trend: FloatArray
    seasonal: Mapping[str, FloatArray]
    remainder: FloatArray


def history_before(granularity: Granularity) -> int:
    """How many buckets before a forecast are worth giving to `decompose`."""
    return _CYCLES_BEFORE * max(SEASONS[granularity].values())


def decompose(forecast: FloatArray, history: FloatArray, granularity: Granularity) -> Decomposition:
    """Take a forecast apart.

    Args:
        forecast: no value missing, such as the median at each step; shape (n_steps,).
        history: the buckets just before it, NaN where missing; there may be none. Shape (n_before,).
        granularity: of both.
    """
    seasons = SEASONS[granularity]
    known = np.flatnonzero(~np.isnan(history))
    before = history[known[0] :] if len(known) else history[:0]
    whole = fill_gaps(np.concatenate([before, forecast]), min(seasons.values()))
    told = {name: length for name, length in seasons.items() if len(whole) >= LEAST_CYCLES * length}
    seasonal = _seasonal(whole, told)
    rest = whole - sum(seasonal.values(), np.zeros_like(whole))
    trend = _extended(_moving_average(rest, min(told.values())), len(rest)) if told else rest
    ahead = slice(len(before), None)
    parts = {name: values[ahead] for name, values in seasonal.items()}
    remainder = forecast - sum(parts.values(), trend[ahead])
    return Decomposition(trend[ahead], parts, remainder)


def _seasonal(values: FloatArray, seasons: Mapping[str, int]) -> dict[str, FloatArray]:
    """The part of each season at every step, the longer ones of what the shorter ones leave."""
    if not seasons:
        return {}
    average = _moving_average(values, max(seasons.values()))
    first = (len(values) - len(average)) // 2
    left = values[first : first + len(average)] - average
    parts = {}
    for name, length in seasons.items():
        places = (first + np.arange(len(left))) % length
        shape = np.bincount(places, weights=left, minlength=length) / np.bincount(places, minlength=length)
        shape -= shape.mean()
        left = left - shape[places]
        parts[name] = shape[np.arange(len(values)) % length]
    return parts


def _moving_average(values: FloatArray, season: int) -> FloatArray:
    """Centred averages over one season, wherever there is a whole window; the outermost of an even one count half."""
    weights = np.ones(season + 1 - season % 2) / season
    if season % 2 == 0:
        weights[[0, -1]] /= 2
    return np.convolve(values, weights, mode="valid")


def _extended(average: FloatArray, length: int) -> FloatArray:
    """A moving average with straight lines at both ends, each with the mean slope of the averages next to it."""
    missing = (length - len(average)) // 2
    reach = min(max(missing, 1), len(average) - 1)
    slopes = [(average[reach] - average[0]) / reach, (average[-1] - average[-1 - reach]) / reach] if reach else [0, 0]
    steps = np.arange(1, missing + 1)
    return np.concatenate([average[0] - slopes[0] * steps[::-1], average, average[-1] + slopes[1] * steps])
