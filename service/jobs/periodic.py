"""Something done again and again, in a thread of its own."""

import logging
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)


class Periodic:
    """Does something every few seconds until it is stopped; a failure is logged and the next try comes as planned."""

    def __init__(self, name: str, action: Callable[[], None], every_seconds: float) -> None:
        self._name = name
        self._action = action
        self._every_seconds = every_seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._repeat, name=name, daemon=True)

    def start(self) -> None:
        """Begin; the first time comes at once."""
        self._thread.start()

    def stop(self) -> None:
        """End, after what is under way."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _repeat(self) -> None:
        while not self._stopped.is_set():
            try:
                self._action()
            except Exception:
                logger.warning("%s failed; next try in %g s", self._name, self._every_seconds, exc_info=True)
            self._stopped.wait(self._every_seconds)
