import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.app import create_app
from service.settings import Settings

ROOT = Path(__file__).parents[2]

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def settings(store_url: str) -> Settings:
    return Settings(database_url=store_url, n_jobs=1, models=("seasonal_naive",), partition_size=2)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """A client of the application over the store; what fails unexpectedly is answered and not raised."""
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts Python processes from the root of the repository, and kills what is left of them at the end."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(*arguments: object, **options: object) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen([sys.executable, *map(str, arguments)], cwd=ROOT, **options)  # type: ignore[call-overload]
        started.append(process)
        return process

    yield begin
    for process in started:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()
