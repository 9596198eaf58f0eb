"""Files and calendars of covariates that are named on the command line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from demand.covariates import Covariates, Event, Treatment
from demand.series import Selection
from service.cli.files import open_file
from service.connectors.covariate_files import read_events, read_regressors
from service.connectors.holiday_calendar import HolidayCalendar
from service.covariates import CalendarFile, Reach, holiday_regressors

RegressorFiles = Annotated[
    list[Path] | None,
    typer.Option("--regressors", help="CSV with name, timestamp, value and, if wanted, dimensions; may be repeated."),
]
EventFiles = Annotated[
    list[Path] | None,
    typer.Option("--events", help="CSV with name, start, end, or a calendar (.ics), to mask; may be repeated."),
]
Holidays = Annotated[
    list[str] | None, typer.Option(help="Country and time zone, such as US:America/New_York; may be repeated.")
]
TimeZone = Annotated[str, typer.Option(help="Time zone of days in calendars (.ics).")]


@dataclass(frozen=True)
class CovariateFiles:
    """What the command line names.

    Attributes:
        regressors: CSV files.
        events: CSV files and calendars.
        holidays: calendars of holidays, written as `HolidayCalendar.parse` reads them.
        time_zone: of days in calendars.
    """

    regressors: Sequence[Path]
    events: Sequence[Path]
    holidays: Sequence[str]
    time_zone: str

    def read(self) -> Covariates:
        """Everything in them.

        Raises:
            NotFound: there is no such file.
            Invalid: it cannot be used.
        """
        reach = Reach.around(datetime.now(UTC))
        regressors = holiday_regressors([HolidayCalendar.parse(text) for text in self.holidays], Selection(), reach)
        for path in self.regressors:
            with open_file(path) as source:
                regressors += read_regressors(source)
        events = [event for path in self.events for event in read_event_file(path, self.time_zone, reach)]
        return Covariates(tuple(regressors), tuple(events))


def read_event_file(path: Path, time_zone: str, reach: Reach, treatment: Treatment = Treatment.MASK) -> Iterator[Event]:
    """The events of a CSV file, or of a calendar, which are treated as said.

    Raises:
        NotFound: there is no such file.
        Invalid: it cannot be used.
    """
    with open_file(path) as source:
        if path.suffix.lower() in {".ics", ".ical"}:
            yield from CalendarFile(source.read(), time_zone, Selection()).events(treatment, reach)
        else:
            yield from read_events(source)
