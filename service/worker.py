"""The worker: a process that carries out training runs."""

import argparse
import logging
import multiprocessing
import os
import signal
import sys
import threading
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import BinaryIO, Self

from demand.errors import ComputecastError, Unavailable
from service.jobs.client import JobClient
from service.jobs.duties import Duties, duties
from service.jobs.engine import Engine
from service.jobs.execution import Execution
from service.jobs.periodic import Periodic
from service.jobs.takeover import LOOK_SECONDS, Takeover
from service.jobs.workers import BEAT_SECONDS, host_name
from service.settings import Settings
from service.store.engine import Store

logger = logging.getLogger(__name__)

GRACE_SECONDS = 2
"""How long work under way may take to end when the worker is stopped; then it is given back to be done elsewhere.
Short, since whoever stops a process waits for it, and kills it after ten seconds or so."""

WAKE_SECONDS = 0.5


class Worker:
    """Takes runs and partitions from the queues, from `start` to `stop`; at most one per process at a time.

    Args:
        settings: say where the store and the queues are.
    """

    def __init__(self, settings: Settings) -> None:
        self.id = str(uuid.uuid4())
        self._store = Store(settings.database_url)
        self._jobs = JobClient(settings)
        self._execution = Execution(self._store, settings)
        self._engine = Engine(settings, self.id, self._execution)
        takeover = Takeover(self._store, self._jobs, self.id, self._engine.recover)
        self._beating = Periodic("the heartbeat", self._beat, BEAT_SECONDS)
        self._looking = Periodic("the look at other workers", takeover.look, LOOK_SECONDS)
        self._duties = Duties(self._store, self.id, duties(settings, self._jobs))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Make the worker known, and take up work from now on."""
        self._store.migrate()
        # Others take over what an unknown worker holds, so it is known before it holds anything.
        self._beat()
        self._beating.start()
        self._engine.start()
        self._looking.start()
        self._duties.start()
        logger.info("worker %s takes runs from %s", self.id, self._store)

    def stop(self) -> bool:
        """Take no more work, give back what does not end soon, and be forgotten.

        Returns:
            Whether all work has ended; otherwise a thread is still at it, whose result will not be taken.
        """
        self._looking.stop()
        self._duties.stop()
        self._execution.stop()
        self._engine.stop(GRACE_SECONDS if self._execution.is_busy else 0)
        self._jobs.give_back(self._jobs.held().get(self.id, []))
        self._beating.stop()
        self._be_forgotten()
        self._jobs.close()
        self._store.close()
        logger.info("worker %s has stopped", self.id)
        return not self._execution.is_busy

    def _be_forgotten(self) -> None:
        try:
            with self._store.begin() as unit:
                unit.workers.remove(self.id)
        except Unavailable as error:
            logger.warning("worker %s cannot say that it stops, so others have to find out: %s", self.id, error)

    def _beat(self) -> None:
        with self._store.begin() as unit:
            unit.workers.beat(self.id, host_name(), os.getpid(), datetime.now(UTC))


def run_worker(settings: Settings, *, parent: BinaryIO | None = None) -> None:
    """Work until this process is told to end, by SIGTERM or SIGINT.

    Args:
        settings: say where the store and the queues are.
        parent: a pipe whose other end the parent holds; the worker ends when the parent does, however that happens.
    """
    _begin_logging(settings)
    settings.prepare()
    ending: SimpleQueue[None] = SimpleQueue()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda _number, _frame: ending.put(None))
    if parent is not None:
        threading.Thread(target=_await_end, args=(parent, ending), name="parent", daemon=True).start()
    worker = Worker(settings)
    worker.start()
    _await(ending)
    if not worker.stop():
        _leave()


def _begin_logging(settings: Settings) -> None:
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


def _await_end(parent: BinaryIO, ending: SimpleQueue[None]) -> None:
    # Not through the buffer of the file, whose lock a thread that waits would still hold when the process ends.
    while os.read(parent.fileno(), 1):
        pass
    ending.put(None)


def _await(ending: SimpleQueue[None]) -> None:
    """Wait in small pieces, as a signal that another thread receives is only handled when this one wakes up.

    A queue, unlike an event, may be filled by a signal that arrives while it is being looked at.
    """
    while True:
        with suppress(Empty):
            return ending.get(timeout=WAKE_SECONDS)


def _leave() -> None:
    """End this process and its helpers now, although a thread is still computing what nobody will take."""
    for helper in multiprocessing.active_children():
        helper.kill()
    logging.shutdown()
    os._exit(0)


def main() -> None:
    """`python -m service.worker`, which is how `serve` starts it; `computecast worker` is the same for people."""
    parser = argparse.ArgumentParser(prog="python -m service.worker", description="Carry out training runs.")
    parser.add_argument("--until-parent-ends", action="store_true", help="end when standard input is closed")
    arguments = parser.parse_args()
    try:
        run_worker(Settings.read(), parent=sys.stdin.buffer if arguments.until_parent_ends else None)
    except ComputecastError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
