"""Waiting for a condition, with a bound."""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 40.0


def until(condition: Callable[[], bool], what: str, patience_seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + patience_seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience_seconds:g} s in vain until {what}")
        time.sleep(0.02)
