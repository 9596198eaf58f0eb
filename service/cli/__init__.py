"""The command line."""

import sys

import typer
from rich.text import Text

from demand.errors import ComputecastError
from service.cli.accelerators import accelerators
from service.cli.accuracy import accuracy
from service.cli.capacity import capacity
from service.cli.covariates import events, regressors
from service.cli.data import demo, ingest
from service.cli.explaining import explain
from service.cli.forecasting import forecast
from service.cli.limits import limits
from service.cli.outlooks import crossover, outlook
from service.cli.plans import plans
from service.cli.pools import pools
from service.cli.progress import complaints
from service.cli.revising import revisions
from service.cli.scenarios import scenarios
from service.cli.serving import openapi, serve, work
from service.cli.training import refresh, retrain

app = typer.Typer(
    name="computecast",
    help="Demand forecasts for AI and cloud compute, training and inference apart.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
for command in (
    serve,
    ingest,
    retrain,
    refresh,
    forecast,
    explain,
    revisions,
    accuracy,
    outlook,
    crossover,
    demo,
    openapi,
):
    app.command()(command)
app.command("worker")(work)
app.add_typer(regressors, name="regressors")
app.add_typer(events, name="events")
app.add_typer(limits, name="limits")
app.add_typer(scenarios, name="scenarios")
app.add_typer(capacity, name="capacity")
app.add_typer(pools, name="pools")
app.add_typer(plans, name="plan")
app.add_typer(accelerators, name="accelerators")


@app.callback()
def _commands() -> None:
    """Demand forecasts for AI and cloud compute, training and inference apart."""


def main() -> None:
    """Run the command line; what computecast refuses is told in a sentence, without a stack trace."""
    try:
        app()
    except ComputecastError as error:
        complaints.print(Text.assemble(("error:", "red"), f" {error}"), soft_wrap=True)
        sys.exit(1)
