"""Calendar days of a place as instants in UTC, whatever its clocks do that night."""

from collections.abc import Iterable
from datetime import date, timedelta
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pandas as pd

from demand.covariates import Regressor
from demand.errors import Invalid
from demand.series import Selection
from demand.tidy import printable


def zone_of(name: str) -> ZoneInfo:
    """The time zone of this name.

    Raises:
        Invalid: there is none.
    """
    if name not in available_timezones():
        raise Invalid(f"there is no time zone {printable(name)!r}; name one like America/New_York or UTC")
    return ZoneInfo(name)


def midnight(day: date, zone: ZoneInfo) -> pd.Timestamp:
    """When the day begins there, UTC; one whose midnight is skipped or comes twice at its first moment."""
    local = pd.Timestamp(day.isoformat()).tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    return local.tz_convert("UTC").as_unit("ns")


def indicator(
    name: str,
    selection: Selection,
    spans: Iterable[tuple[pd.Timestamp, pd.Timestamp]],
    first: pd.Timestamp,
    until: pd.Timestamp,
) -> Regressor:
    """A regressor that is one within any of the spans and zero elsewhere.

    Args:
        name: of the regressor.
        selection: the part of the fleet that it may move.
        spans: start and first instant after the end of each, in any order; they may overlap.
        first: from when it is known on, UTC.
        until: until when, UTC.

    Raises:
        Invalid: no span lies between.
    """
    inside = sorted((max(start, first), min(end, until)) for start, end in spans if start < until and end > first)
    if not inside:
        raise Invalid(
            f"nothing of {printable(name)} lies between {first.isoformat()} and {until.isoformat()}; check its dates"
        )
    merged = [inside[0]]
    for start, end in inside[1:]:
        if start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    changes = [change for start, end in merged for change in ((start, 1.0), (end, 0.0))]
    if merged[0][0] > first:
        changes.insert(0, (first, 0.0))
    kept = [change for change in changes if change[0] < until]
    values = np.array([value for _, value in kept])
    return Regressor(name, selection, pd.DatetimeIndex([at for at, _ in kept]), values, until)


def next_day(day: date) -> date:
    """The day after."""
    return day + timedelta(days=1)
