"""Events from iCalendar files (RFC 5545), those that recur written out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pandas as pd
from dateutil.rrule import rruleset, rrulestr

from demand.errors import Invalid
from demand.tidy import printable
from service.connectors.days import midnight

MOST_OCCURRENCES = 10_000
"""Of all events of a file together; no plan has as many."""

LONGEST_SERIES = 50_000
"""Of one event; a day recurs as often in 137 years."""

MOST_EVENTS = 2_000
"""In a file, before those that recur are written out."""

EARLIEST_RULE = 1900
"""A rule that began before then is a mistake, and would take long to write out."""

RARE_ENOUGH = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")

_NAME = 128

Component = Any
"""Of a calendar: the library types each property as one of thirty kinds of value."""


@dataclass(frozen=True)
class Occurrence:
    """One occurrence of an event.

    Attributes:
        name: the summary of the event.
        start: when it begins, UTC.
        end: the first instant after it, UTC.
        note: the description, cut if it is long.
    """

    name: str
    start: pd.Timestamp
    end: pd.Timestamp
    note: str


def read_ical(text: bytes, zone: ZoneInfo, first: pd.Timestamp, last: pd.Timestamp) -> tuple[Occurrence, ...]:
    """Every occurrence between two instants of the events of a calendar, by start.

    A day lasts from midnight to midnight in the given zone, and so is a time taken that names no zone. An event
    without length lasts an hour. Events that are cancelled are passed over, and an occurrence that was moved is where
    it was moved to.

    Args:
        text: the file.
        zone: of days, and of times that name none.
        first: from when on.
        last: up to when; events may recur for ever.

    Raises:
        Invalid: it is no calendar, an event cannot be read, or there are too many.
    """
    found: list[Occurrence] = []
    for calendar in _calendars(text):
        events = [event for event in calendar.walk("VEVENT") if str(event.get("STATUS", "")) != "CANCELLED"]
        if len(events) > MOST_EVENTS:
            raise Invalid(f"the calendar has {len(events):,} events, more than {MOST_EVENTS:,}; send it in parts")
        moved = _moved(calendar, zone)
        for event in events:
            own = (each for each in _occurrences(event, zone, last, moved) if each.end > first and each.start < last)
            found += islice(own, MOST_OCCURRENCES + 1 - len(found))
            if len(found) > MOST_OCCURRENCES:
                raise Invalid(f"the calendar has more than {MOST_OCCURRENCES:,} occurrences; send fewer")
    return tuple(sorted(found, key=lambda each: (each.start, each.end, each.name)))


def _calendars(text: bytes) -> list[Component]:
    try:
        calendars = icalendar.Calendar.from_ical(text.decode("utf-8-sig"), multiple=True)
    except (ValueError, IndexError, KeyError) as error:
        raise Invalid(
            f"this is no calendar in the format of RFC 5545: {printable(error)}; export it as .ics"
        ) from error
    if not calendars:
        raise Invalid("there is no calendar in this file; export it as .ics, beginning with BEGIN:VCALENDAR")
    return list(calendars)


def _moved(calendar: Component, zone: ZoneInfo) -> set[tuple[str, pd.Timestamp]]:
    """Occurrences that an event of their own replaces, by the event's id and when they would have been."""
    return {
        (str(event.get("UID", "")), _instant(event["RECURRENCE-ID"].dt, zone))
        for event in calendar.walk("VEVENT")
        if "RECURRENCE-ID" in event
    }


def _occurrences(
    event: Component, zone: ZoneInfo, last: pd.Timestamp, moved: set[tuple[str, pd.Timestamp]]
) -> Iterator[Occurrence]:
    name = " ".join(str(event.get("SUMMARY", "event")).split())[:_NAME] or "event"
    if "DTSTART" not in event:
        raise Invalid(f"event {printable(name)} has no DTSTART; give it a start")
    try:
        begin: date = event["DTSTART"].dt
        length = _length(event, begin)
        starts = [begin] if "RECURRENCE-ID" in event else _starts(event, begin, last)
        for start in starts:
            instant = _instant(start, zone)
            if "RECURRENCE-ID" in event or (str(event.get("UID", "")), instant) not in moved:
                yield Occurrence(name, instant, _instant(start + length, zone), _note(event))
    except (ValueError, TypeError, OverflowError, AttributeError) as error:
        raise Invalid(f"event {printable(name)} cannot be read: {printable(error)}; correct its times") from error


def _length(event: Component, begin: date) -> timedelta:
    """How long it lasts by the clocks on the wall."""
    length: timedelta
    if "DTEND" in event:
        end = event["DTEND"].dt
        if isinstance(begin, datetime) and isinstance(end, datetime) and (begin.tzinfo or end.tzinfo):
            length = end - begin.astimezone(end.tzinfo)
        else:
            length = end - begin
    elif "DURATION" in event:
        length = event["DURATION"].dt
    else:
        length = timedelta(0)
    return length if length > timedelta(0) else timedelta(hours=1) if isinstance(begin, datetime) else timedelta(days=1)


def _starts(event: Component, begin: date, last: pd.Timestamp) -> Iterator[date]:
    """When it begins each time, as days or as times of the same zone; rules follow the clocks on the wall."""
    whole_days = not isinstance(begin, datetime)
    zone = begin.tzinfo if isinstance(begin, datetime) else None
    wall = _wall(begin, None)
    rules: Any = rruleset()
    rules.rdate(wall)
    limit = last.tz_localize(None).to_pydatetime() + timedelta(days=1)
    for rule in _listed(event.get("RRULE")):
        rules.rrule(_rule(rule, wall, limit, zone, whole_days=whole_days))
    for listed in _listed(event.get("RDATE")):
        for each in listed.dts:
            rules.rdate(_wall(each.dt, zone))
    for listed in _listed(event.get("EXDATE")):
        for each in listed.dts:
            rules.exdate(_wall(each.dt, zone))
    for number, start in enumerate(rules):
        if start > limit:
            return
        if number >= LONGEST_SERIES:
            raise ValueError(f"it recurs more than {LONGEST_SERIES:,} times")
        yield start.date() if whole_days else start.replace(tzinfo=zone)


def _rule(rule: Any, wall: datetime, limit: datetime, zone: Any, *, whole_days: bool) -> Iterable[datetime]:
    """The wall times of a rule up to the limit."""
    if rule.get("FREQ", [""])[0] not in RARE_ENOUGH:
        raise ValueError("it recurs by the hour or more often")
    if rule.get("INTERVAL", [1])[0] < 1 or wall.year < EARLIEST_RULE:
        raise ValueError(f"it recurs without an interval, or since before {EARLIEST_RULE}")
    until, count = rule.pop("UNTIL", None), rule.pop("COUNT", [LONGEST_SERIES + 1])[0]
    read: Any = rrulestr(rule.to_ical().decode(), dtstart=wall)
    end = min(_end_of(until[0], zone, whole_days=whole_days), limit) if until else limit
    found = list(islice(read.replace(until=end), min(count, LONGEST_SERIES + 1)))
    # Looking for what never comes takes seconds, so that one such rule must be the last.
    if not found and wall <= end:
        raise ValueError("its rule never comes true")
    return found


def _end_of(until: date, zone: Any, *, whole_days: bool) -> datetime:
    """The last wall time that a rule may give."""
    if not isinstance(until, datetime):
        return datetime(until.year, until.month, until.day, 23, 59, 59)  # noqa: DTZ001 - a wall time
    return _wall(until, None if whole_days else zone)


def _wall(moment: date, zone: Any) -> datetime:
    """What the clocks on the wall show, in the zone of the event if the moment has one of its own."""
    if not isinstance(moment, datetime):
        return datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001 - a wall time
    if zone is not None and moment.tzinfo is not None:
        moment = moment.astimezone(zone)
    return moment.replace(tzinfo=None)


def _instant(moment: date, zone: ZoneInfo) -> pd.Timestamp:
    if not isinstance(moment, datetime):
        return midnight(moment, zone)
    return pd.Timestamp(moment if moment.tzinfo else moment.replace(tzinfo=zone)).tz_convert("UTC").as_unit("ns")


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _note(event: Component) -> str:
    return printable(" ".join(str(event.get("DESCRIPTION", "")).split()))
