import logging
import threading

import pytest

from service.jobs.periodic import Periodic


def test_the_action_comes_at_once_and_then_again_until_it_is_stopped() -> None:
    enough = threading.Event()
    times: list[int] = []

    def action() -> None:
        times.append(1)
        if len(times) == 3:
            enough.set()

    periodic = Periodic("counting", action, every_seconds=0.01)
    periodic.start()
    assert enough.wait(10)
    periodic.stop()
    count = len(times)
    assert not any(thread.name == "counting" for thread in threading.enumerate())
    assert len(times) == count


def test_an_action_that_fails_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    recovered = threading.Event()
    tries: list[int] = []

    def action() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("no route to host")
        recovered.set()

    periodic = Periodic("the heartbeat", action, every_seconds=0.01)
    with caplog.at_level(logging.WARNING):
        periodic.start()
        assert recovered.wait(10)
        periodic.stop()
    assert "the heartbeat failed" in caplog.text


def test_stopping_does_not_wait_for_the_next_time() -> None:
    periodic = Periodic("idling", lambda: None, every_seconds=3600)
    periodic.start()
    periodic.stop()
    assert not any(thread.name == "idling" for thread in threading.enumerate())
