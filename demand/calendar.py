"""Buckets of time: granularities, their grids in UTC, their seasons and their horizons."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from demand.errors import Invalid

EARLIEST = pd.Timestamp("2000-01-01", tz="UTC")


class Granularity(StrEnum):
    """The width of a bucket. Timestamps are bucket starts in UTC."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def rhythm(self) -> "Rhythm":
        """Seasons, horizon and context of this granularity."""
        return RHYTHMS[self]


@dataclass(frozen=True)
class Rhythm:
    """What is customary at one granularity; every length is a number of buckets, except `hours`.

    Attributes:
        seasons: lengths of the seasons, shortest first.
        naive_season: the season that the naive forecast repeats.
        horizon_limit: how far ahead forecasts go.
        context: how much history models are given.
        backtest_horizon: how far ahead models are compared.
        memory: how many past errors a forecast remembers, to make paths joint.
        stretches: leads at which a stretch of the horizon ends that is weighed and calibrated by itself; one follows.
        lateness: how much older than the newest a series' last observation may be before its history has ended.
        hours: hours in a bucket, on average.
    """

    seasons: tuple[float, ...]
    naive_season: int
    horizon_limit: int
    context: int
    backtest_horizon: int
    memory: int
    stretches: tuple[int, ...]
    lateness: int
    hours: float

    @property
    def whole_seasons(self) -> tuple[int, ...]:
        """Season lengths rounded to whole buckets, shortest first."""
        return tuple(round(season) for season in self.seasons)


RHYTHMS = {
    Granularity.HOUR: Rhythm(
        seasons=(24, 168),
        naive_season=24,
        horizon_limit=28 * 24,
        context=1344,
        backtest_horizon=168,
        memory=336,
        stretches=(24, 72),
        lateness=48,
        hours=1,
    ),
    Granularity.DAY: Rhythm(
        seasons=(7, 365.25),
        naive_season=7,
        horizon_limit=180,
        context=1096,
        backtest_horizon=28,
        memory=112,
        stretches=(7, 28),
        lateness=7,
        hours=24,
    ),
    Granularity.WEEK: Rhythm(
        seasons=(52.18,),
        naive_season=1,
        horizon_limit=104,
        context=520,
        backtest_horizon=13,
        memory=52,
        stretches=(4, 13),
        lateness=2,
        hours=168,
    ),
    Granularity.MONTH: Rhythm(
        seasons=(12,),
        naive_season=12,
        horizon_limit=60,
        context=240,
        backtest_horizon=12,
        memory=48,
        stretches=(3, 12),
        lateness=1,
        hours=730.5,
    ),
}

_FREQUENCIES = {Granularity.HOUR: "h", Granularity.DAY: "D", Granularity.WEEK: "7D", Granularity.MONTH: "MS"}


def buckets(start: pd.Timestamp, count: int, granularity: Granularity) -> pd.DatetimeIndex:
    """The starts of `count` consecutive buckets, the first one at `start`."""
    return pd.date_range(start, periods=count, freq=_FREQUENCIES[granularity], name="timestamp").as_unit("ns")


def step_of(timestamps: pd.DatetimeIndex, start: pd.Timestamp, granularity: Granularity) -> np.ndarray:
    """How many buckets after `start` each timestamp lies; timestamps must lie on the grid of `start`."""
    if granularity is Granularity.MONTH:
        return np.asarray((timestamps.year - start.year) * 12 + (timestamps.month - start.month), dtype=np.int64)
    width_ns = int(granularity.rhythm.hours * 3_600_000_000_000)
    return np.asarray((timestamps.as_unit("ns").asi8 - start.as_unit("ns").value) // width_ns, dtype=np.int64)


def previous(start: pd.Timestamp, granularity: Granularity) -> pd.Timestamp:
    """The start of the bucket before the one that starts here."""
    if granularity is Granularity.MONTH:
        return start - pd.DateOffset(months=1)
    return start - pd.Timedelta(hours=granularity.rhythm.hours)


def number(timestamp: pd.Timestamp, granularity: Granularity) -> int:
    """The same number for the same bucket everywhere: whole buckets since 1970, months by the calendar."""
    if granularity is Granularity.MONTH:
        return (timestamp.year - 1970) * 12 + timestamp.month - 1
    return int(timestamp.as_unit("ns").value // int(granularity.rhythm.hours * 3_600_000_000_000))


def floor(timestamps: pd.DatetimeIndex, granularity: Granularity) -> pd.DatetimeIndex:
    """The start of the bucket that each timestamp falls into; weeks start on Mondays."""
    if granularity is Granularity.HOUR:
        return timestamps.floor("h")
    days = timestamps.floor("D")
    if granularity is Granularity.DAY:
        return days
    back = days.weekday if granularity is Granularity.WEEK else days.day - 1
    return days - pd.to_timedelta(np.asarray(back), unit="D")


def check_coarser(known: Granularity, asked: Granularity) -> None:
    """Refuse to turn buckets into finer ones.

    Raises:
        Invalid: the granularity that is asked for is finer than the one that is known.
    """
    if asked.rhythm.hours < known.rhythm.hours:
        raise Invalid(f"values per {known} cannot be told per {asked}; ask for {known} or coarser")


def on_grid(timestamps: pd.DatetimeIndex, granularity: Granularity) -> np.ndarray:
    """Which timestamps may start a bucket: whole hours, midnights, or midnights of a month's first day.

    A week may start on any weekday; that a series keeps to one weekday is checked where its history is known.
    """
    if granularity is Granularity.HOUR:
        return np.asarray(timestamps == timestamps.floor("h"))
    midnight = np.asarray(timestamps == timestamps.floor("D"))
    return midnight & np.asarray(timestamps.day == 1) if granularity is Granularity.MONTH else midnight


def infer_granularity(timestamps: pd.DatetimeIndex) -> Granularity:
    """The coarsest granularity whose grid holds all timestamps and whose buckets are mostly one step apart.

    Args:
        timestamps: timestamps of one series in UTC, in any order; repeats are ignored.

    Raises:
        Invalid: fewer than two distinct timestamps, or timestamps that lie on no grid.
    """
    distinct = timestamps.unique().sort_values()
    if len(distinct) < 2:
        raise Invalid(
            "the granularity cannot be inferred from fewer than two timestamps; name it: hour, day, week or month"
        )
    if not on_grid(distinct, Granularity.HOUR).all():
        off = distinct[~on_grid(distinct, Granularity.HOUR)][0]
        raise Invalid(f"timestamp {off.isoformat()} is not on a whole hour; average the values over hours first")
    steps_hours = np.diff(distinct.as_unit("ns").asi8) / 3_600_000_000_000
    if on_grid(distinct, Granularity.MONTH).all() and steps_hours.min() >= 28 * 24:
        return Granularity.MONTH
    if on_grid(distinct, Granularity.DAY).all():
        if (steps_hours % 168 == 0).all():
            return Granularity.WEEK
        return Granularity.DAY
    return Granularity.HOUR
