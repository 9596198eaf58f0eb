"""A server that stops in the middle of a transaction, so that it can be killed there.

Run it as a module with the beginning of an SQL statement, without quotes: it serves as `computecast serve` does, on any
free port, and when it has carried out such a statement it says so and goes no further.
"""

import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from subprocess import PIPE, Popen

from sqlalchemy import Engine, event

from service.cli import main
from tests.service.conftest import Start

REACHED = "stopped at the statement"

SERVE = ("serve", "--no-worker", "--port", "0")


def serve(start: Start, store_url: str, *program: str) -> tuple["Popen[bytes]", HTTPConnection]:
    """Start a server and give its process with a connection to it, as soon as it serves."""
    environment = os.environ | {"COMPUTECAST_DATABASE_URL": store_url, "COLUMNS": "200"}
    process = start("-m", *(program or ("service.cli", *SERVE)), env=environment, stdout=PIPE, stderr=PIPE)
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(rb"serves on http://([0-9.]+):(\d+);", line):
            return process, HTTPConnection(found[1].decode(), int(found[2]), timeout=30)
    raise AssertionError(process.stderr)


def kill_at(start: Start, store_url: str, statement: str, path: str, body: bytes, media_type: str) -> None:
    """Send a request to a server, and kill the server when it has carried out the statement and not committed."""
    process, connection = serve(start, store_url, __name__, statement)
    answers: list[bytes] = []

    def wait_for_an_answer() -> None:
        with suppress(HTTPException, OSError):
            answers.append(connection.getresponse().read())
            process.kill()

    with closing(connection):
        connection.request("POST", path, body, {"content-type": media_type})
        waiting = threading.Thread(target=wait_for_an_answer)
        waiting.start()
        assert process.stdout is not None
        reached = any(REACHED.encode() in line for line in process.stdout)
        process.send_signal(signal.SIGKILL)
        process.wait()
        waiting.join()
    assert reached, answers


@contextmanager
def restarted(start: Start, store_url: str) -> Iterator[HTTPConnection]:
    """A connection to a usual server over the store that the killed one left."""
    process, connection = serve(start, store_url)
    with closing(connection):
        yield connection
    process.send_signal(signal.SIGTERM)
    process.wait(20)


def _stop_at(statement: str) -> None:
    @event.listens_for(Engine, "after_cursor_execute")
    def stop(*said: object) -> None:
        if any(isinstance(each, str) and each.replace('"', "").startswith(statement) for each in said):
            sys.stdout.write(f"{REACHED}\n")
            sys.stdout.flush()
            threading.Event().wait()


if __name__ == "__main__":
    _stop_at(sys.argv[1])
    sys.argv = ["computecast", *SERVE]
    main()
