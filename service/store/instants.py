"""Time as the store keeps it: instants as whole microseconds, bucket starts as whole hours, both since 1970 in UTC."""

from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from demand.errors import Invalid

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_HOUR = timedelta(hours=1)


def utc_now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


def to_micros(instant: datetime) -> int:
    """Microseconds since 1970.

    Raises:
        Invalid: the instant has no UTC offset.
    """
    return (_aware(instant) - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The instant that `to_micros` counted."""
    return _EPOCH + micros * _MICROSECOND


def to_hour(bucket: datetime) -> int:
    """Whole hours since 1970; a time within an hour counts as the start of it.

    Raises:
        Invalid: the time has no UTC offset.
    """
    return (_aware(bucket) - _EPOCH) // _HOUR


def first_hour(instant: datetime) -> int:
    """The first whole hour at or after the instant.

    Raises:
        Invalid: the instant has no UTC offset.
    """
    return -((_EPOCH - _aware(instant)) // _HOUR)


def from_hour(hour: int) -> pd.Timestamp:
    """The bucket start that `to_hour` counted."""
    return pd.Timestamp(hour * 3600, unit="s", tz="UTC")


def to_hours(buckets: pd.DatetimeIndex) -> npt.NDArray[np.int64]:
    """Whole hours since 1970 of many bucket starts."""
    return np.asarray(buckets.as_unit("s").asi8 // 3600, dtype=np.int64)


def from_hours(hours: npt.NDArray[np.int64]) -> pd.DatetimeIndex:
    """The bucket starts that `to_hours` counted, to the nanosecond like all indexes of a panel."""
    return pd.DatetimeIndex(hours.astype(np.int64) * 3_600_000_000_000, tz="UTC")


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise Invalid(f"time {instant.isoformat()} has no UTC offset; write {instant.isoformat()}Z if it is in UTC")
    return instant
