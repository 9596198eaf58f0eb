"""Turns of plans: each keeps a core busy for a minute, so only a few are made at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from demand.errors import Unavailable


class Busy(Unavailable):
    """As many plans are being made as are made at once."""

    def __init__(self, at_once: int) -> None:
        plans = "another plan is" if at_once == 1 else f"{at_once} other plans are"
        super().__init__(f"{plans} being made, and no more are made at once; nothing was kept: try again in a minute")


class PlanTurns:
    """Gives turns as long as there are any, and lets nobody wait.

    Args:
        at_once: how many plans are made at once.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._left = BoundedSemaphore(at_once)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One turn, until the end of the block.

        Raises:
            Busy: all are taken.
        """
        if not self._left.acquire(blocking=False):
            raise Busy(self._at_once)
        try:
            yield
        finally:
            self._left.release()
