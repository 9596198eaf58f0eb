"""`computecast accuracy`: how published forecasts turned out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.table import Table
from rich.text import Text

from demand.calendar import Granularity
from demand.errors import Invalid
from demand.series import DIMENSIONS
from service.cli.moments import read_instant
from service.cli.progress import complaints, console
from service.cli.selecting import selection_of
from service.cli.store import open_store
from service.connectors.output import write_table, writer_for
from service.store.accuracy import Accuracy, AccuracyQuestion
from service.store.series import StoredSeries
from service.stretches import leads_of
from service.watching import score_waiting

GROUPS = ("series", *DIMENSIONS, "stretch", "model")
MOST = 10_000


def accuracy(
    granularity: Annotated[Granularity, typer.Option(help="Width of the buckets.")] = Granularity.HOUR,
    select: Annotated[list[str] | None, typer.Option(help="As in region=eu,us; may be repeated.")] = None,
    group_by: Annotated[
        str, typer.Option(help="Of series, a dimension, stretch or model; comma-separated.")
    ] = "workload",
    since: Annotated[str, typer.Option(help="Only outcomes from then on.")] = "",
    until: Annotated[str, typer.Option(help="Only outcomes before then.")] = "",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write .csv, .csv.gz or .parquet.")] = None,
) -> None:
    """Show how published forecasts turned out: loss against the seasonal naive, coverage and bias.

    Forecasts with new outcomes that no worker has scored yet are scored first.
    """
    if output is not None:
        writer_for(output)
    names = tuple(dict.fromkeys(part.strip() for part in group_by.split(",") if part.strip()))
    if unknown := [name for name in names if name not in GROUPS]:
        raise Invalid(f"--group-by {unknown[0]!r} is none of {', '.join(GROUPS)}")
    asked = AccuracyQuestion(selection_of(select or []), granularity, names, read_instant(since), read_instant(until))
    with open_store() as store:
        score_waiting(store)
        with store.read() as unit:
            found = unit.accuracy.find(asked, limit=MOST)
            ids = [each.group["series"] for each in found if "series" in each.group]
            series = {each.id: each for each in unit.series.get_all(ids)} if ids else {}
    rows = [_row(each, granularity, series) for each in found]
    if output is not None:
        write_table(pd.DataFrame(rows), output)
    elif not rows:
        complaints.print(
            f"no {granularity} forecast of what is selected has come true yet: ingest what came after one was published"
        )
    else:
        console.print(_shown(rows, names))


def _row(found: Accuracy, granularity: Granularity, series: Mapping[int, StoredSeries]) -> dict[str, Any]:
    group = dict(found.group)
    if "stretch" in group:
        group["stretch"] = "{}-{}".format(*leads_of(group["stretch"], granularity))
    if "series" in group:
        group["series"] = f"{group['series']} ({series[group['series']].key})"
    low, high = found.tally.interval() or (None, None)
    return {
        **group,
        "unit": found.unit,
        "outcomes": found.tally.n,
        "loss": found.loss,
        "naive_loss": found.naive_loss,
        "relative_loss": found.relative_loss,
        "coverage_80": found.coverage,
        "coverage_80_low": low,
        "coverage_80_high": high,
        "bias": found.error,
        "bias_percent": found.error_percent,
    }


def _shown(rows: list[dict[str, Any]], names: tuple[str, ...]) -> Table:
    table = Table(title="Published forecasts and what came true (bias: outcome less median)")
    for name in (*names, "unit"):
        table.add_column(name)
    for name in ("outcomes", "loss / naive", "in 80 % band", "bias", "bias %"):
        table.add_column(name, justify="right")
    for row in rows:
        band = f"{row['coverage_80']:.0%}"
        if row["coverage_80_low"] is not None:
            band += f" ({row['coverage_80_low']:.0%} to {row['coverage_80_high']:.0%})"
        relative, percent = row["relative_loss"], row["bias_percent"]
        numbers = (
            f"{row['outcomes']:,}",
            "-" if relative is None else f"{relative:.3f}",
            band,
            f"{row['bias']:+,.2f}",
            "-" if percent is None else f"{percent:+.1f}",
        )
        table.add_row(*(Text(str(row[name])) for name in (*names, "unit")), *map(Text, numbers))
    return table
