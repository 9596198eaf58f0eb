"""Covariates from files and calendars, put together for a forecast."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from demand.calendar import EARLIEST
from demand.covariates import Covariates, Event, Regressor, Treatment
from demand.series import Selection
from service.connectors.days import indicator, zone_of
from service.connectors.holiday_calendar import HolidayCalendar
from service.connectors.ical_files import Occurrence, read_ical
from service.store.covariates import HolidayOrder
from service.store.engine import Store
from training.ports import Partition

YEARS_AHEAD = 6
"""How far calendars are read ahead: the longest forecast goes five years."""


@dataclass(frozen=True)
class Reach:
    """The time that calendars are read over.

    Attributes:
        first: from when on, UTC.
        last: up to when, UTC.
    """

    first: pd.Timestamp
    last: pd.Timestamp

    @classmethod
    def around(cls, now: datetime) -> "Reach":
        """From the earliest time that is stored to beyond the longest forecast."""
        return cls(EARLIEST, (pd.Timestamp(now) + pd.DateOffset(years=YEARS_AHEAD)).as_unit("ns"))


@dataclass(frozen=True)
class CalendarFile:
    """The text of a calendar in the format of RFC 5545, and how it is taken.

    Attributes:
        text: the file.
        zone: name of the time zone of days, and of times that name none.
        selection: the part of the fleet that it concerns.
    """

    text: bytes
    zone: str
    selection: Selection

    def events(self, treatment: Treatment, reach: Reach) -> tuple[Event, ...]:
        """Every occurrence as an event.

        Raises:
            Invalid: it is no calendar, or the zone is none.
        """
        return tuple(
            Event(each.name, self.selection, each.start, each.end, treatment, note=each.note)
            for each in self._occurrences(reach)
        )

    def regressor(self, name: str, reach: Reach) -> Regressor:
        """One regressor that is one whenever any of the events is under way.

        Raises:
            Invalid: it is no calendar, the zone is none, or nothing is ever under way.
        """
        spans = [(each.start, each.end) for each in self._occurrences(reach)]
        return indicator(name, self.selection, spans, reach.first, reach.last)

    def _occurrences(self, reach: Reach) -> tuple[Occurrence, ...]:
        return read_ical(self.text, zone_of(self.zone), reach.first, reach.last)


@dataclass(frozen=True)
class StoredCovariates:
    """Covariates as they were at one instant; fulfils `CovariateSource`.

    Attributes:
        store: where they are kept.
        at: the instant, such as the start of a run, so that every part of it reads the same.
    """

    store: Store
    at: datetime

    def covariates(self, partition: Partition) -> Covariates:
        """All that were stored then; holidays as far as the longest forecast goes."""
        del partition
        with self.store.read() as unit:
            regressors = [stored.content for stored in unit.covariates.regressors(as_of=self.at)]
            events = tuple(stored.event for stored in unit.covariates.events(as_of=self.at))
        reach = Reach.around(self.at)
        return Covariates(tuple(as_regressor(content, reach) for content in regressors), events)


def as_regressor(content: Regressor | HolidayOrder, reach: Reach) -> Regressor:
    """The values of what is stored; holidays become values here.

    Raises:
        Invalid: its calendar of holidays is not known, or has no holiday.
    """
    if isinstance(content, Regressor):
        return content
    calendar = HolidayCalendar.parse(content.calendar)
    return calendar.regressor(content.selection, reach.first, reach.last, content.name)


def holiday_regressors(calendars: Sequence[HolidayCalendar], selection: Selection, reach: Reach) -> list[Regressor]:
    """The holidays of these calendars, each a regressor of its own."""
    return [calendar.regressor(selection, reach.first, reach.last) for calendar in calendars]
