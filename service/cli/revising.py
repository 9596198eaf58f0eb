"""`computecast revisions`: how the view of the same buckets changed."""

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from demand.calendar import Granularity
from demand.errors import Invalid
from demand.series import DIMENSIONS
from service.cli.moments import read_instant
from service.cli.progress import console
from service.cli.selecting import selection_of
from service.cli.settings import read_settings
from service.cli.store import open_store
from service.connectors.output import write_table, writer_for
from service.revisions import Label, Revised, RevisionQuestion, Revisions
from service.revisions import revisions as find_revisions

LEVELS = (0.1, 0.5, 0.9)
SHOWN = "%Y-%m-%d %H:%M"


def revisions(  # noqa: PLR0913, PLR0917 - every argument is an option of the command line
    start: Annotated[str, typer.Argument(help="A moment in the bucket that is asked about, or the first of several.")],
    end: Annotated[str, typer.Option(help="The end of the last of several buckets; one bucket if not given.")] = "",
    granularity: Annotated[Granularity, typer.Option(help="Width of the buckets.")] = Granularity.HOUR,
    select: Annotated[list[str] | None, typer.Option(help="As in region=eu,us; may be repeated.")] = None,
    group_by: Annotated[str, typer.Option(help="Dimensions to split by, comma-separated.")] = "",
    since: Annotated[str, typer.Option(help="Only what was published from then on.")] = "",
    before: Annotated[str, typer.Option(help="Only what was published before then.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many publications, the latest.")] = 20,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write .csv, .csv.gz or .parquet.")] = None,
) -> None:
    """Show what each publication said of a bucket, how that changed from one to the next, and what came true."""
    if output is not None:
        writer_for(output)
    first = _moment(start)
    asked = RevisionQuestion(
        selection=selection_of(select or []),
        granularity=granularity,
        start=first,
        end=_moment(end) if end else None,
        since=_moment(since).to_pydatetime() if since else None,
        before=_moment(before).to_pydatetime() if before else None,
        levels=LEVELS,
        group_by=_dimensions(group_by),
        actual=True,
        limit=limit,
    )
    settings = read_settings()
    with open_store(settings) as store, store.read() as unit:
        found = find_revisions(asked, unit, settings.max_series_per_answer, settings.paths)
    if output is not None:
        write_table(_table(found), output)
        return
    for label, workloads in found.groups.items():
        for workload, revised in workloads.items():
            console.print(_shown(found, label, workload, revised))


def _moment(text: str) -> pd.Timestamp:
    instant = read_instant(text)
    if instant is None or instant.tz is None:
        raise Invalid(f"{text!r} is no moment with a UTC offset; write it like 2025-01-06T00:00:00Z")
    return instant


def _dimensions(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    known = [name for name in DIMENSIONS if name != "workload"]
    if unknown := [name for name in names if name not in known]:
        raise Invalid(f"--group-by {unknown[0]!r} is none of {', '.join(known)}")
    return names


def _name(found: Revisions, label: Label) -> str:
    parts = [f"{name}={value}" for name, value in zip(found.question.group_by, label[:-1], strict=True)]
    return ", ".join(parts) or "everything selected"


def _shown(found: Revisions, label: Label, workload: str, revised: Revised) -> Table:
    table = Table(title=f"{_name(found, label)}: {workload} ({label[-1]})", box=SIMPLE, padding=0, show_edge=False)
    for column in ("bucket", "published"):
        table.add_column(column, no_wrap=True)
    for column in ("mean", "change", *(f"q{level:g}" for level in found.question.levels), "actual"):
        table.add_column(column, justify="right")
    for bucket, timestamp in enumerate(found.index):
        actual = np.nan if revised.actual is None else revised.actual[bucket]
        for row, issue in enumerate(found.issues):
            if np.isnan(revised.mean[row, bucket]):
                continue
            numbers = (revised.mean[row, bucket], revised.mean_change[row, bucket], *revised.quantiles[row, bucket])
            cells = [_number(numbers[0]), _number(numbers[1], "+"), *map(_number, (*numbers[2:], actual))]
            table.add_row(*map(Text, (timestamp.strftime(SHOWN), issue.issued_at.strftime(SHOWN), *cells)))
    return table


def _number(number: float, sign: str = "") -> str:
    return "-" if np.isnan(number) else f"{number:{sign},.1f}"


def _table(found: Revisions) -> pd.DataFrame:
    rows = []
    for label, workloads in found.groups.items():
        named = dict(zip(found.question.group_by, label[:-1], strict=True))
        for workload, revised in workloads.items():
            for issue, bucket in np.argwhere(~np.isnan(revised.mean)):
                actual = np.nan if revised.actual is None else revised.actual[bucket]
                rows.append({**named, "workload": workload, "unit": label[-1], "timestamp": found.index[bucket]})
                rows[-1] |= {"issued_at": pd.Timestamp(found.issues[issue].issued_at), "actual": actual}
                rows[-1] |= {"mean": revised.mean[issue, bucket], "mean_change": revised.mean_change[issue, bucket]}
                for at, level in enumerate(found.question.levels):
                    rows[-1][f"q{level:g}"] = revised.quantiles[issue, bucket, at]
                    rows[-1][f"q{level:g}_change"] = revised.quantile_change[issue, bucket, at]
    return pd.DataFrame(rows)
