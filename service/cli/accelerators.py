"""`computecast accelerators`: what is known of accelerators, and what users know better."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from demand.accelerators import LEAST, Accelerator, Catalogue, Figure, Source
from demand.errors import Invalid
from demand.estimates import Estimate
from service.accelerators import set_accelerator, unset_accelerator
from service.cli.progress import console
from service.cli.settings import read_settings
from service.store.engine import Store

accelerators = typer.Typer(
    help="Power, memory, arithmetic and throughput of accelerators, which demand is turned into other units by.",
    no_args_is_help=True,
)

NAME_HELP = "Any of its names; default for the host overhead and PUE of all."
FIGURE_HELP = f"As in power_watts=640 or pue=1.1,1.15,1.25 (low, middle, high); one of {', '.join(LEAST)}."
TOKENS_HELP = "Throughput by class of model, as in 70b=1900 or 70b=900,1900,2400; may be repeated."

By = Annotated[str, typer.Option(help="Who sets it.")]
Note = Annotated[str, typer.Option(help="Why.")]
Name = Annotated[str, typer.Argument(help=NAME_HELP)]


@accelerators.command(name="list")
def show_all() -> None:
    """List the accelerators and their figures."""
    with _store() as store, store.read() as unit:
        catalogue, overridden = unit.accelerators.catalogue(), unit.accelerators.overrides()
    table = Table("name", "maker", "W", "GB", "BF16 TFLOP/s", "tokens/s", "set", title=catalogue.version)
    for each in catalogue.accelerators:
        figures = (each.power_watts, each.memory_gb, each.bf16_tflops)
        tokens = ", ".join(f"{name} {told(figure)}" for name, figure in each.tokens_per_second.items())
        mark = "by you" if each.name in overridden else ""
        table.add_row(*map(Text, (each.name, each.maker, *map(told, figures), tokens, mark)))
    console.print(table)


@accelerators.command()
def show(name: Name) -> None:
    """Show what is known of one accelerator, and where from."""
    with _store() as store, store.read() as unit:
        catalogue = unit.accelerators.catalogue()
    for line in described(catalogue, catalogue.find(name)):
        console.print(Text(line), soft_wrap=True)


@accelerators.command(name="set")
def set_figures(  # noqa: PLR0913, PLR0917 - every argument is an option of the command line
    name: Name,
    figure: Annotated[list[str] | None, typer.Argument(help=FIGURE_HELP)] = None,
    tokens: Annotated[list[str] | None, typer.Option(help=TOKENS_HELP)] = None,
    alias: Annotated[list[str] | None, typer.Option(help="Another name in your data; may be repeated.")] = None,
    source: Annotated[str, typer.Option(help="Where the figures are from.")] = "",
    by: By = "",
    note: Note = "",
) -> None:
    """Set figures in place of the published ones, or add an accelerator; what was set before is replaced."""
    with _store() as store:
        origin = Source(source or by or "set by a user", "", str(store.now().date()))
        figures = {key: Figure(_estimate(value), origin) for key, value in _pairs(figure or [])}
        if unknown := [key for key in figures if key not in LEAST]:
            raise Invalid(f"{unknown[0]!r} is no figure of an accelerator; set one of {', '.join(LEAST)}")
        throughput = {key.casefold(): Figure(_estimate(value), origin) for key, value in _pairs(tokens or [])}
        override = Accelerator(name, "", tuple(alias or ()), tokens_per_second=throughput, **figures)
        stored = set_accelerator(store, override, by, note)
        console.print(Text(f"{stored.name} is set; computecast accelerators show {stored.name} tells all of it"))


@accelerators.command()
def unset(name: Name, by: By = "", note: Note = "") -> None:
    """Go back to what is published of an accelerator."""
    with _store() as store:
        console.print(Text(f"{unset_accelerator(store, name, by, note).name} is as published again"))


def described(catalogue: Catalogue, accelerator: Accelerator) -> Iterator[str]:
    """Lines that tell an accelerator, each figure with its source."""
    yield f"{accelerator.name} {accelerator.maker}".rstrip()
    if accelerator.aliases:
        yield f"also: {', '.join(accelerator.aliases)}"
    known = {name: getattr(accelerator, name) for name in LEAST}
    known["host_overhead"] = catalogue.host_overhead(accelerator)
    known["pue"] = catalogue.pue(accelerator)
    known |= {f"tokens_per_second {name}": figure for name, figure in accelerator.tokens_per_second.items()}
    for name, figure in known.items():
        if figure is None:
            yield f"{name}: not known"
        else:
            source = figure.source
            yield f"{name}: {told(figure)} ({', '.join(filter(None, (source.title, source.date, source.url)))})"


def told(figure: Figure | None) -> str:
    """A figure in short: a number, or three; nothing where it is not known."""
    if figure is None:
        return ""
    value = figure.value
    numbers = (value.mid,) if value.is_certain else (value.low, value.mid, value.high)
    return "-".join(f"{number:g}" for number in numbers)


def _pairs(parts: list[str]) -> Iterator[tuple[str, str]]:
    for part in parts:
        name, found, value = part.partition("=")
        if not found or not name:
            raise Invalid(f"{part!r} sets nothing; write it like power_watts=640 or pue=1.1,1.15,1.25")
        yield name.strip(), value


def _estimate(text: str) -> Estimate:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in {1, 3}:
        raise Invalid(f"{text!r} is neither a number nor three, as in 1.1,1.15,1.25; write low, middle and high")
    return Estimate.certain(numbers[0]) if len(numbers) == 1 else Estimate(*numbers)


@contextmanager
def _store() -> Iterator[Store]:
    store = Store(read_settings().database_url)
    store.migrate()
    try:
        yield store
    finally:
        store.close()
