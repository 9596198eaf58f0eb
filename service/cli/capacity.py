"""`computecast capacity`: what was committed, how far it is, and who changed what about it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from demand.errors import Invalid
from planning.ledger import Phase
from planning.states import CommitmentState
from service.capacity import Outcome, export_blocks, import_blocks
from service.cli.files import open_file
from service.cli.progress import console
from service.cli.settings import read_settings
from service.connectors.capacity_files import COLUMNS, from_cells, to_cells
from service.connectors.covariate_files import moment
from service.store.capacity_blocks import BlockFilter, Change, Signature
from service.store.engine import Store

capacity = typer.Typer(
    help="The ledger of supply: what was committed, how far it is, and which ways lead out of it.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(help="The name of the block.")]
By = Annotated[str, typer.Option(help="Who does this, kept with the change.", envvar="USER")]
Note = Annotated[str, typer.Option(help="Why, kept with the change; needed where a phase goes back.")]
AsOf = Annotated[str, typer.Option(help="The ledger as it was at this instant, with an offset.")]
Cells = Annotated[
    list[str] | None, typer.Option("--set", help="As in region=eu; a column of the CSV file; may be repeated.")
]
Values = Annotated[list[str] | None, typer.Option(help="Only these; may be repeated.")]


@capacity.command("list")
def list_blocks(
    region: Values = None,
    accelerator: Values = None,
    phase: Annotated[list[Phase] | None, typer.Option(help="Only these; may be repeated.")] = None,
    state: Annotated[list[CommitmentState] | None, typer.Option(help="Only these; may be repeated.")] = None,
    as_of: AsOf = "",
) -> None:
    """List the blocks by name."""
    part = BlockFilter(
        region=tuple(region or ()),
        accelerator=tuple(accelerator or ()),
        phase=tuple(phase or ()),
        state=tuple(state or ()),
    )
    table = Table("name", "quantity", "unit", "region", "accelerator", "phase", "state", "online")
    with _store() as store, store.read() as unit:
        for stored in unit.capacity.find(part, as_of=_instant(as_of)):
            cells = to_cells(stored.block)
            table.add_row(*(Text(cells[str(column.header)]) for column in table.columns))
    console.print(table)


@capacity.command()
def show(name: Name, as_of: AsOf = "") -> None:
    """Show all that is known of a block, by the columns of the CSV file."""
    with _store() as store, store.read() as unit:
        stored = unit.capacity.get(name, as_of=_instant(as_of))
    for column, text in to_cells(stored.block).items():
        if text:
            _say(f"{column}: {text}")
    _say(f"version: {stored.version}, of {stored.changed_at.isoformat()} by {stored.changed_by}")


@capacity.command()
def add(
    name: Name,
    quantity: Annotated[str, typer.Argument(help="How much, in accelerators unless --set unit=megawatts.")],
    online: Annotated[str, typer.Argument(help="When it is planned to serve; a plain date is midnight in UTC.")],
    cells: Cells = None,
    by: By = "unknown",
    note: Note = "",
) -> None:
    """Enter a block; anything but its name, quantity and date is set by the columns of the CSV file."""
    block = from_cells({**_cells(cells or []), "name": name, "quantity": quantity, "online": online})
    with _store() as store, store.begin() as unit:
        stored = unit.capacity.create(block, Signature(by, note))
    _say(f"block {stored.block.name!r} is entered as {stored.block.state} in the phase {stored.block.phase}")


@capacity.command("set-state")
def set_state(
    name: Name,
    state: Annotated[CommitmentState, typer.Argument(help="The state that follows.")],
    by: By = "unknown",
    note: Note = "",
) -> None:
    """Let a state follow the present one; which may follow which is told by docs/capacity.md, and by a refusal."""
    with _store() as store, store.begin() as unit:
        stored = unit.capacity.amend(name, {"state": state.value}, Signature(by, note))
    _say(f"block {name!r} is {stored.block.state} in version {stored.version}")


@capacity.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV with a column name and any of those that export writes.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would become of it.")] = False,
    by: By = "unknown",
    note: Note = "",
) -> None:
    """Enter or change the blocks of a file, all of them or none."""
    with _store() as store, open_file(file) as source:
        try:
            lines = import_blocks(store, source, Signature(by, note), dry_run=dry_run)
        except Invalid as error:
            for fault in error.details:
                _say(f"line {fault['line']}{', ' + fault['column'] if fault['column'] else ''}: {fault['reason']}")
            raise
    for line in lines:
        if line.outcome is not Outcome.UNCHANGED:
            _say(f"line {line.line}: {line.name} {line.outcome} {', '.join(line.fields)}".rstrip())
    counted = ", ".join(f"{sum(line.outcome is each for line in lines)} {each}" for each in Outcome)
    _say(f"{counted}; nothing was stored, as this was a dry run" if dry_run else counted)


@capacity.command("export")
def export_file(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where to; printed if not given.")] = None,
    as_of: AsOf = "",
) -> None:
    """Write the ledger as CSV that import takes back exactly as it is."""
    with _store() as store, store.read() as unit:
        text = export_blocks(unit.capacity.find(as_of=_instant(as_of)))
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise Invalid(f"{output} cannot be written: {error.strerror}; choose another path") from error
    _say(f"{output} holds the ledger")


@capacity.command()
def changes(name: Name) -> None:
    """Show every change of a block: who made it, when and why, and what it changed."""
    with _store() as store, store.read() as unit:
        for change in unit.capacity.changes(name):
            _say(f"version {change.version}, {change.changed_at.isoformat()} by {change.signature.by}: {_told(change)}")


def _told(change: Change) -> str:
    note = f" ({change.signature.note})" if change.signature.note else ""
    if change.before is None:
        return f"created{note}"
    if change.after is None:
        return f"removed{note}"
    one, other = to_cells(change.before), to_cells(change.after)
    differing = [column for column in COLUMNS if one[column] != other[column]]
    return ", ".join(f"{column} {one[column]!r} became {other[column]!r}" for column in differing) + note


def _cells(parts: list[str]) -> dict[str, str]:
    cells = {}
    for part in parts:
        column, found, text = part.partition("=")
        if not found or column not in COLUMNS:
            raise Invalid(f"--set {part!r} sets nothing; write one of {', '.join(COLUMNS)}, as in region=eu")
        cells[column] = text.strip()
    return cells


def _instant(text: str) -> datetime | None:
    return moment(text).to_pydatetime() if text else None


def _say(text: str) -> None:
    console.print(Text(text), soft_wrap=True)


@contextmanager
def _store() -> Iterator[Store]:
    store = Store(read_settings().database_url)
    store.migrate()
    try:
        yield store
    finally:
        store.close()
