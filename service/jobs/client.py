"""How a process that runs nothing itself asks for a run."""

import logging
import sqlite3
import threading
from types import TracebackType
from typing import Self

from dbos import DBOSClient
from dbos import error as dbos_errors
from sqlalchemy.exc import SQLAlchemyError

from service.jobs.database import connect
from service.jobs.queues import PARTITION_QUEUE, RUN, RUN_QUEUE, UNFINISHED, VERSION, Held
from service.settings import Settings

logger = logging.getLogger(__name__)


class JobClient:
    """Enqueues runs and looks at them, without running any; it connects when it is first used."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._client: DBOSClient | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def announce(self, run_id: str) -> bool:
        """Enqueue a run that the store already holds; one that is known already is left as it is.

        Returns:
            False where the queue cannot be reached. The run is not lost: a worker finds it in the store.
        """
        try:
            self.enqueue(run_id)
        except (dbos_errors.DBOSException, SQLAlchemyError, sqlite3.Error) as error:
            logger.warning("run %s waits for a worker to find it, as the queue cannot be reached: %s", run_id, error)
            return False
        return True

    def enqueue(self, run_id: str) -> None:
        """Enqueue a run; one that is known already is left as it is."""
        self._connected().enqueue(
            {"workflow_name": RUN, "queue_name": RUN_QUEUE, "workflow_id": run_id, "app_version": VERSION}, run_id
        )

    def states(self, run_ids: list[str]) -> dict[str, bool]:
        """Per run that the engine knows, whether it is still to be finished there."""
        if not run_ids:
            return {}
        found = self._connected().list_workflows(workflow_ids=run_ids, load_input=False, load_output=False)
        return {workflow.workflow_id: workflow.status in UNFINISHED for workflow in found}

    def held(self) -> dict[str, list[Held]]:
        """What is being carried out, per worker that holds it."""
        found = self._connected().list_workflows(
            status="PENDING", app_version=VERSION, load_input=False, load_output=False
        )
        by_worker: dict[str, list[Held]] = {}
        for workflow in found:
            queue = workflow.queue_name or PARTITION_QUEUE
            by_worker.setdefault(workflow.executor_id or "", []).append(Held(workflow.workflow_id, queue))
        return by_worker

    def give_back(self, work: list[Held]) -> None:
        """Put work that its holder has stopped back into its queues, to be taken at once by whoever is free."""
        for held in work:
            self._connected().resume_workflow(held.workflow_id, queue_name=held.queue)

    def close(self) -> None:
        """Let go of the connections."""
        with self._lock:
            if self._client is not None:
                self._client.destroy()
            self._client = None

    def _connected(self) -> DBOSClient:
        with self._lock:
            if self._client is None:
                self._client = connect(self._settings)
            return self._client
