import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.app import create_app
from service.cli.serving import GRACE_SECONDS
from service.settings import Settings
from tests.service.cli.conftest import Command
from tests.service.conftest import ROOT, Start

SLOW_TO_IMPORT = "fastapi", "prophet", "scipy.stats", "sklearn", "statsforecast"

Served = tuple["subprocess.Popen[bytes]", str, int]


@pytest.fixture
def served(start: Start, store_url: str) -> Served:
    """A server as a process, as soon as it has said that it serves, and its address."""
    process = start(
        *("-m", "service.cli", "serve", "--no-worker", "--port", 0),
        env=os.environ | {"COMPUTECAST_DATABASE_URL": store_url, "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(rb"serves on http://([0-9.]+):(\d+);", line):
            return process, found[1].decode(), int(found[2])
    raise AssertionError(process.stderr)


@pytest.fixture
def idle_upload(served: Served) -> Iterator[socket.socket]:
    """A connection whose body has begun, and does not go on."""
    _, host, port = served
    with socket.create_connection((host, port), timeout=20) as connection:
        connection.sendall(
            b"POST /v1/observations HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
            b"Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n"
        )
        # Only who reads the body asks for it.
        assert connection.recv(1000).startswith(b"HTTP/1.1 100")
        connection.sendall(b"timestamp,value\r\n")
        yield connection


def test_who_is_told_that_it_serves_is_answered_at_once(served: Served) -> None:
    _, host, port = served
    with socket.create_connection((host, port), timeout=20) as connection:
        connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")


def test_a_server_that_is_told_to_end_does_not_wait_for_an_idle_upload(
    served: Served, idle_upload: socket.socket
) -> None:
    process, _, _ = served
    process.send_signal(signal.SIGTERM)
    process.wait(GRACE_SECONDS + 10)
    assert idle_upload.recv(65_536).startswith(b"HTTP/1.1 503")
    assert process.stderr is not None
    assert b"Traceback" not in process.stderr.read()


def test_an_upload_that_is_broken_off_leaves_no_stack_trace(served: Served, idle_upload: socket.socket) -> None:
    process, _, _ = served
    idle_upload.close()
    assert process.stderr is not None
    said = next(line for line in process.stderr if b"/v1/observations" in line or b"Traceback" in line)
    assert b"went away" in said
    process.send_signal(signal.SIGTERM)
    process.wait(GRACE_SECONDS + 10)
    assert b"Traceback" not in process.stderr.read()


def test_a_server_that_cannot_start_says_why_and_not_that_it_serves(process: Command, tmp_path: Path) -> None:
    (tmp_path / "folder.db").mkdir()
    done = process("serve", "--no-worker", "--port", 0, COMPUTECAST_DATABASE_URL=f"sqlite:///{tmp_path}/folder.db")
    assert done.returncode == 1
    assert "serves on" not in done.stdout
    assert "is not available" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_openapi_document_is_printed(process: Command) -> None:
    done = process("openapi")
    assert json.loads(done.stdout) == create_app(Settings()).openapi()


def test_a_port_that_is_taken_is_told_with_what_to_do(process: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = process("serve", "--port", taken.getsockname()[1])
    assert done.returncode == 1
    assert "choose another port" in done.stderr


def test_commands_start_without_what_only_a_fit_or_a_server_needs() -> None:
    program = f"import sys, service.cli; print(*({set(SLOW_TO_IMPORT)} & sys.modules.keys()))"
    started = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert started.stdout.split() == []


def test_a_setting_that_cannot_be_used_is_named(process: Command) -> None:
    done = process("serve", COMPUTECAST_PORT="many")
    assert done.returncode == 1
    assert "COMPUTECAST_PORT" in done.stderr
    assert "Traceback" not in done.stderr
