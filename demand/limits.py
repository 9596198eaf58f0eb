"""What bounds part of the fleet: the capacity or quota that it shares, or the level at which its growth ends."""

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

BoolArray = npt.NDArray[np.bool_]

TOLERANCE = 0.005
"""How far below a ceiling use may lie, as a share of it, and still count as being at it. Averages over an hour hardly
ever meet a limit exactly: something starts or ends within the hour."""


class LimitKind(StrEnum):
    """What a limit is: what is there, what may be used, or what demand will not grow beyond."""

    CAPACITY = "capacity"
    QUOTA = "quota"
    SATURATION = "saturation"


class Measure(StrEnum):
    """What a forecast is of: what would be asked for, or what can be in use of it."""

    DEMAND = "demand"
    UTILIZATION = "utilization"


@dataclass(frozen=True)
class Limit:
    """The most that the selected series can have in use together, or will ever ask for together.

    A saturation, such as the size of a market, keeps nobody from using what is asked for: it censors no history and
    rations nothing, and only tells models where growth ends.

    Attributes:
        selection: the series that share it.
        level: the most they can have in use or will ask for, in `unit`.
        start: the first moment it holds, UTC.
        end: the moment it holds no more, None if it goes on.
        kind: capacity, quota or saturation.
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

    @property
    def holds_use_down(self) -> bool:
        """Whether use may be lower than demand because of it."""
        return self.kind is not LimitKind.SATURATION

    def applies_to(self, key: SeriesKey, unit: str) -> bool:
        """Whether a series is among those that share it."""
        return unit == self.unit and self.selection.accepts(key)

    def levels(self, index: pd.DatetimeIndex) -> FloatArray:
        """The level in each bucket, infinite in buckets that begin outside its time, shape (n_steps,)."""
        inside = np.asarray(index >= self.start)
        if self.end is not None:
            inside &= np.asarray(index < self.end)
        return np.where(inside, self.level, np.inf)


def is_full(panel: Panel, limits: Iterable[Limit]) -> BoolArray:
    """Which known buckets of which series lie at a limit that the series shares, shape (n_series, n_steps).

    Nothing is ever at a saturation: it holds no use down.

    Args:
        panel: what was in use, with every series that shares a limit; an unknown bucket counts as one without use.
        limits: what bounds it.
    """
    return _where_use_reaches(panel, limits, 1 - TOLERANCE)


def is_over(panel: Panel, limits: Iterable[Limit]) -> BoolArray:
    """Which known buckets lie clearly above a limit that the series shares; arguments as for `is_full`."""
    return _where_use_reaches(panel, limits, 1 + TOLERANCE)


def shares_left(asked: FloatArray, levels: FloatArray) -> FloatArray:
    """The share of what is asked for that a limit leaves, everybody's request cut by the same factor.

    Args:
        asked: what all series of the limit ask for together, shape (n_paths, n_steps).
        levels: the level of the limit, shape (n_steps,).

    Returns:
        Factors in [0, 1], shape (n_paths, n_steps).
    """
    return np.divide(levels, asked, out=np.ones_like(asked), where=asked > levels)


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
            f"a {limit.kind} of {limit.level:g} {limit.unit} is below the last value: {limit.selection} had {used:g} "
            f"in use at {panel.index[-1].isoformat()}; correct the level or the unit, or let the limit start later"
        )


def _where_use_reaches(panel: Panel, limits: Iterable[Limit], share: float) -> BoolArray:
    found = np.zeros(panel.values.shape, dtype=bool)
    used = np.nan_to_num(panel.values)
    for limit in limits:
        if not limit.holds_use_down:
            continue
        rows = members(limit, panel.keys, panel.units)
        found[rows] |= used[rows].sum(axis=0) >= limit.levels(panel.index) * share
    return found & ~np.isnan(panel.values)
