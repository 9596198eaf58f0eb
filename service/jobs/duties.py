"""What workers do by the clock: listed in one place, each thing by one worker at a time.

A duty is done again after `every_seconds` by whichever worker looks first. It may rarely be done twice at once, as when
a worker that was taken for dead lives on, so it has to be written like a step of a run: repeated without harm.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from demand.errors import Unavailable
from service.jobs.client import JobClient
from service.jobs.periodic import Periodic
from service.settings import Settings
from service.store.engine import Store
from service.watching import score_waiting

logger = logging.getLogger(__name__)

SCORING_SECONDS = 60.0
LOOKS_PER_INTERVAL = 4
SHORTEST_LOOK_SECONDS = 0.5
LONGEST_LOOK_SECONDS = 15.0
STOP_SECONDS = 2.0
"""How long all duties together may take to end when their worker stops; what goes on longer dies with the process."""


@dataclass(frozen=True)
class Duty:
    """Something done by the clock.

    Attributes:
        name: unique, in words: it is shown, and identifies the duty among all workers.
        every_seconds: from the end of one time to the start of the next.
        act: does it, given the store and the present instant; what it raises is logged, and the next time comes.
    """

    name: str
    every_seconds: float
    act: Callable[[Store, datetime], None]


def duties(settings: Settings, jobs: JobClient) -> tuple[Duty, ...]:
    """All duties of a worker; whatever is to be done by the clock is added here."""
    del settings, jobs
    return (Duty("the scores of published forecasts", SCORING_SECONDS, _score),)


def _score(store: Store, at: datetime) -> None:
    del at
    scored = score_waiting(store)
    if scored:
        logger.info("the forecasts of %d series are scored", scored)


class Duties:
    """Does duties, each in a thread of its own, so that a slow one holds up no other.

    Args:
        store: what they work on, and where it is kept who is at what; its clock is theirs.
        worker_id: the worker that does them, which has to make itself known in the store.
        listed: what to do.
    """

    def __init__(self, store: Store, worker_id: str, listed: Sequence[Duty]) -> None:
        self._store = store
        self._worker_id = worker_id
        self._threads = [Periodic(duty.name, _looker(self, duty), _look_seconds(duty)) for duty in listed]

    def start(self) -> None:
        """Begin; what is due is done at once."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Begin nothing more, and wait a moment for what is under way."""
        stopping = [threading.Thread(target=each.stop, daemon=True) for each in self._threads]
        deadline = time.monotonic() + STOP_SECONDS
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join(max(deadline - time.monotonic(), 0.0))

    def attend(self, duty: Duty) -> bool:
        """Do a duty if it is due and nobody else is at it.

        Returns:
            Whether it was tried.
        """
        every = timedelta(seconds=duty.every_seconds)
        with self._store.read() as unit:
            if not unit.duties.is_due(duty.name, every, self._store.now()):
                return False
        with self._store.begin() as unit:
            if not unit.duties.take(duty.name, self._worker_id, every, self._store.now()):
                return False
        try:
            duty.act(self._store, self._store.now())
        except Unavailable as error:
            logger.warning("%s failed; next try in %g s: %s", duty.name, duty.every_seconds, error)
        except Exception:
            logger.warning("%s failed; next try in %g s", duty.name, duty.every_seconds, exc_info=True)
        finally:
            with self._store.begin() as unit:
                unit.duties.finish(duty.name, self._worker_id, self._store.now())
        return True


def _looker(duties: Duties, duty: Duty) -> Callable[[], None]:
    def look() -> None:
        duties.attend(duty)

    return look


def _look_seconds(duty: Duty) -> float:
    return min(max(duty.every_seconds / LOOKS_PER_INTERVAL, SHORTEST_LOOK_SECONDS), LONGEST_LOOK_SECONDS)
