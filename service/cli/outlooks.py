"""`computecast outlook` and `computecast crossover`: demand against supply, and inference against training."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from demand.calendar import Granularity
from demand.series import Selection
from planning.ledger import Commitment
from planning.occurrence import Occurrence
from planning.outlook import OutlookQuestion
from planning.pools import PLACE
from service.cli.exports import Format, Output, export, format_wanted
from service.cli.planning_options import (
    LEVELS,
    AsOf,
    ModelClass,
    PoolBy,
    Price,
    SlipCorrelation,
    Unit,
    dimensions,
    instant,
    supply_question,
    told_in,
)
from service.cli.progress import complaints, console
from service.cli.settings import read_settings
from service.cli.store import open_store
from service.crossovers import Crossing, compare_workloads
from service.crossovers import told_in as asked_in
from service.demand_ahead import DemandAhead, DemandQuestion
from service.outlooks import Prices, Prospect, look_ahead
from service.report.outlook import outlook_part
from service.report.outlook_table import OutlookTable, outlook_table
from service.report.outlook_view import SAID, OutlookView
from service.report.page import report

Region = Annotated[list[str] | None, typer.Option(help="Only these regions; may be repeated.")]
Accelerator = Annotated[list[str] | None, typer.Option(help="Only these accelerators; may be repeated.")]
Buckets = Annotated[
    Granularity | None, typer.Option("--granularity", help="Width of the buckets; the coarsest that is forecast.")
]
Horizon = Annotated[int | None, typer.Option(min=1, help="Buckets ahead; all that is published if not given.")]


def outlook(  # noqa: PLR0913, PLR0917 - every argument is an option of the command line
    region: Region = None,
    accelerator: Accelerator = None,
    granularity: Buckets = None,
    horizon: Horizon = None,
    counted: Annotated[
        Commitment, typer.Option(help="Supply that is live, committed too, or talked about too.")
    ] = Commitment.COMMITTED,
    pool_by: PoolBy = None,
    service_level: Annotated[float, typer.Option(help="Chance of meeting all demand, for the headroom.")] = 0.95,
    sustained: Annotated[int, typer.Option(min=1, help="Buckets in a row for which a breach must last.")] = 1,
    cost_short: Price = None,
    cost_idle: Price = None,
    slip_correlation: SlipCorrelation = 0.5,
    unit: Unit = None,
    model_class: ModelClass = "",
    as_of: AsOf = "",
    table: Annotated[
        OutlookTable, typer.Option(help="What has a row in CSV and Parquet: pools, or classes of demand.")
    ] = OutlookTable.POOLS,
    export_format: Format = None,
    output: Output = None,
) -> None:
    """Show what published demand meets of the ledger: chance of shortage, what is missing, what idles, headroom.

    With --format or --output it is written as a tidy table with all degrees of commitment, or as a page to print.
    """
    written_as = format_wanted(export_format, output)
    told = OutlookQuestion(LEVELS, service_level, sustained)
    prices = Prices(cost_short, cost_idle)
    asked = supply_question(pool_by, prices, slip_correlation, told_in(unit, model_class), told)
    asked = replace(asked, as_of=instant(as_of))
    settings = read_settings()
    demand = DemandQuestion(_selection(region, accelerator), granularity, horizon, n_paths=settings.paths)
    with open_store(settings) as store, store.read() as work:
        prospect = look_ahead(demand, asked, work, settings.max_series_per_answer)
    if written_as is not None:
        view = OutlookView(prospect, asked.told, counted)
        export(
            written_as,
            output,
            lambda: outlook_table(prospect, LEVELS, table),
            lambda: report(outlook_part(view), None, store.now()),
        )
    else:
        _show(prospect, counted)
    for each in prospect.uncounted[counted]:
        complaints.print(Text(f"block {each.name!r} is not counted: {each.reason}"), soft_wrap=True)
    for remark in prospect.remarks:
        complaints.print(Text(f"note: {remark}"), soft_wrap=True)
    _left_out(prospect.demand)


def _show(prospect: Prospect, counted: Commitment) -> None:
    for row in prospect.rows:
        console.print(_pool(prospect, counted, row, prospect.demand.view.index))
        console.print(_breach(prospect.outlooks[counted].pools.first_breach, row, prospect.demand.view.index))


def crossover(  # noqa: PLR0913, PLR0917 - every argument is an option of the command line
    region: Region = None,
    accelerator: Accelerator = None,
    granularity: Buckets = None,
    horizon: Horizon = None,
    group_by: Annotated[str, typer.Option(help="Dimensions to split by, comma-separated.")] = "",
    unit: Unit = None,
    model_class: ModelClass = "",
) -> None:
    """Show when inference demand passes training demand and stays above."""
    settings = read_settings()
    demand = DemandQuestion(_selection(region, accelerator), granularity, horizon, n_paths=settings.paths)
    by = dimensions(group_by, ("provider", *PLACE, "stage", "tenant"), "group_by")
    asked = asked_in(demand, told_in(unit, model_class))
    with open_store(settings) as store, store.read() as work:
        crossing = compare_workloads(asked, by, LEVELS, work, settings.max_series_per_answer)
    for row in range(len(crossing.groups)):
        console.print(_shares(crossing, row))
        console.print(_passing(crossing, row))
    _left_out(crossing.demand)


def _selection(region: list[str] | None, accelerator: list[str] | None) -> Selection:
    return Selection(region=tuple(region or ()), accelerator=tuple(accelerator or ()))


def _pool(prospect: Prospect, counted: Commitment, row: int, index: pd.DatetimeIndex) -> Table:
    pools, target = prospect.outlooks[counted].pools, prospect.target.supply[row]
    same = prospect.unit == prospect.supply_unit
    units = prospect.unit if same else f"demand in {prospect.unit}, supply in {prospect.supply_unit}"
    title = f"{prospect.topology.pools[row].name}: demand and supply that is {SAID[counted]} ({units})"
    table = Table(title=title, box=SIMPLE, padding=0, show_edge=False)
    table.add_column("from", no_wrap=True)
    rows: list[tuple[str, np.ndarray, str]] = [
        ("demand", prospect.pool_demand.mean[row], ","),
        ("supply", pools.supply[row], ","),
        ("short", pools.chance_short[row], ".0%"),
        ("unmet", pools.unmet.mean[row], ","),
        ("q0.9", pools.unmet.quantiles[row, :, -1], ","),
        ("idle", pools.idle.mean[row], ","),
        ("used", pools.utilization[row], ".0%"),
        ("headroom", pools.headroom[row], ","),
    ]
    if not np.isnan(target).any():
        cost = pools.cost_short.mean[row] + pools.cost_idle.mean[row]
        rows += [("cost M", cost / 1e6, ",.2f"), ("target", target, ",")]
    for name, _, _ in rows:
        table.add_column(name, justify="right")
    for step, timestamp in enumerate(index):
        table.add_row(_date(timestamp), *(_shown(values[step], form) for _, values, form in rows))
    return table


def _breach(found: Occurrence, row: int, index: pd.DatetimeIndex) -> Text:
    return Text(f"chance of a first breach: {_dates(found, row, index)}; {found.never[row]:.0%} never\n")


def _passing(crossing: Crossing, row: int) -> Text:
    found, index = crossing.found.passes, crossing.demand.view.index
    return Text(
        f"chance that inference is above to stay: {found.already[row]:.0%} already, {_dates(found, row, index)}; "
        f"{found.never[row]:.0%} never\n"
    )


def _dates(found: Occurrence, row: int, index: pd.DatetimeIndex) -> str:
    steps = found.quantiles(LEVELS)[row]
    told = [f"by {_date(index[step])}" if step < len(index) else "not within the horizon" for step in steps]
    return ", ".join(f"{level:.0%} {date}" for level, date in zip(LEVELS, told, strict=True))


def _shares(crossing: Crossing, row: int) -> Table:
    name = ", ".join(part for part in crossing.groups[row] if part) or "everything selected"
    table = Table("timestamp", title=f"{name}: inference over training and inference ({crossing.demand.unit})")
    for column in ("ahead", "passed", "share", *(f"q{level:g}" for level in LEVELS)):
        table.add_column(column, justify="right")
    found, passed = crossing.found, crossing.found.passes.chance_by()[row]
    for step, timestamp in enumerate(crossing.demand.view.index):
        numbers = [found.ahead[row, step], passed[step], found.share[row, step], *found.share_quantiles[row, step]]
        table.add_row(_date(timestamp), *(_shown(number, ".0%") for number in numbers))
    return table


def _left_out(demand: DemandAhead) -> None:
    for left in demand.view.left_out:
        complaints.print(Text(f"series {left.key} is left out: {left.reason}"), soft_wrap=True)


def _date(timestamp: datetime) -> str:
    return f"{timestamp:%Y-%m-%d %H:%M}" if timestamp.hour else f"{timestamp:%Y-%m-%d}"


def _shown(number: float, form: str) -> str:
    """A number that can be read; accelerators with a decimal only where there are few."""
    if np.isnan(number):
        return "-"
    return format(number, form if form != "," else ",.1f" if abs(number) < 10 else ",.0f")
