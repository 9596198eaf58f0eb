"""The durable part of a run: which steps follow each other, whoever carries them out.

A step that has returned is never carried out again, also after the process has died: its result is replayed. One that
was under way is. So every step can be repeated without harm, and results are small: numbers and fingerprints.
"""

import logging
from collections.abc import Sequence
from typing import Protocol

from dbos import DBOS, PortableWorkflowError, SetWorkflowID, StepOptions, WorkflowHandle
from dbos import error as dbos_errors

from demand.errors import ComputecastError, Unavailable
from service.jobs.queues import PARTITION, PARTITION_QUEUE, RUN, UNFINISHED, partition_id

logger = logging.getLogger(__name__)

RECOVERIES = 3
"""How often a partition is taken up again after its worker died. One that kills its worker each time, say for want of
memory, would otherwise stop every other run for ever."""

WAIT_SECONDS = 0.25
"""How often a run looks whether the partition it waits for has ended."""


class Stopping(BaseException):
    """The worker is stopping, so the work under way ends here and is done elsewhere. No failure, hence no exception."""


class Steps(Protocol):
    """What a run does. Every step may be carried out again, also while a slow first try goes on."""

    def plan(self, run_id: str) -> int:
        """Split the series of the run into partitions, and return how many; none where nothing is to be done."""
        ...

    def train(self, run_id: str, number: int) -> str:
        """Carry out one partition, and return the fingerprint of the history that was read."""
        ...

    def publish(self, run_id: str, fingerprints: Sequence[str]) -> None:
        """Serve the forecasts of the run from now on, if all its partitions have succeeded."""
        ...

    def fail(self, run_id: str, reason: str) -> None:
        """End the run without publishing anything."""
        ...

    def pause(self, seconds: float) -> None:
        """Wait a moment.

        Raises:
            Stopping: the worker is to stop.
        """
        ...


def register(steps: Steps) -> None:
    """Make the workflows known to the engine; once per launch, before it."""

    @DBOS.workflow(name=PARTITION, max_recovery_attempts=RECOVERIES)
    def partition(run_id: str, number: int) -> str:
        return DBOS.run_step(_step("train"), steps.train, run_id, number)

    @DBOS.workflow(name=RUN, max_recovery_attempts=None)
    def run(run_id: str) -> None:
        try:
            count = DBOS.run_step(_step("plan"), steps.plan, run_id)
            if not count:
                return
            waiting: list[WorkflowHandle[str]] = []
            for number in range(count):
                with SetWorkflowID(partition_id(run_id, number)):
                    waiting.append(DBOS.enqueue_workflow(PARTITION_QUEUE, partition, run_id, number))
            DBOS.run_step(_step("wait"), _wait, waiting, steps)
            fingerprints = [handle.get_result() for handle in waiting]
            DBOS.run_step(_step("publish"), steps.publish, run_id, fingerprints)
        except Exception as error:
            logger.exception("run %s has failed", run_id)
            DBOS.run_step(_step("fail"), steps.fail, run_id, reason_of(error))


def reason_of(error: Exception) -> str:
    """Why a run has failed, in words for whoever asked for it."""
    if isinstance(error, ComputecastError):
        return str(error)
    if isinstance(error, dbos_errors.DBOSAwaitedWorkflowMaxRecoveryAttemptsExceeded):
        return (
            f"the worker died {RECOVERIES + 1} times in the same partition, most often for want of memory; "
            "give it more, or set COMPUTECAST_PARTITION_SIZE or COMPUTECAST_N_JOBS lower, and start another run"
        )
    name = error.name if isinstance(error, PortableWorkflowError) else type(error).__name__
    return f"{name}: {error}. The log of the worker says where; start another run once the cause is gone"


def transient(error: BaseException) -> bool:
    """Whether the same step may well succeed in a moment, as when a database has restarted or is locked."""
    return isinstance(error, Unavailable)


def _wait(partitions: Sequence[WorkflowHandle[str]], steps: Steps) -> None:
    """Return once all have ended, or let go when the worker stops, which `get_result` would not."""
    for partition in partitions:
        while partition.get_status().status in UNFINISHED:
            steps.pause(WAIT_SECONDS)


def _step(name: str) -> StepOptions:
    return {
        "name": name,
        "retries_allowed": True,
        "max_attempts": 4,
        "interval_seconds": 1.0,
        "backoff_rate": 3.0,
        "should_retry": transient,
    }
