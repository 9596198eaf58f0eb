"""Where the engine of durable runs keeps its own state."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

from service.jobs.queues import APPLICATION
from service.settings import Settings
from service.store.write_ahead import write_ahead

SCHEMA = "dbos"


def jobs_file(store_file: Path) -> Path:
    """The engine's own SQLite file, beside the store's, so that its polling and long writes do not meet on one lock."""
    return store_file.with_name(f"{store_file.stem}.jobs.db")


def jobs_url(settings: Settings) -> str:
    """The URL of the engine's database: in PostgreSQL the store's own, in a schema apart."""
    if settings.store_file is None:
        return settings.database_url
    return f"sqlite:///{jobs_file(settings.store_file)}"


def prepare_jobs(settings: Settings) -> None:
    """Create or migrate the engine's tables; several processes may do it at once."""
    quieten()
    if settings.store_file is not None:
        with closing(sqlite3.connect(jobs_file(settings.store_file))) as connection:
            write_ahead(connection)
    DBOS.migrate(jobs_url(settings), schema=SCHEMA)


def connect(settings: Settings) -> DBOSClient:
    """A client of the queues, whose tables exist from now on; it raises rather than waits if it cannot reach them."""
    prepare_jobs(settings)
    return DBOSClient(
        system_database_url=jobs_url(settings),
        dbos_system_schema=SCHEMA,
        serializer=DBOSPortableJSONSerializer(),
        application_name=APPLICATION,
        lazy=True,
        retry_connection_errors=False,
    )


def quieten() -> None:
    """Let the engine speak through this process's logging, of warnings and errors only."""
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        # The engine adds a console handler of its own to a logger that has none.
        logger.addHandler(logging.NullHandler())
    logger.setLevel(logging.WARNING)
