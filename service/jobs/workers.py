"""Who takes work: how a worker makes itself known, and how it is known that one is gone."""

import os
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.store.workers import Worker

BEAT_SECONDS = 2.0

SILENT_SECONDS = 10.0
"""Five beats missed: longer than a busy machine or a failing-over database delays them, and short beside the minutes
that a partition takes. A worker that is taken for dead by mistake does no harm, so this need not be safe."""

STUCK_SECONDS = 60.0
"""The same for a process that can be seen to exist: it may be waiting for the write lock behind a large ingest."""


def host_name() -> str:
    """The name of this machine, or of this container."""
    return socket.gethostname()


def exists(pid: int) -> bool:
    """Whether a process of this machine has this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_alive(worker: Worker, now: datetime) -> bool:
    """Whether the worker seems to be at work, by its last beat and, on this machine, by its process."""
    if worker.host != host_name():
        return now - worker.beat_at < timedelta(seconds=SILENT_SECONDS)
    return exists(worker.pid) and now - worker.beat_at < timedelta(seconds=STUCK_SECONDS)


@dataclass
class _Beat:
    at: datetime
    seen_seconds: float


class Silence:
    """Tells which workers have fallen silent, by this process's own clock, as the clocks of hosts may disagree.

    A worker is silent when its beat has not changed for as long as it was watched, so a watcher that has just begun
    only knows at once of workers of its own machine whose process is gone.

    Args:
        own_id: the watcher, which is never silent.
        clock: seconds that only go forward.
        process_exists: whether a process of this machine has this number.
    """

    def __init__(self, own_id: str, clock: Callable[[], float], process_exists: Callable[[int], bool] = exists) -> None:
        self._own_id = own_id
        self._clock = clock
        self._process_exists = process_exists
        self._beats: dict[str, _Beat] = {}

    def among(self, workers: Iterable[Worker]) -> set[str]:
        """Those of the workers that are silent; to be called every few seconds with all that are known."""
        now = self._clock()
        beats: dict[str, _Beat] = {}
        for worker in workers:
            known = self._beats.get(worker.id)
            beats[worker.id] = known if known and known.at == worker.beat_at else _Beat(worker.beat_at, now)
        self._beats = beats
        return {worker.id for worker in workers if worker.id != self._own_id and self._is_silent(worker, now)}

    def _is_silent(self, worker: Worker, now: float) -> bool:
        quiet_seconds = now - self._beats[worker.id].seen_seconds
        if worker.host != host_name():
            return quiet_seconds >= SILENT_SECONDS
        # A process number that is this process's own now was another's before.
        gone = worker.pid == os.getpid() or not self._process_exists(worker.pid)
        return gone or quiet_seconds >= STUCK_SECONDS
