"""What is known beside demand itself: regressors whose future is known, and events of the past or of the plan."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

from demand.calendar import Granularity, buckets
from demand.errors import Invalid
from demand.history import FloatArray
from demand.series import Selection, SeriesKey

LONGEST_NAME = 128

LARGEST_VALUE = 1e15
"""The same bound as for demand itself."""


class Operation(StrEnum):
    """How a stated effect changes demand."""

    ADD = "add"
    MULTIPLY = "multiply"


class Treatment(StrEnum):
    """What becomes of the buckets of an event: they are left out, or its effect is estimated and taken out."""

    MASK = "mask"
    MODEL = "model"


@dataclass(frozen=True)
class Effect:
    """An effect that is stated and not learned, such as 300 accelerators more from a launch on.

    Attributes:
        operation: whether `size` is added to the demand of each series, or multiplies it.
        size: in the unit of demand, or a factor above zero, for a regressor of one or an event under way.
    """

    operation: Operation
    size: float

    def __post_init__(self) -> None:
        if not abs(self.size) <= LARGEST_VALUE or (self.operation is Operation.MULTIPLY and self.size <= 0):
            raise Invalid(
                f"an effect cannot {self.operation} {self.size:g}; give a number in the unit of demand to add, or a "
                "factor above zero to multiply by, such as 1.2 for a fifth more"
            )


@dataclass(frozen=True)
class Regressor:
    """A quantity that moves demand and is known ahead, such as a price: a step function of time.

    Attributes:
        name: what it is.
        selection: the part of the fleet that it may move.
        starts: the instants at which it takes a new value, ascending, UTC.
        values: the value from each instant on, shape (n_starts,).
        until: the end of what is known, UTC; None if the last value holds for good.
        effect: what a value of one does, None to learn it from history.
    """

    name: str
    selection: Selection
    starts: pd.DatetimeIndex
    values: FloatArray
    until: pd.Timestamp | None = None
    effect: Effect | None = None

    def __post_init__(self) -> None:
        check_name(self.name)
        told = f"regressor {self.name}"
        if not len(self.starts) or len(self.starts) != len(self.values):
            raise Invalid(
                f"{told} has {len(self.starts)} timestamps and {len(self.values)} values; give one value each"
            )
        check_instants(told, (*self.starts, *(() if self.until is None else (self.until,))))
        for at in np.flatnonzero(~(np.abs(self.values) <= LARGEST_VALUE)):
            raise Invalid(
                f"{told} has a gap: {self.values[at]:g} at {self.starts[int(at)].isoformat()} is no value; give a "
                f"number up to {LARGEST_VALUE:g} for every timestamp"
            )
        ends = [*self.starts[1:], *(() if self.until is None else (self.until,))]
        for before, after in zip(self.starts, ends, strict=False):
            if after <= before:
                raise Invalid(f"{told}: {after.isoformat()} does not come after {before.isoformat()}; order the rows")
        if self.effect is None and np.ptp(self.values) == 0:
            raise Invalid(
                f"{told} is constant at {self.values[0]:g}, so nothing can be learned from it; give values that "
                "differ, or state its effect"
            )

    def over(self, start: pd.Timestamp, steps: int, granularity: Granularity) -> FloatArray:
        """Its average over each bucket, NaN where it is not known throughout; shape (steps,).

        Before its first instant a regressor with a stated effect is zero, and any other one unknown.
        """
        edges = _hours(buckets(start, steps + 1, granularity))
        last = edges[-1] if self.until is None else _hours([self.until])[0]
        values, points = self.values, _hours(self.starts)
        if self.effect is not None:
            values, points = np.append(0.0, values), np.append(min(edges[0], points[0]) - 1.0, points)
        points = np.append(points, max(last, points[-1] + 1.0) if self.until is None else last)
        widths = np.diff(points)
        known = np.diff(_integral(edges, points, widths))
        average = np.diff(_integral(edges, points, widths * values)) / np.diff(edges)
        return np.where(known > np.diff(edges) * (1 - 1e-9), average, np.nan)


@dataclass(frozen=True)
class Event:
    """Something that happens once: an outage, a migration, a launch that is planned.

    Attributes:
        name: what it is; events of one name have one effect.
        selection: the part of the fleet that it concerns.
        start: when it begins, UTC.
        end: the first instant after it, UTC; None if it is for good, as a launch is.
        treatment: what becomes of its buckets in the history.
        effect: what it does, None to learn it from its past occurrences.
        note: anything worth keeping.
    """

    name: str
    selection: Selection
    start: pd.Timestamp
    end: pd.Timestamp | None
    treatment: Treatment = Treatment.MASK
    effect: Effect | None = None
    note: str = ""

    def __post_init__(self) -> None:
        check_name(self.name)
        told = f"event {self.name}"
        check_instants(told, (self.start,) if self.end is None else (self.start, self.end))
        if self.end is not None and self.end <= self.start:
            raise Invalid(
                f"{told} ends at {self.end.isoformat()}, which is not after its start at {self.start.isoformat()}; the "
                "end is the first instant after it"
            )
        if self.end is None and self.effect is None:
            raise Invalid(f"{told} has no end; give one, or state its effect if it is for good")
        if self.effect is not None and self.treatment is Treatment.MASK:
            raise Invalid(f"{told} is masked, so its stated effect would mean nothing; choose the treatment model")

    def share(self, start: pd.Timestamp, steps: int, granularity: Granularity) -> FloatArray:
        """The share of each bucket that it covers, shape (steps,)."""
        edges = _hours(buckets(start, steps + 1, granularity))
        first = _hours([self.start])[0]
        last = edges[-1] if self.end is None else _hours([self.end])[0]
        covered = np.minimum(edges[1:], last) - np.maximum(edges[:-1], first)
        return np.asarray(np.maximum(covered, 0.0) / np.diff(edges))


@dataclass(frozen=True)
class Covariates:
    """Everything that is known beside the demand of some series."""

    regressors: tuple[Regressor, ...] = ()
    events: tuple[Event, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.regressors or self.events)

    def concerning(self, keys: Iterable[SeriesKey]) -> "Covariates":
        """Those that select at least one of the series."""
        known = tuple(keys)
        return Covariates(
            tuple(each for each in self.regressors if any(map(each.selection.accepts, known))),
            tuple(each for each in self.events if any(map(each.selection.accepts, known))),
        )

    def identity(self) -> Iterator[bytes]:
        """Bytes that differ wherever covariates do."""
        for regressor in self.regressors:
            yield repr((regressor.name, regressor.selection, regressor.until, regressor.effect)).encode()
            yield _hours(regressor.starts).tobytes() + regressor.values.astype("<f8").tobytes()
        for event in self.events:
            yield repr((event.name, event.selection, event.start, event.end, event.treatment, event.effect)).encode()

    def check_ahead(self, end: pd.Timestamp) -> None:
        """Refuse regressors that are not known up to the end of a forecast.

        Raises:
            Invalid: naming the regressor and what it lacks.
        """
        for regressor in self.regressors:
            if regressor.until is not None and regressor.until < end:
                raise Invalid(lacks_future(regressor, end))


NO_COVARIATES = Covariates()


def evenly_spaced(
    name: str, selection: Selection, timestamps: pd.DatetimeIndex, values: Sequence[float], effect: Effect | None = None
) -> Regressor:
    """A regressor with a value for every bucket: known until one bucket after its last timestamp.

    Raises:
        Invalid: there are fewer than two timestamps, or they are not evenly spaced, by hours or by months.
    """
    if len(timestamps) < 2:
        raise Invalid(
            f"regressor {name} has {len(timestamps)} values, which does not tell how far they reach; give a value for "
            "every bucket, or say until when the last one holds"
        )
    months = np.asarray(timestamps.year * 12 + timestamps.month)
    if _steps_by_month(timestamps, months):
        return Regressor(
            name, selection, timestamps, np.asarray(values), timestamps[-1] + pd.DateOffset(months=1), effect
        )
    steps = np.diff(_hours(timestamps))
    step = float(np.min(steps))
    for at in np.flatnonzero(steps != step) if step > 0 else ():
        raise Invalid(
            f"regressor {name} has a gap: its values are {step:g} hours apart, and none is given after "
            f"{timestamps[int(at)].isoformat()} until {timestamps[int(at) + 1].isoformat()}; fill it in, or say until "
            "when the last value holds, so that each is taken to hold until the next"
        )
    return Regressor(
        name, selection, timestamps, np.asarray(values), timestamps[-1] + (timestamps[-1] - timestamps[-2]), effect
    )


def lacks_future(regressor: Regressor, end: pd.Timestamp) -> str:
    """That the regressor is not known up to the end of a forecast, in words."""
    known = "" if regressor.until is None else f" and is known until {regressor.until.isoformat()} only"
    return (
        f"regressor {regressor.name} lacks future values: the forecast reaches to {end.isoformat()}{known}; give it up "
        "to there, or forecast fewer steps"
    )


def check_name(name: str) -> None:
    """Refuse names that nobody could read.

    Raises:
        Invalid: it is empty, too long or holds a control character.
    """
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid(f"{name[:40]!r} is no name of a regressor or event; use 1 to {LONGEST_NAME} printable characters")


def check_instants(told: str, instants: Iterable[pd.Timestamp]) -> None:
    """Refuse instants that are missing or have no UTC offset.

    Raises:
        Invalid: naming the instant.
    """
    for instant in instants:
        if pd.isna(instant):
            raise Invalid(f"{told} lacks a timestamp; write one like 2025-01-06T00:00:00Z")
        if instant.tzinfo is None:
            raise Invalid(
                f"{told}: {instant.isoformat()} has no UTC offset; if it is in UTC, write {instant.isoformat()}Z"
            )


def _steps_by_month(timestamps: pd.DatetimeIndex, months: npt.NDArray[np.int64]) -> bool:
    return bool((np.diff(months) == 1).all() and len(set(timestamps.day)) == 1 and len(timestamps) > 1)


def _hours(instants: Iterable[pd.Timestamp]) -> FloatArray:
    """Hours since 1970."""
    index = instants if isinstance(instants, pd.DatetimeIndex) else pd.DatetimeIndex(list(instants))
    return np.asarray(index.as_unit("ns").asi8 / 3_600_000_000_000, dtype=np.float64)


def _integral(at: FloatArray, points: FloatArray, increments: FloatArray) -> FloatArray:
    """The integral up to each instant of what grows by these increments between the points."""
    return np.asarray(np.interp(at, points, np.append(0.0, np.cumsum(increments))))
