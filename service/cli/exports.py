"""Answers written as tables and pages instead of being shown."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from demand.errors import Invalid, UnsupportedFormat
from service.connectors.output import csv_bytes, parquet_bytes, write_whole


class ExportFormat(StrEnum):
    """What an answer can be written as."""

    CSV = "csv"
    PARQUET = "parquet"
    HTML = "html"


Format = Annotated[
    ExportFormat | None,
    typer.Option("--format", help="Write a tidy table (csv, parquet) or a page to print (html) instead of showing it."),
]
Output = Annotated[
    Path | None, typer.Option(help="Where to; its extension is the format if none is given. CSV and HTML may be piped.")
]


def format_wanted(wanted: ExportFormat | None, output: Path | None) -> ExportFormat | None:
    """The format to write, None to show the answer; ask before it is computed.

    Raises:
        UnsupportedFormat: neither the option nor the extension names one.
        Invalid: Parquet has nowhere to go.
    """
    if wanted is ExportFormat.PARQUET and output is None:
        raise Invalid("Parquet is no text to be shown; name a file with --output")
    if wanted is not None or output is None:
        return wanted
    extension = output.suffix.lower().removeprefix(".")
    if extension not in set(ExportFormat):
        raise UnsupportedFormat(f"{output.name!r} names no format that is written; give --format csv, parquet or html")
    return ExportFormat(extension)


def export(
    wanted: ExportFormat, output: Path | None, table: Callable[[], pd.DataFrame], page: Callable[[], str]
) -> None:
    """Write the table or the page to a file, in whole or not at all, or to the terminal.

    Args:
        wanted: from `format_wanted`.
        output: where to; None for the terminal.
        table: makes the tidy table.
        page: makes the page.

    Raises:
        Invalid: the file cannot be written there.
    """
    makers = {
        ExportFormat.CSV: lambda: csv_bytes(table()),
        ExportFormat.PARQUET: lambda: parquet_bytes(table()),
        ExportFormat.HTML: lambda: page().encode(),
    }
    written = makers[wanted]()
    if output is None:
        typer.echo(written.decode(), nl=False)
        return
    write_whole(output, lambda path: path.write_bytes(written))
