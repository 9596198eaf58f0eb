"""The real server on loopback, with a real worker, as its users run it."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

START_SECONDS = 60
RUN_SECONDS = 600


@dataclass
class Server:
    """A running `computecast serve` and a client of it."""

    process: subprocess.Popen[str]
    environment: dict[str, str]
    said: list[str] = field(default_factory=list)
    client: httpx2.Client = field(default_factory=httpx2.Client)
    reader: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        """Keep reading what the server says, so that it never waits for a reader."""
        self.reader = threading.Thread(target=lambda: self.said.extend(self.process.stdout or ()), daemon=True)
        self.reader.start()

    def ingest(self, body: bytes, media_type: str = "text/csv") -> dict[str, Any]:
        """Send rows that must be accepted."""
        answer = self.client.post("/v1/observations", content=body, headers={"content-type": media_type})
        assert answer.status_code == 200, answer.text
        report: dict[str, Any] = answer.json()
        return report

    def start_run(self, **order: object) -> str:
        """Ask for a training run and give its id."""
        answer = self.client.post("/v1/training-runs", json=order)
        assert answer.status_code == 202, answer.text
        run_id: str = answer.json()["id"]
        return run_id

    def run(self, run_id: str) -> dict[str, Any]:
        """The run as it is now."""
        document: dict[str, Any] = self.client.get(f"/v1/training-runs/{run_id}").json()
        return document

    def wait(self, run_id: str, until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The run once it is as wanted."""
        deadline = time.monotonic() + RUN_SECONDS
        while time.monotonic() < deadline:
            if until(run := self.run(run_id)):
                return run
            time.sleep(0.2)
        raise AssertionError(f"the run did not get there: {self.run(run_id)}\n{''.join(self.said)}")

    def finish(self, run_id: str) -> dict[str, Any]:
        """The run once it has ended, which must be well."""
        run = self.wait(run_id, lambda run: run["state"] not in {"queued", "running"})
        assert run["state"] == "succeeded", run["error"]
        return run

    def stop(self) -> None:
        """End it as a service manager would."""
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        if self.process.stdout is not None:
            self.reader.join(10)
            self.process.stdout.close()


@pytest.fixture
def serve(store_url: str, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers over the store of this test; all of them are stopped at its end."""
    started: list[Server] = []

    def start(*options: str, **settings: str) -> Server:
        environment = (
            os.environ | {"COMPUTECAST_DATABASE_URL": store_url, "COMPUTECAST_LOG_LEVEL": "WARNING"} | settings
        )
        process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", "serve", "--port", "0", *options],
            env=environment,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        server = Server(process, environment)
        server.client = httpx2.Client(base_url=_address(server), timeout=60)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()


def _address(server: Server) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        found = re.search(r"serves on (http://\S+?);", "".join(server.said))
        if found and _answers(found[1]):
            return found[1]
        assert server.process.poll() is None, "".join(server.said)
        time.sleep(0.1)
    server.process.kill()
    raise AssertionError(f"the server did not start:\n{''.join(server.said)}")


def _answers(address: str) -> bool:
    try:
        return httpx2.get(f"{address}/healthz", timeout=5).status_code == 200
    except httpx2.TransportError:
        return False
