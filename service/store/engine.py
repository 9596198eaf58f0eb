"""The store: one database, SQLite or PostgreSQL, reached through units of work."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from demand.errors import Invalid
from service.store import schema
from service.store.instants import utc_now
from service.store.unit_of_work import UnitOfWork, database_errors, refuse_unfit
from service.store.write_ahead import write_ahead

_BEGIN = "sqlite_begin"


class Store:
    """Stored demand, runs and forecasts. Nothing is opened before the first unit of work.

    Args:
        url: `sqlite:///path/to/file` or `postgresql://user:password@host/database`.
        clock: the present instant, with a UTC offset.

    Raises:
        Invalid: the URL names no database file or no supported database.
    """

    def __init__(self, url: str, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._url = _supported(url)
        self._clock = clock
        self._engine = _engine(self._url)
        event.listen(self._engine, "handle_error", refuse_unfit)

    def __str__(self) -> str:
        return self._url.render_as_string(hide_password=True)

    @property
    def engine(self) -> Engine:
        """The connections; only migrations and tests use them without a unit of work."""
        return self._engine

    def now(self) -> datetime:
        """The present instant by the clock of the store."""
        return self._clock()

    def migrate(self) -> None:
        """Bring the database to the newest schema; several processes may do it at once."""
        if self._url.get_backend_name() == "sqlite":
            Path(str(self._url.database)).parent.mkdir(parents=True, exist_ok=True)
        with database_errors(str(self)), self._writing().begin() as connection:
            schema.upgrade(connection)

    def schema_is_current(self) -> bool:
        """Whether the database has the newest schema."""
        with database_errors(str(self)), self._engine.connect() as connection:
            return schema.is_current(connection)

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        """A unit of work that commits at its end and rolls back on any error.

        On SQLite it waits for the one write lock at its first statement, so that what it reads cannot be outdated
        when it writes.
        """
        return self._unit(self._writing(), commit=True)

    def staging(self) -> AbstractContextManager[UnitOfWork]:
        """Like `begin`, for an ingest: other writers go on until its rows have been read, checked and staged."""
        return self._unit(self._engine, commit=True)

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """A unit of work that sees one moment of the store throughout, and never commits."""
        if self._url.get_backend_name() == "sqlite":
            return self._unit(self._engine, commit=False)
        snapshot = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        return self._unit(snapshot, commit=False)

    def close(self) -> None:
        """Close all connections; a later unit of work opens new ones."""
        self._engine.dispose()

    def _writing(self) -> Engine:
        return self._engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})

    @contextmanager
    def _unit(self, engine: Engine, *, commit: bool) -> Iterator[UnitOfWork]:
        with database_errors(str(self)), engine.connect() as connection:
            yield UnitOfWork(connection, self._clock)
            if commit:
                connection.commit()


def parse_url(url: str) -> URL:
    """The parts of the URL of a database.

    Raises:
        Invalid: it is none. What it is stays untold, also in the trace, as it may hold a password.
    """
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as error:
        fault = "has a port that is no number" if isinstance(error, ValueError) else "is not the URL of a database"
    raise Invalid(
        f"the database URL {fault}; write sqlite:///file.db or postgresql://user:password@host:port/name, and "
        "characters such as @, : and / in a password as %40, %3A and %2F"
    )


def _supported(url: str) -> URL:
    parsed = parse_url(url)
    if parsed.drivername in {"postgres", "postgresql", "postgresql+psycopg"}:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite":
        raise Invalid(f"{parsed.drivername} is not supported; use sqlite:///file.db or postgresql://...")
    if parsed.database in {None, "", ":memory:"}:
        raise Invalid("a SQLite database in memory is not shared between threads; name a file: sqlite:///file.db")
    return parsed.set(drivername="sqlite+pysqlite")


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "postgresql":
        return create_engine(url, pool_pre_ping=True, max_overflow=40, connect_args={"connect_timeout": 10})
    engine = create_engine(url, max_overflow=40)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver would begin transactions by itself, late and always deferred; `_begin_sqlite` does it instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout = 30000")
    write_ahead(connection)
    cursor.execute("PRAGMA foreign_keys = ON")
    # With NORMAL the log is only flushed at checkpoints, so a power cut takes back commits that were acknowledged.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))
