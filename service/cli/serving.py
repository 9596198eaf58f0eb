"""`computecast serve`, `worker` and `openapi`."""

import asyncio
import json
import logging
import socket
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.logging import RichHandler

from demand.errors import Conflict
from service.cli.progress import complaints, console
from service.cli.settings import read_settings
from service.jobs.supervisor import WorkerSupervisor
from service.settings import Settings
from service.worker import run_worker

GRACE_SECONDS = 5
"""How long answers under way may take when the server is stopped; less than the ten seconds that containers get."""


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on, 0 for any that is free.")] = None,
    worker: Annotated[bool, typer.Option(help="Also run a worker process that carries out training.")] = True,  # noqa: FBT002 - a flag of the command line
) -> None:
    """Serve the API, with a worker beside it."""
    from service.app import open_store  # noqa: PLC0415 - it takes half a second that no other command is to pay

    settings = read_settings(host=host, port=port)
    _log_to_terminal(settings)
    with _listen(settings) as listener:
        open_store(settings).close()
        with WorkerSupervisor(settings) if worker else nullcontext():
            asyncio.run(_serve(settings, listener))


def work() -> None:
    """Carry out training runs until told to stop; any number of workers may share a PostgreSQL store."""
    settings = read_settings()
    _log_to_terminal(settings)
    run_worker(settings)


def openapi(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write instead of standard output.")
    ] = None,
) -> None:
    """Print the OpenAPI document of the API."""
    from service.app import create_app  # noqa: PLC0415 - as above

    document = json.dumps(create_app(Settings.read()).openapi(), indent=2)
    if output is None:
        typer.echo(document)
    else:
        output.write_text(document + "\n", encoding="utf-8")


async def _serve(settings: Settings, listener: socket.socket) -> None:
    import uvicorn  # noqa: PLC0415 - as above

    from service.app import create_app  # noqa: PLC0415 - as above

    config = uvicorn.Config(
        create_app(settings), log_config=None, access_log=False, timeout_graceful_shutdown=GRACE_SECONDS
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not (server.started or serving.done()):
        await asyncio.sleep(0.05)
    if server.started:
        _welcome(f"http://{settings.host}:{listener.getsockname()[1]}")
    await serving


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        # At once, as two that are bound and do not listen yet may share the port.
        listener.listen()
    except OSError as error:
        listener.close()
        raise Conflict(
            f"cannot listen on {settings.host}:{settings.port} ({error.strerror}); stop what uses it, or choose "
            "another port with --port, COMPUTECAST_PORT or make run PORT=..."
        ) from error
    return listener


def _welcome(address: str) -> None:
    console.print(f"\n[bold]computecast[/bold] serves on {address}; explore it at [bold]{address}/docs[/bold]")
    console.print("three questions to start with:")
    for question in questions(address):
        console.print(f"  curl '{question}'", highlight=False, soft_wrap=True)


def questions(address: str) -> tuple[str, ...]:
    """What can be asked first of the service at this address."""
    return (
        f"{address}/v1/forecasts?horizon=24&quantiles=0.1,0.5,0.9",
        f"{address}/v1/forecasts?granularity=day&horizon=30&group_by=region",
        f"{address}/v1/series?workload=training",
    )


def _log_to_terminal(settings: Settings) -> None:
    handler = RichHandler(console=complaints, show_path=False, rich_tracebacks=False)
    logging.basicConfig(level=settings.log_level, format="%(message)s", handlers=[handler])
    for library in ("alembic", "cmdstanpy", "httpx", "prophet"):
        logging.getLogger(library).setLevel(logging.WARNING)
