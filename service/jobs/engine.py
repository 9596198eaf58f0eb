"""The one engine of durable workflows that a process can hold."""

import logging
from collections.abc import Sequence

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer

from service.jobs.database import SCHEMA, connect, jobs_url
from service.jobs.queues import APPLICATION, PARTITION_QUEUE, RUN_QUEUE, VERSION
from service.jobs.workflows import Steps, register
from service.settings import Settings

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.25
"""How often a worker looks for work: a wait that nobody notices before something that takes seconds at least."""


class Engine:
    """Takes runs and partitions from the queues and carries them out, in threads of this process.

    Args:
        settings: say where the queues are.
        worker_id: under which name this process holds work.
        steps: what is to be done.
    """

    def __init__(self, settings: Settings, worker_id: str, steps: Steps) -> None:
        self._settings = settings
        self._worker_id = worker_id
        self._steps = steps

    def start(self) -> None:
        """Take up work from now on."""
        declare_queues(self._settings)
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": jobs_url(self._settings),
            "dbos_system_schema": SCHEMA,
            "executor_id": self._worker_id,
            "application_version": VERSION,
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "WARNING",
        }
        DBOS(config=config)
        register(self._steps)
        DBOS.launch()

    def recover(self, worker_ids: Sequence[str]) -> int:
        """Put back into the queues what these workers hold, and return how many pieces of work that were.

        Unlike `resume_workflow`, which asks nothing, this moves only what is still held by one of them. So several
        workers may do it at once, and work that one of them has taken up meanwhile is left to it.
        """
        # Not in DBOS's published interface, although its own tools use it; the tests of this module hold it to this.
        return len(DBOS._recover_pending_workflows(list(worker_ids)))

    def stop(self, wait_seconds: int) -> None:
        """Take no more work; what is under way may end within `wait_seconds`, rounded up to whole seconds."""
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=wait_seconds)


def declare_queues(settings: Settings) -> None:
    """Make the queues known, before a launch, which would find them a second later otherwise."""
    client = connect(settings)
    try:
        client.register_queue(RUN_QUEUE, polling_interval_sec=POLL_SECONDS, application_name=APPLICATION)
        # One partition at a time, since it uses all cores by itself; further workers take further partitions.
        client.register_queue(
            PARTITION_QUEUE, worker_concurrency=1, polling_interval_sec=POLL_SECONDS, application_name=APPLICATION
        )
    finally:
        client.destroy()
