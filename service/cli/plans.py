"""`computecast plan`: what to do about each block, kept and compared."""

# ruff: noqa: ARG001 - the options of a plan are read all together, by their names

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.table import Table
from rich.text import Text

from demand.calendar import Granularity
from demand.errors import Invalid
from planning.ledger import Commitment
from planning.pacing.comparison import Comparison
from planning.pacing.review import Review
from planning.pacing.words import money
from service.api.plan_answers import PlanAnswer
from service.api.plan_order import MOST_PATHS, USUAL_PATHS, PlanOrder
from service.cli.files import open_file
from service.cli.progress import complaints, console
from service.cli.settings import read_settings
from service.cli.store import open_store
from service.plans import forget, predecessor, what_changed
from service.plans import plan as make_and_keep
from service.store.plans import StoredPlan

plans = typer.Typer(help="What to do about each block of the ledger: proceed, slow, pause or cancel.")

Number = Annotated[int, typer.Argument(help="The id of a kept plan.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print it as the API answers it.")]
Money = Annotated[float | None, typer.Option(min=0, help="In the currency of the ledger.")]
By = Annotated[str, typer.Option(help="Who plans, kept with the plan.", envvar="USER")]
Note = Annotated[str, typer.Option(help="Why, kept with the plan.")]
Pairs = list[str] | None


@plans.callback(invoke_without_command=True)
def make(  # noqa: PLR0913, PLR0917 - every argument is an option of the command line
    context: typer.Context,
    region: Annotated[list[str] | None, typer.Option(help="Only these regions; may be repeated.")] = None,
    accelerator: Annotated[list[str] | None, typer.Option(help="Only these accelerators; may be repeated.")] = None,
    granularity: Annotated[Granularity, typer.Option(help="Width of the steps.")] = Granularity.MONTH,
    horizon: Annotated[int | None, typer.Option(min=1, help="Steps ahead; all that is forecast if not given.")] = None,
    scenario: Annotated[str | None, typer.Option(help="A stored scenario that happens, as name or name@2.")] = None,
    counted: Annotated[Commitment, typer.Option(help="How much of the ledger is counted.")] = Commitment.EVERYTHING,
    cost_short: Annotated[float | None, typer.Option(min=0, help="Of a missing accelerator, per hour.")] = None,
    cost_idle: Annotated[float | None, typer.Option(min=0, help="Of an idle accelerator, per hour.")] = None,
    risk_weight: Annotated[float, typer.Option(min=0, help="Of CVaR, beside the expected cost.")] = 0.0,
    cvar_level: Annotated[float, typer.Option(help="CVaR is the mean of the dearest paths beyond this.")] = 0.9,
    budget: Money = None,
    budget_per_step: Money = None,
    power_mw: Annotated[float | None, typer.Option(min=0, help="For all blocks together, in each step.")] = None,
    megawatts_each: Annotated[Pairs, typer.Option(help="As H100=0.0013; may be repeated.")] = None,
    minimum_service: Annotated[
        Pairs, typer.Option(help="Share of a class's own demand, as 'eu inference=0.95'.")
    ] = None,
    discount_rate: Annotated[float, typer.Option(min=0, help="Per year, such as 0.08.")] = 0.0,
    paths: Annotated[int, typer.Option(min=1, max=MOST_PATHS, help="Joint sample paths.")] = USUAL_PATHS,
    seed: Annotated[int, typer.Option(min=0, help="Of slips, conversions and events.")] = 0,
    at: Annotated[str | None, typer.Option(help="The date of planning, with an offset; now if not given.")] = None,
    review_months: Annotated[int, typer.Option(help="Until plans are made again; 0 to decide all at once.")] = 3,
    time_limit: Annotated[float, typer.Option(help="Seconds to look for the plan.")] = 60.0,
    gap: Annotated[float, typer.Option(help="Relative; a plan is good enough when none can save more.")] = 0.001,
    based_on: Annotated[int | None, typer.Option(help="A kept plan to compare with.")] = None,
    order: Annotated[Path | None, typer.Option(help="JSON as the API takes it, instead of all options.")] = None,
    by: By = "unknown",
    note: Note = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Plan the pace of all blocks, at least cost over the paths, and keep the plan."""
    if context.invoked_subcommand is not None:
        return
    asked = {name: value for name, value in context.params.items() if name not in _OWN and value is not None}
    asked |= {name: _pairs(name, asked[name]) for name in ("megawatts_each", "minimum_service") if name in asked}
    if scenario is not None:
        asked["scenario"] = _version(scenario)
    _show_new(_read(order) if order is not None else _order(asked, "the options"), by, as_json=as_json)


_OWN = frozenset({"order", "by", "as_json"})


def _show_new(order: PlanOrder, by: str, *, as_json: bool) -> None:
    settings = read_settings()
    with open_store(settings) as store:
        stored = make_and_keep(store, order.ordered(settings, by), settings.max_series_per_answer)
        with store.read() as unit:
            _show(stored, predecessor(stored, unit), as_json=as_json)


@plans.command("list")
def list_plans(limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 50) -> None:
    """List the kept plans, the newest first."""
    table = Table("id", "made", "by", "expected cost", "gap", "blocks", "based on", "note")
    with open_store() as store, store.read() as unit:
        for stored in unit.plans.page(limit=limit):
            kept = stored.kept
            cells = (
                str(stored.id),
                f"{stored.made_at:%Y-%m-%d %H:%M}",
                kept.signature.by,
                money(kept.plan.costs.expected, kept.grounds.currency),
                f"{kept.plan.gap:.2%}",
                str(len(kept.plan.blocks)),
                "" if kept.based_on is None else str(kept.based_on),
                kept.signature.note,
            )
            table.add_row(*map(Text, cells))
    console.print(table)


@plans.command()
def show(number: Number, *, as_json: AsJson = False) -> None:
    """Show a kept plan."""
    with open_store() as store, store.read() as unit:
        stored = unit.plans.get(number)
        _show(stored, predecessor(stored, unit), as_json=as_json)


@plans.command()
def replan(number: Number, by: By = "unknown", note: Note = "", *, as_json: AsJson = False) -> None:
    """Ask what a kept plan was asked again, with the ledger, pools and forecasts of now; keep it and show what changed.

    The date of planning is the present moment, whatever it was; the earlier plan stays.
    """
    settings = read_settings()
    with open_store(settings) as store:
        with store.read() as unit:
            before = unit.plans.get(number)
        order = PlanOrder.again(before, note)
        stored = make_and_keep(store, order.ordered(settings, by), settings.max_series_per_answer)
    _show(stored, before, as_json=as_json)


@plans.command()
def delete(number: Number) -> None:
    """Forget a kept plan; its number is not given again."""
    with open_store() as store:
        kept = forget(store, number).kept
    console.print(Text(f"plan {number} of {len(kept.plan.blocks)} blocks is forgotten; it was of {kept.signature.by}"))


@plans.command()
def compare(
    earlier: Annotated[int, typer.Argument(help="The id of the earlier plan.")],
    later: Annotated[int, typer.Argument(help="The id of the later one.")],
) -> None:
    """Show what changed from one plan to another, and why."""
    with open_store() as store, store.read() as unit:
        before, after = unit.plans.get(earlier), unit.plans.get(later)
    _show_changes(what_changed(before, after), after.kept.grounds.currency)


def _show(stored: StoredPlan, before: StoredPlan | None, *, as_json: bool) -> None:
    if as_json:
        console.print(Text(PlanAnswer.of(stored, before).model_dump_json(indent=2)), soft_wrap=True)
        return
    kept = stored.kept
    plan, currency = kept.plan, kept.grounds.currency
    table = Table("block", "action", "decide by", "due", "value", title=f"plan {stored.id}")
    for each in plan.blocks:
        decide_by = "" if each.decide_by is None else f"{each.decide_by:%Y-%m-%d}"
        value = "" if not each.alternatives else _value(each.value, currency)
        table.add_row(*map(Text, (each.block, str(each.action), decide_by, "yes" if each.due else "", value)))
    console.print(table)
    for each in plan.blocks:
        console.print(Text.assemble((each.block, "bold"), f": {each.why}"), soft_wrap=True)
    low, mid, high = (money(each, currency) for each in plan.costs.quantiles)
    console.print(
        Text(
            f"expected cost {money(plan.costs.expected, currency)} (10 % {low}, 50 % {mid}, 90 % {high}; the dearest "
            f"paths {money(plan.costs.cvar, currency)}); no plan saves more than {plan.gap:.2%} of the objective"
        ),
        soft_wrap=True,
    )
    if plan.review is not None:
        console.print(Text(_on_review(plan.review, currency)), soft_wrap=True)
    for price in plan.prices:
        console.print(Text(f"{price.limit} binds: one more would save {price.saved:.4g}"), soft_wrap=True)
    _complain(stored)
    if before is not None:
        _show_changes(what_changed(before, stored), currency)


def _on_review(review: Review, currency: str) -> str:
    due = f"{len(review.due)} to decide before the next review on {review.at:%Y-%m-%d}"
    if review.objective is None:
        return f"{due}; {review.reason}"
    return (
        f"{due}; with the rest following what is seen the objective is about {money(review.objective, currency)}, and "
        f"{money(review.at_once, currency)} if all were decided now"
    )


def _complain(stored: StoredPlan) -> None:
    plan, grounds = stored.kept.plan, stored.kept.grounds
    told = [f"block {each.block!r} cannot {each.kind}: {each.reason}" for each in plan.closed]
    told += [f"block {name!r} is not counted: {reason}" for name, reason in grounds.uncounted]
    told += [f"series {key} is left out: {reason}" for key, reason in grounds.left_out]
    told += [f"note: {remark}" for remark in grounds.remarks]
    if not plan.in_time:
        told.append("time was over before the gap that was asked for was reached; allow more with --time-limit")
    for each in told:
        complaints.print(Text(each), soft_wrap=True)


def _show_changes(found: Comparison, currency: str) -> None:
    table = Table("block", "before", "after", title=f"{len(found.changes)} changes, {found.n_kept} as before")
    for each in found.changes:
        table.add_row(*map(Text, (each.block, str(each.before or "-"), str(each.after or "-"))))
    console.print(table)
    for each in found.changes:
        console.print(Text.assemble((each.block, "bold"), f": {each.why}"), soft_wrap=True)
    for moved in found.moved[:10]:
        console.print(Text(f"{moved.what}: {_fact(moved.before)} -> {_fact(moved.after)}"), soft_wrap=True)
    more = "more" if found.objective >= 0 else "less"
    console.print(Text(f"the later plan costs {money(abs(found.objective), currency)} {more}"), soft_wrap=True)


def _value(value: float, currency: str) -> str:
    return money(value, currency) if value < float("inf") else "the only one possible"


def _fact(fact: float | str | None) -> str:
    return "-" if fact is None else f"{fact:,.6g}" if isinstance(fact, float | int) else fact


def _pairs(name: str, given: list[str]) -> dict[str, str]:
    parts = [each.rpartition("=") for each in given]
    if wrong := [each for each, (_, sign, _) in zip(given, parts, strict=True) if not sign]:
        raise Invalid(f"--{name.replace('_', '-')} {wrong[0]!r} is not of the form name=number")
    return {key: value for key, _, value in parts}


def _version(text: str) -> dict[str, str]:
    name, sign, version = text.partition("@")
    return {"name": name, "version": version} if sign else {"name": name}


def _read(file: Path) -> PlanOrder:
    with open_file(file) as source:
        text = source.read()
    try:
        return PlanOrder.model_validate_json(text)
    except ValidationError as error:
        raise _wrong(error, str(file)) from None


def _order(asked: dict[str, Any], where: str) -> PlanOrder:
    try:
        return PlanOrder.model_validate(asked)
    except ValidationError as error:
        raise _wrong(error, where) from None


def _wrong(error: ValidationError, where: str) -> Invalid:
    first = error.errors(include_input=False)[0]
    field = ".".join(map(str, first["loc"])) or "the order"
    return Invalid(f"{where}: {field}: {first['msg'].removeprefix('Value error, ')}")
