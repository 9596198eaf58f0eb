"""`computecast ingest` and `demo`: data into the store."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.markup import escape
from rich.progress import wrap_file
from rich.table import Table
from rich.text import Text

from demand.calendar import Granularity
from demand.series import Selection
from demand.tidy import OnError, check_rows
from forecasting.simulator import DEMO_HOURS, SHORTEST_HOURS, SimulatedFleet, simulate_fleet
from service.cli.files import open_file
from service.cli.progress import complaints, console
from service.cli.settings import read_settings
from service.cli.store import open_store
from service.cli.training import Order, train
from service.connectors.files import Format, read_batches
from service.demo_ledger import SOURCE, simulated_ledger, simulated_pools
from service.ingestion import ingest_batches
from service.store.capacity_blocks import Signature
from service.store.engine import Store
from service.store.ingest_report import IngestRejected, IngestReport
from service.store.run import RunKind

SHOWN_REJECTIONS = 20
DEMO_SEED = 20250106
SIMULATED = Signature(by="computecast demo", note=SOURCE)


def ingest(
    files: Annotated[list[Path], typer.Argument(help="Tidy rows as CSV, JSON, NDJSON (also .gz) or Parquet.")],
    on_error: Annotated[
        OnError, typer.Option(help="abort: one bad row and nothing of its file is stored.")
    ] = OnError.ABORT,
    granularity: Annotated[Granularity | None, typer.Option(help="Grid of new series, inferred if not given.")] = None,
) -> None:
    """Store the rows of files; repeating a file changes nothing. Each file is stored in whole or not at all."""
    with open_store() as store:
        for path in files:
            _ingest(store, path, on_error, granularity)


def demo(
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulation.")] = DEMO_SEED,
    hours: Annotated[int, typer.Option(min=SHORTEST_HOURS, help="How much history to simulate.")] = DEMO_HOURS,
) -> None:
    """Fill an empty store with a simulated fleet and train on it; a store that has data keeps it."""
    settings = read_settings()
    with open_store(settings) as store:
        with store.read() as unit:
            filled = bool(unit.series.find(Selection(), limit=1))
        if filled:
            console.print("the store has data already; it is kept")
        else:
            with console.status("simulating a fleet"):
                fleet = simulate_fleet(seed=seed, hours=hours, end=_this_hour())
                store_fleet(store, fleet)
            console.print("stored a [bold]simulated[/bold] fleet and its supply: no number of it was measured anywhere")
    train(settings, Order(RunKind.RETRAIN), None, wait=True, only_if_needed=True)


def store_fleet(store: Store, fleet: SimulatedFleet) -> None:
    """Store a fleet as it would have come: what was recorded, what was corrected, and its supply; all or nothing."""
    now = pd.Timestamp(datetime.now(UTC))
    reports: dict[str, IngestReport] = {}
    with store.staging() as unit:
        for source, rows in (("simulated fleet", fleet.rows()), ("simulated corrections", fleet.corrections())):
            batch = check_rows(rows.assign(line=range(1, len(rows) + 1)), now=now)
            reports[source] = unit.observations.ingest(
                [batch], source=source, on_error=OnError.ABORT, granularity=Granularity.HOUR
            )
        for block in simulated_ledger(fleet.panel, now.floor("D")):
            unit.capacity.create(block, SIMULATED)
        unit.topologies.replace(simulated_pools(fleet.panel), SIMULATED)
    for source, report in reports.items():
        _show(source, report)


def _ingest(store: Store, path: Path, on_error: OnError, granularity: Granularity | None) -> None:
    form = Format.of(path.name)
    with (
        open_file(path) as raw,
        wrap_file(raw, total=path.stat().st_size, description=escape(path.name), console=complaints) as body,
    ):
        try:
            batches = read_batches(body, form, now=pd.Timestamp(datetime.now(UTC)))
            report = ingest_batches(store, batches, path.name, on_error, granularity)
        except IngestRejected as refusal:
            _show(path.name, refusal.report)
            raise
    _show(path.name, report)


def _this_hour() -> pd.Timestamp:
    return pd.Timestamp(datetime.now(UTC)).floor("h")


def _show(name: str, report: IngestReport) -> None:
    counts = ("inserted", "updated", "unchanged", "rejected")
    told = ", ".join(f"{getattr(report, count):,} {count}" for count in counts)
    console.print(Text(f"{name}: {told}"), soft_wrap=True)
    if report.new_counts:
        console.print(f"  {_new_series(report.new_counts)}", highlight=False)
    if report.duplicates:
        console.print(
            f"  {report.duplicates:,} rows repeat others of the same file and agree with them", highlight=False
        )
    if not report.rejections:
        return
    table = Table("line", "column", "value", "reason")
    for rejection in report.rejections[:SHOWN_REJECTIONS]:
        table.add_row(*map(Text, (str(rejection.line), rejection.column, rejection.value, rejection.reason)))
    complaints.print(table)
    if report.rejected > SHOWN_REJECTIONS:
        complaints.print(f"and {report.rejected - SHOWN_REJECTIONS:,} more")


def _new_series(counts: Mapping[Granularity, int]) -> str:
    present = [(width, counts[width]) for width in Granularity if counts.get(width)]
    if len(present) == 1:
        ((width, count),) = present
        return f"{count:,} new series (by the {width})"
    grids = ", ".join(f"{count:,} by the {width}" for width, count in present)
    return f"{sum(counts.values()):,} new series ({grids})"
