"""`computecast regressors` and `events`: what is known beside the demand in the store."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.table import Table
from rich.text import Text

from demand.covariates import Effect, Regressor, Treatment
from demand.errors import Invalid
from demand.series import Selection
from service.cli.covariate_files import Holidays, TimeZone, read_event_file
from service.cli.files import open_file
from service.cli.progress import console
from service.cli.store import open_store
from service.connectors.covariate_files import read_regressors
from service.connectors.holiday_calendar import HolidayCalendar
from service.covariates import Reach
from service.store.covariates import HolidayOrder

regressors = typer.Typer(help="Quantities that move demand and are known ahead.", no_args_is_help=True)
events = typer.Typer(help="What happened once, or is planned.", no_args_is_help=True)

RegressorFile = Annotated[Path | None, typer.Argument(help="CSV with name, timestamp, value and, if wanted, more.")]
EventFile = Annotated[
    Path, typer.Argument(help="CSV with name, start, end and, if wanted, more; or a calendar (.ics).")
]
Number = Annotated[int, typer.Argument(help="Its number, as the list shows it.")]


@regressors.command("add")
def add_regressors(file: RegressorFile = None, holidays: Holidays = None) -> None:
    """Store the regressors of a file, or holidays; forecasts know them from the next training run on."""
    if file is None and not holidays:
        raise Invalid("there is nothing to add; name a file, or --holidays such as US:America/New_York")
    contents: list[Regressor | HolidayOrder] = []
    for text in holidays or []:
        calendar = str(HolidayCalendar.parse(text))
        contents.append(HolidayOrder(f"holidays {calendar}", Selection(), calendar))
    if file is not None:
        with open_file(file) as source:
            contents += read_regressors(source)
    with open_store() as store:
        with store.begin() as unit:
            stored = [unit.covariates.add_regressor(content, store.now()) for content in contents]
        for each in stored:
            console.print(Text(f"stored regressor {each.id}: {each.content.name}"), soft_wrap=True)


@regressors.command("list")
def list_regressors() -> None:
    """Show the stored regressors."""
    table = Table("number", "name", "series", "from", "until", "effect")
    with open_store() as store, store.read() as unit:
        for stored in unit.covariates.regressors():
            content = stored.content
            if isinstance(content, Regressor):
                cells = _moment(content.starts[0]), _moment(content.until), _effect(content.effect)
            else:
                cells = "", "", content.calendar
            _add_row(table, stored.id, content.name, str(content.selection), *cells)
    console.print(table)


@regressors.command("remove")
def remove_regressor(number: Number) -> None:
    """Forget a regressor; runs that have begun still know it."""
    with open_store() as store:
        with store.begin() as unit:
            removed = unit.covariates.remove_regressor(number, store.now())
        console.print(Text(f"removed regressor {number}: {removed.content.name}"), soft_wrap=True)


@events.command("add")
def add_events(
    file: EventFile,
    treatment: Annotated[Treatment, typer.Option(help="What becomes of the events of a calendar.")] = Treatment.MASK,
    time_zone: TimeZone = "UTC",
) -> None:
    """Store the events of a file, all or none; forecasts know them from the next training run on."""
    found = list(read_event_file(file, time_zone, Reach.around(datetime.now(UTC)), treatment))
    if not found:
        raise Invalid(f"{file} holds no event; give one a line, or an occurrence between 2000 and the years ahead")
    with open_store() as store:
        with store.begin() as unit:
            stored = unit.covariates.add_events(found, store.now())
        for each in stored:
            told = f"stored event {each.id}: {each.event.name} at {_moment(each.event.start)}"
            console.print(Text(told), soft_wrap=True)


@events.command("list")
def list_events() -> None:
    """Show the stored events."""
    table = Table("number", "name", "series", "start", "end", "treatment", "effect")
    with open_store() as store, store.read() as unit:
        for stored in unit.covariates.events():
            event = stored.event
            cells = _moment(event.start), _moment(event.end), str(event.treatment), _effect(event.effect)
            _add_row(table, stored.id, event.name, str(event.selection), *cells)
    console.print(table)


@events.command("remove")
def remove_event(number: Number) -> None:
    """Forget an event; runs that have begun still know it."""
    with open_store() as store:
        with store.begin() as unit:
            removed = unit.covariates.remove_event(number, store.now())
        console.print(Text(f"removed event {number}: {removed.event.name}"), soft_wrap=True)


def _add_row(table: Table, number: int, *cells: str) -> None:
    table.add_row(*map(Text, (str(number), *cells)))


def _moment(instant: pd.Timestamp | None) -> str:
    return "" if instant is None else instant.isoformat()


def _effect(effect: Effect | None) -> str:
    return "learned" if effect is None else f"{effect.operation} {effect.size:g}"
