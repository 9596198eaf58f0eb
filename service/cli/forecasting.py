"""`computecast forecast`: history in a file, forecast in a file, nothing stored."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.markup import escape

from demand.calendar import Granularity
from demand.errors import Invalid
from demand.limits import Limit, Measure
from forecasting.catalogue import Preset
from forecasting.quantiles import check_levels
from service.cli.covariate_files import CovariateFiles, EventFiles, Holidays, RegressorFiles, TimeZone
from service.cli.files import open_file
from service.cli.progress import complaints, console, phases
from service.connectors.files import Format, read_batches
from service.connectors.output import write_table, writer_for
from service.limit_files import read_limits
from service.stateless import Question, answer, read_history
from training.pipeline import TrainingSettings


def forecast(  # noqa: PLR0913, PLR0917 - every argument is an option of the command line
    file: Annotated[Path, typer.Argument(help="Tidy rows as CSV, JSON, NDJSON (also .gz) or Parquet.")],
    horizon: Annotated[int, typer.Option(help="How many buckets ahead.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write: .csv, .csv.gz or .parquet.")],
    quantiles: Annotated[str, typer.Option(help="Probabilities between 0 and 1.")] = "0.1,0.5,0.9",
    seed: Annotated[int, typer.Option(min=0, help="Seed of every draw.")] = 0,
    granularity: Annotated[Granularity | None, typer.Option(help="Inferred from the timestamps if not given.")] = None,
    preset: Annotated[Preset, typer.Option(help="How much is tried: fast, balanced or best.")] = Preset.BALANCED,
    models: Annotated[str, typer.Option(help="Models to try, comma-separated, instead of a preset.")] = "",
    limits: Annotated[
        Path | None, typer.Option(help="CSV of limits: level, dimensions, unit, kind, start, end.")
    ] = None,
    measure: Annotated[
        Measure | None, typer.Option(help="What would be asked for (the default), or what can be in use of it.")
    ] = None,
    jobs: Annotated[int, typer.Option(envvar="COMPUTECAST_N_JOBS", help="Processes to use, -1 for one per core.")] = -1,
    regressors: RegressorFiles = None,
    events: EventFiles = None,
    holidays: Holidays = None,
    time_zone: TimeZone = "UTC",
) -> None:
    """Forecast the series of a file: one row per series and step, with mean and quantiles."""
    writer_for(output)
    levels = check_levels(_numbers(quantiles))
    with open_file(file) as source:
        history = read_history(read_batches(source, Format.of(file.name), now=pd.Timestamp(datetime.now(UTC))))
    beside = CovariateFiles(regressors or [], events or [], holidays or [], time_zone).read()
    settings = TrainingSettings(
        horizon=horizon,
        seed=seed,
        preset=preset,
        models=tuple(name.strip() for name in models.split(",")) if models else None,
        n_jobs=jobs or -1,
    )
    question = Question(levels, granularity, _limits(limits), measure, beside)
    with phases() as progress:
        made = answer(history, settings, question, progress)
    write_table(made.table, output)
    console.print(f"{len(history.keys) - len(made.left_out):,} series, {horizon} steps each: {escape(str(output))}")
    for key, reason in made.left_out.items():
        complaints.print(f"no forecast of {escape(str(key))}: {escape(reason)}")


def _limits(path: Path | None) -> tuple[Limit, ...]:
    if path is None:
        return ()
    with open_file(path) as source:
        return read_limits(source)


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise Invalid(f"--quantiles {text!r} is not a list of numbers; write it like 0.1,0.5,0.9") from error
