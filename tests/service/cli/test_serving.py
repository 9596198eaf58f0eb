import json
import socket

from service.app import create_app
from service.settings import Settings
from tests.service.cli.conftest import Command


def test_the_openapi_document_is_printed(computecast: Command) -> None:
    done = computecast("openapi")
    assert json.loads(done.stdout) == create_app(Settings()).openapi()


def test_a_port_that_is_taken_is_told_with_what_to_do(computecast: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = computecast("serve", "--port", taken.getsockname()[1])
    assert done.returncode == 1
    assert "choose another port" in done.stderr


def test_a_setting_that_cannot_be_used_is_named(computecast: Command) -> None:
    done = computecast("serve", COMPUTECAST_PORT="many")
    assert done.returncode == 1
    assert "COMPUTECAST_PORT" in done.stderr
    assert "Traceback" not in done.stderr
