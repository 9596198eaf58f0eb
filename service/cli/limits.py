"""`computecast limits`: what keeps use below demand, or ends its growth, in the store."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from demand.calendar import EARLIEST
from demand.limits import Limit, LimitKind
from demand.units import ACCELERATORS
from service.cli.files import open_file
from service.cli.moments import read_instant
from service.cli.progress import console
from service.cli.selecting import selection_of
from service.cli.store import open_store
from service.connectors.files import Format
from service.limits import add_limit, add_queues, remove_limit

limits = typer.Typer(
    help="Capacities, quotas and saturations: the most that part of the fleet can have in use, or will ask for.",
    no_args_is_help=True,
)

KIND_HELP = "What is there, what may be used, or, as a saturation, what demand will not grow beyond."


@limits.command()
def add(
    level: Annotated[float, typer.Argument(help="The most that can be in use, or that will be asked for.")],
    select: Annotated[
        list[str] | None, typer.Option(help="As in region=eu,us; may be repeated; everything if not given.")
    ] = None,
    start: Annotated[str, typer.Option(help="The first moment it holds, with an offset; always if not given.")] = "",
    end: Annotated[str, typer.Option(help="The moment it holds no more; never if not given.")] = "",
    kind: Annotated[LimitKind, typer.Option(help=KIND_HELP)] = LimitKind.CAPACITY,
    unit: Annotated[str, typer.Option(help="Series in other units are not limited.")] = ACCELERATORS,
) -> None:
    """Store a limit; the next training forecasts demand above it."""
    limit = Limit(selection_of(select or []), level, read_instant(start) or EARLIEST, read_instant(end), kind, unit)
    with open_store() as store:
        console.print(f"limit {add_limit(store, limit).id} is stored; run computecast retrain to forecast with it")


@limits.command(name="list")
def show() -> None:
    """List the stored limits."""
    table = Table("id", "kind", "level", "unit", "of", "from", "until")
    with open_store() as store, store.read() as unit:
        for stored in unit.limits.find():
            limit = stored.limit
            until = "" if limit.end is None else limit.end.isoformat()
            of = str(limit.selection)
            cells = str(stored.id), limit.kind, f"{limit.level:g}", limit.unit, of, limit.start.isoformat(), until
            table.add_row(*map(Text, cells))
    console.print(table)


@limits.command()
def remove(limit_id: Annotated[int, typer.Argument(help="As listed.")]) -> None:
    """Forget a limit."""
    with open_store() as store:
        stored = remove_limit(store, limit_id)
        console.print(f"limit {limit_id}, a {stored.limit.kind} of {stored.limit.level:g}, is forgotten")


@limits.command()
def queue(file: Annotated[Path, typer.Argument(help="Tidy rows whose value is the average queue.")]) -> None:
    """Store what waited beside what was in use, so that demand need not be estimated."""
    with open_store() as store, open_file(file) as source:
        console.print(f"{add_queues(store, source, Format.of(file.name)):,} buckets of queue are stored")
