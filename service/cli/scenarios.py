"""`computecast scenarios`: what may happen, and what demand and supply come to then."""

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from pydantic import ValidationError
from rich.table import Table
from rich.text import Text

from demand.calendar import Granularity
from demand.errors import Invalid
from planning.ledger import Commitment
from planning.scenarios.library import library
from planning.scenarios.outcomes import CHANCES, Yardstick
from planning.scenarios.scenario import Scenario
from service.api.scenario_schemas import ScenarioOrder
from service.cli.files import open_file
from service.cli.planning_options import (
    LEVELS,
    ModelClass,
    PoolBy,
    Price,
    SlipCorrelation,
    Unit,
    supply_question,
    told_in,
)
from service.cli.progress import console
from service.cli.settings import read_settings
from service.cli.store import open_store
from service.demand_ahead import DemandQuestion
from service.outlooks import Prices
from service.scenarios import Comparison, MarketQuestion, Row, compare, rank_assumptions
from service.store.capacity_blocks import Signature
from service.store.scenario_documents import to_document

scenarios = typer.Typer(help="What may happen: events, what they come to, and what matters most.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The name of the scenario.")]
Version = Annotated[int | None, typer.Option(help="The newest if not given.")]
By = Annotated[str, typer.Option(help="Who does this, kept with the change.", envvar="USER")]
Note = Annotated[str, typer.Option(help="Why, kept with the change.")]
Width = Annotated[Granularity | None, typer.Option(help="Width of the buckets; the coarsest forecast if not given.")]
Horizon = Annotated[int | None, typer.Option(help="Buckets ahead; all that is published if not given.")]
Counted = Annotated[Commitment, typer.Option(help="How much of the ledger is counted.")]


@scenarios.command("list")
def list_scenarios() -> None:
    """List the stored scenarios."""
    table = Table("name", "version", "events", "based on", "description")
    with open_store() as store, store.read() as unit:
        for stored in unit.scenarios.find():
            each = stored.scenario
            cells = (each.name, str(each.version), str(len(each.events)), ", ".join(each.based_on), each.description)
            table.add_row(*map(Text, cells))
    console.print(table)


@scenarios.command()
def show(name: Name, version: Version = None) -> None:
    """Print a scenario as the JSON that `add` takes."""
    with open_store() as store, store.read() as unit:
        _print(unit.scenarios.get(name, version).scenario)


@scenarios.command()
def add(
    file: Annotated[Path, typer.Argument(help="JSON, as the API takes it.")], by: By = "unknown", note: Note = ""
) -> None:
    """Store a scenario, or a new version of one that is there."""
    scenario = _read(file)
    with open_store() as store, store.begin() as unit:
        is_new = scenario.name not in unit.scenarios.by_name()
        keep = unit.scenarios.create if is_new else unit.scenarios.replace
        stored = keep(scenario, Signature(by, note))
    console.print(Text(f"scenario {stored.scenario.name} is stored in version {stored.scenario.version}"))


@scenarios.command()
def archive(name: Name) -> None:
    """Take a scenario out of the list; its versions can still be shown."""
    with open_store() as store, store.begin() as unit:
        unit.scenarios.archive(name)
    console.print(Text(f"scenario {name} is archived"))


@scenarios.command("library")
def show_library(
    name: Annotated[str, typer.Argument(help="Print this one as JSON to change and add; all are listed without.")] = "",
    start: Annotated[str, typer.Option(help="When it begins, with an offset; today if not given.")] = "",
) -> None:
    """List or print ready examples."""
    examples = {each.name: each for each in library(_instant(start))}
    if name:
        if name not in examples:
            raise Invalid(f"there is no example {name!r}; there are {', '.join(examples)}")
        _print(examples[name])
        return
    table = Table("name", "events", "description")
    for each in examples.values():
        table.add_row(*map(Text, (each.name, str(len(each.events)), each.description)))
    console.print(table)


@scenarios.command("compare")
def show_comparison(  # noqa: PLR0913, PLR0917 - every argument is an option of the command line
    names: Annotated[list[str], typer.Argument(help="Stored scenarios, or files of such that are not.")],
    granularity: Width = None,
    horizon: Horizon = None,
    counted: Counted = Commitment.COMMITTED,
    pool_by: PoolBy = None,
    cost_short: Price = None,
    cost_idle: Price = None,
    slip_correlation: SlipCorrelation = 0.5,
    unit: Unit = None,
    model_class: ModelClass = "",
) -> None:
    """Show what scenarios come to, beside what is ahead without any, and how much more or less they cost."""
    settings = read_settings()
    asked = DemandQuestion(granularity=granularity, horizon=horizon, n_paths=settings.paths)
    supply = supply_question(pool_by, Prices(cost_short, cost_idle), slip_correlation, told_in(unit, model_class))
    with open_store(settings) as store, store.read() as work:
        chosen = [_read(Path(name)) if name.endswith(".json") else work.scenarios.get(name).scenario for name in names]
        found = compare(asked, MarketQuestion(counted, supply), chosen, work, settings.max_series_per_answer)
    table = Table("", "in", "nothing happens", *(row.scenario.name for row in found.rows if row.scenario is not None))
    for yardstick in found.yardsticks:
        unit_of = found.measured.unit_of(yardstick)
        table.add_row(_SAID[yardstick], unit_of, *(_number(yardstick, row) for row in found.rows))
    if Yardstick.COST in found.yardsticks:
        table.add_row("more or less cost, 10% to 50% to 90%", found.measured.currency, *_dearer(found))
    console.print(table)
    for remark in dict.fromkeys(remark for row in found.rows for remark in row.outcomes.remarks):
        console.print(Text(remark), style="yellow")


@scenarios.command("tornado")
def show_tornado(  # noqa: PLR0913, PLR0917 - every argument is an option of the command line
    name: Name,
    outcome: Annotated[Yardstick, typer.Option(help="What is looked at.")] = Yardstick.DEMAND,
    granularity: Width = None,
    horizon: Horizon = None,
    counted: Counted = Commitment.COMMITTED,
    pool_by: PoolBy = None,
    cost_short: Price = None,
    cost_idle: Price = None,
    slip_correlation: SlipCorrelation = 0.5,
    unit: Unit = None,
    model_class: ModelClass = "",
) -> None:
    """Show which assumption of a scenario matters most."""
    settings = read_settings()
    asked = DemandQuestion(granularity=granularity, horizon=horizon, n_paths=settings.paths)
    supply = supply_question(pool_by, Prices(cost_short, cost_idle), slip_correlation, told_in(unit, model_class))
    with open_store(settings) as store, store.read() as work:
        question = (work.scenarios.get(name).scenario, outcome)
        ranking = rank_assumptions(
            asked, MarketQuestion(counted, supply), question, work, settings.max_series_per_answer
        )
    found = ranking.tornado
    said = f"{found.without:,.4g} without the scenario, {found.middle:,.4g} at the middle of it"
    console.print(f"{outcome}: {said} ({ranking.unit})")
    table = Table("event", "number", "at its low", "at its high", "swing")
    for bar in found.bars:
        table.add_row(Text(bar.event), bar.number, f"{bar.low:,.4g}", f"{bar.high:,.4g}", f"{bar.swing:,.4g}")
    console.print(table)


_SAID = {
    Yardstick.DEMAND: "demand at the end, on average",
    Yardstick.TRAINING: "of which training",
    Yardstick.INFERENCE: "of which inference",
    Yardstick.SHORTAGE: "chance of any shortage",
    Yardstick.UNMET: "unmet, on average",
    Yardstick.IDLE: "idle, on average",
    Yardstick.CROSSOVER: "chance that inference passes training",
    Yardstick.COST_SHORT: "cost of shortage, expected",
    Yardstick.COST_IDLE: "cost of idle supply, expected",
    Yardstick.COST: "both, expected",
}


def _number(outcome: Yardstick, row: Row) -> str:
    value = outcome.of(row.outcomes)
    return f"{value:.0%}" if outcome in CHANCES else f"{value:,.1f}"


def _dearer(found: Comparison) -> list[str]:
    """By how much each scenario costs more than nothing, in quantiles of the difference path by path."""
    costs = [row.outcomes.cost.sum(axis=1) for row in found.rows if row.outcomes.cost is not None]
    spreads = [np.quantile(cost - costs[0], LEVELS, method="hazen") for cost in costs[1:]]
    return ["", *(" to ".join(f"{value:+,.4g}" for value in spread) for spread in spreads)]


def _read(file: Path) -> Scenario:
    with open_file(file) as source:
        text = source.read()
    try:
        return ScenarioOrder.model_validate_json(text).scenario()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise Invalid(f"{file}: {where}: {first['msg'].removeprefix('Value error, ')}") from None


def _print(scenario: Scenario) -> None:
    console.print(Text(json.dumps(to_document(scenario), indent=2)), soft_wrap=True)


def _instant(text: str) -> pd.Timestamp:
    try:
        instant = pd.Timestamp(text) if text else pd.Timestamp.now(tz="UTC").floor("D")
    except ValueError as error:
        raise Invalid(f"{text!r} is no time; write it like 2026-01-01T00:00:00Z") from error
    if instant.tz is None:
        raise Invalid(f"{text!r} has no UTC offset; write {text}Z if it is in UTC")
    return instant.tz_convert("UTC")
