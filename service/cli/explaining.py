"""`computecast explain`: why the forecast of a series is what it is."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from demand.calendar import Granularity
from demand.series import Selection
from service.cli.planning_options import ModelClass, Unit, told_in
from service.cli.progress import console
from service.cli.store import open_store
from service.explained import Explanation, explain_stored
from service.explained_units import explain_in
from training.assembly import MEMBER_LEVELS

_MEDIAN = MEMBER_LEVELS.index(0.5)


def explain(
    series_id: Annotated[int, typer.Option(min=1, help="The series, as GET /v1/series numbers it.")],
    granularity: Annotated[Granularity, typer.Option(help="Width of the buckets.")] = Granularity.HOUR,
    horizon: Annotated[int, typer.Option(min=1, help="How many buckets ahead are shown, at most.")] = 24,
    unit: Unit = None,
    model_class: ModelClass = "",
) -> None:
    """Show what the published forecast of a series is made of: models, weights, trend, seasons and past errors."""
    told = told_in(unit, model_class)
    with open_store() as store, store.read() as work:
        whole = explain_in(explain_stored(work, Selection(), series_id, granularity, None), told, work)
        steps = min(horizon, len(whole.quantiles))
        made = explain_in(explain_stored(work, Selection(), series_id, granularity, steps), told, work)
    console.print(Text("\n".join(_summary(made))), soft_wrap=True)
    for table in (_members(whole), _stretches(whole), _steps(made)):
        console.print(table)
    for line in _notes(made):
        console.print(Text(line), soft_wrap=True)


def _summary(made: Explanation) -> Iterator[str]:
    forecast, choice = made.forecast, made.forecast.choice
    series = forecast.series
    yield f"series {series.id} ({series.key}), {made.unit}, by the {made.granularity}"
    yield (
        f"made by {choice.maker} in run {forecast.run_id}, from history up to {forecast.cut_off.isoformat()}, "
        f"published {forecast.published_at.isoformat(timespec='seconds')}"
    )
    if made.skill is not None:
        yield (
            f"in the backtest its loss was {choice.score:.3g} and that of the seasonal naive {choice.naive_score:.3g}: "
            f"{abs(made.skill):.0%} {'better' if made.skill >= 0 else 'worse'}"
        )
    if made.coverage_80 is not None:
        yield f"in the backtest its 80 % band held {made.coverage_80:.0%} of the outcomes"


def _members(made: Explanation) -> Table:
    table = Table("model", "weight", "backtest loss", "what it does", title="Models")
    for member in made.members:
        cells = (member.name, f"{member.weight:.0%}", _loss(member.score), member.description)
        table.add_row(*map(Text, cells))
    for name, reason in made.absent.items():
        table.add_row(*map(Text, (name, "-", _loss(made.forecast.choice.scores.get(name)), reason)))
    return table


def _loss(score: float | None) -> str:
    return "" if score is None else f"{score:.3f}"


def _stretches(made: Explanation) -> Table:
    table = Table("leads", "weights", "width of the band", "past errors", title="Along the horizon")
    for stretch in made.stretches:
        weights = ", ".join(f"{name} {share:.0%}" for name, share in stretch.weights.items())
        errors = stretch.errors
        told = "none compared"
        if errors is not None:
            told = f"mean {errors.bias:+.4g}, 80 % in {errors.low:+.4g} to {errors.high:+.4g} ({errors.count:,})"
        table.add_row(*map(Text, (f"{stretch.first}-{stretch.last}", weights, stretch.widths, told)))
    return table


def _steps(made: Explanation) -> Table:
    names = [member.name for member in made.members]
    levels = [f"q{level:g}" for level in MEMBER_LEVELS]
    table = Table("timestamp", title=f"The forecast, its parts and the models' own medians ({made.unit})")
    for column in (*levels, "trend", *made.parts.seasonal, "remainder", *names):
        table.add_column(column, justify="right")
    parts = (made.parts.trend, *made.parts.seasonal.values(), made.parts.remainder)
    medians = [member.quantiles[:, _MEDIAN] for member in made.members]
    for step, timestamp in enumerate(made.index):
        numbers = [*made.quantiles[step], *(each[step] for each in (*parts, *medians))]
        table.add_row(f"{timestamp:%Y-%m-%d %H:%M}", *_shown(numbers))
    return table


def _shown(numbers: Sequence[float]) -> list[str]:
    return [f"{number:,.2f}" for number in numbers]


def _notes(made: Explanation) -> Iterator[str]:
    for note in (*made.forecast.choice.warnings, *made.remarks, *made.untold):
        yield f"note: {note}"
