"""What keeps use below demand: the capacity or quota that part of the fleet shares."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

from demand.errors import Invalid
from demand.history import FloatArray, Panel
from demand.series import Selection, SeriesKey
from demand.units import ACCELERATORS

TOLERANCE = 0.005
"""How far below a ceiling use may lie, as a share of it, and still count as being at it. Averages over an hour hardly
ever meet a limit exactly: something starts or ends within the hour."""


class LimitKind(StrEnum):
    """What a limit is: what is there, or what may be used."""

    CAPACITY = "capacity"
    QUOTA = "quota"


class Measure(StrEnum):
    """What a forecast is of: what would be asked for, or what can be in use of it."""

    DEMAND = "demand"
    UTILIZATION = "utilization"


@dataclass(frozen=True)
class Limit:
    """The most that the selected series can have in use together.

    Attributes:
        selection: the series that share it.
        level: the most they can have in use, in `unit`.
        start: the first moment it holds, UTC.
        end: the moment it holds no more, None if it goes on.
        kind: capacity or quota.
        unit: series in other units are not limited by it.
    """

    selection: Selection
    level: float
    start: pd.Timestamp
    end: pd.Timestamp | None = None
    kind: LimitKind = LimitKind.CAPACITY
    unit: str = ACCELERATORS

    def __post_init__(self) -> None:
        if not 0 < self.level < np.inf:
            raise Invalid(f"a {self.kind} of {self.level:g} limits nothing sensibly; give a number above zero")
        if self.start.tz is None or (self.end is not None and self.end.tz is None):
            raise Invalid("a limit needs UTC offsets; write its start and end like 2025-01-06T00:00:00Z")
        if self.end is not None and self.end <= self.start:
            raise Invalid(
                f"the {self.kind} of {self.level:g} ends at {self.end.isoformat()}, not after its start "
                f"{self.start.isoformat()}; let it end later, or leave the end out"
            )

    def applies_to(self, key: SeriesKey, unit: str) -> bool:
        """Whether a series is among those that share it."""
        return unit == self.unit and self.selection.accepts(key)

    def levels(self, index: pd.DatetimeIndex) -> FloatArray:
        """The level in each bucket, infinite in buckets that begin outside its time, shape (n_steps,)."""
        inside = np.asarray(index >= self.start)
        if self.end is not None:
            inside &= np.asarray(index < self.end)
        return np.where(inside, self.level, np.inf)


def ceilings(panel: Panel, limits: Iterable[Limit]) -> FloatArray:
    """The most that each series could have had in use, given what the others that share its limits had.

    A bucket in which nothing is known of a series counts as one in which it used nothing.

    Args:
        panel: what was in use, with every series that shares a limit.
        limits: what bounds it.

    Returns:
        Shape (n_series, n_steps), infinite where nothing bounds the series; where several limits do, the lowest.
    """
    lowest = np.full(panel.values.shape, np.inf)
    used = np.nan_to_num(panel.values)
    for limit in limits:
        rows = members(limit, panel.keys, panel.units)
        if len(rows):
            room = limit.levels(panel.index) - used[rows].sum(axis=0)
            lowest[rows] = np.minimum(lowest[rows], used[rows] + room)
    return np.maximum(lowest, 0.0)


def is_full(panel: Panel, limits: Iterable[Limit]) -> npt.NDArray[np.bool_]:
    """Which buckets of which series lie at a limit that the series shares, shape (n_series, n_steps)."""
    full = np.zeros(panel.values.shape, dtype=bool)
    used = np.nan_to_num(panel.values)
    for limit in limits:
        rows = members(limit, panel.keys, panel.units)
        if len(rows):
            full[rows] |= used[rows].sum(axis=0) >= limit.levels(panel.index) * (1 - TOLERANCE)
    return full & ~np.isnan(panel.values)


def members(limit: Limit, keys: Sequence[SeriesKey], units: Sequence[str]) -> npt.NDArray[np.intp]:
    """The positions of the series that share a limit."""
    pairs = zip(keys, units, strict=True)
    return np.flatnonzero([limit.applies_to(key, unit) for key, unit in pairs])


def check_against_use(limit: Limit, panel: Panel) -> None:
    """Refuse a limit that lies below what its series have in use now.

    Raises:
        Invalid: it holds in the last bucket of the panel, where its series had clearly more in use.
    """
    rows = members(limit, panel.keys, panel.units)
    if not len(rows) or not panel.n_steps:
        return
    used = float(np.nansum(panel.values[rows, -1]))
    allowed = float(limit.levels(panel.index[-1:])[0])
    if used > allowed * (1 + TOLERANCE):
        raise Invalid(
            f"a {limit.kind} of {limit.level:g} {limit.unit} is below the last value: {limit.selection} had {used:g} in "
            f"use at {panel.index[-1].isoformat()}; correct the level or the unit, or let the limit start later"
        )
