"""Keeping one worker process alive beside the API."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from service.jobs.workers import host_name
from service.settings import Settings
from service.store.engine import Store

logger = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
STEADY_SECONDS = 60.0
"""A worker that lived this long was not killed by its own start, so the next one is started without delay."""

STOP_SECONDS = 8.0
"""How long a worker may take to stop before it is killed; less than the ten seconds that containers are given."""


class WorkerSupervisor:
    """Starts a worker as a child process, and another whenever it dies, until it is stopped.

    The child holds one end of a pipe whose other end is here, so it ends with this process, however that ends.

    Args:
        settings: handed to the worker.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._watch, name="worker supervisor", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """The process number of the worker, None while there is none."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Start the worker."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the worker and wait until it has ended."""
        with self._lock:
            self._stopping.set()
            process = self._process
        if process is not None:
            process.terminate()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)
        if process is not None and process.poll() is None:
            logger.warning("the worker (process %d) did not stop within %g s and is killed", process.pid, STOP_SECONDS)
            process.kill()
            self._thread.join()

    def _watch(self) -> None:
        pause_seconds = FIRST_PAUSE_SECONDS
        while (process := self._launch()) is not None:
            began = time.monotonic()
            status = process.wait()
            _clean_up(process)
            if self._stopping.is_set():
                return
            if time.monotonic() - began >= STEADY_SECONDS:
                pause_seconds = FIRST_PAUSE_SECONDS
            logger.warning("the worker has ended with status %d; another starts in %g s", status, pause_seconds)
            self._forget(process.pid)
            self._stopping.wait(pause_seconds)
            pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)

    def _launch(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._stopping.is_set():
                return None
            self._process = subprocess.Popen(
                [sys.executable, "-m", "service.worker", "--until-parent-ends"],
                stdin=subprocess.PIPE,
                env=os.environ | self._settings.environment(),
                # A session of its own: Ctrl-C in a terminal reaches this process, which then stops the worker.
                start_new_session=True,
            )
            return self._process

    def _forget(self, pid: int) -> None:
        """Tell the store that the worker is gone, so that whoever lives takes its work over at once."""
        store = Store(self._settings.database_url)
        try:
            with store.begin() as unit:
                for worker in unit.workers.alive(datetime.fromtimestamp(0, UTC)):
                    if worker.host == host_name() and worker.pid == pid:
                        unit.workers.remove(worker.id)
        except Exception:
            # Its silence says the same a few seconds later.
            logger.warning("the store could not be told that the worker is gone", exc_info=True)
        finally:
            store.close()


def _clean_up(process: subprocess.Popen[bytes]) -> None:
    """Close the pipe, and end the helper processes that a worker leaves behind if it is killed."""
    if process.stdin is not None:
        process.stdin.close()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
