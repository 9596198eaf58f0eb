import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from demand.errors import Invalid
from demand.series import Selection
from demand.tidy import Batch, OnError
from service.store.engine import Store
from service.store.tables import metadata
from service.store.unit_of_work import StoreUnavailable


def test_the_migrated_schema_is_the_one_that_the_tables_declare(store: Store) -> None:
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_observations_are_kept_in_the_order_of_their_key_on_sqlite(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'new.db'}")
    store.migrate()
    with store.engine.connect() as connection:
        assert inspect(connection).get_table_options("observation") == {"sqlite_with_rowid": False}
    store.close()


def test_an_empty_database_is_not_current_until_it_is_migrated(empty_url: str) -> None:
    store = Store(empty_url)
    assert not store.schema_is_current()
    store.migrate()
    assert store.schema_is_current()
    store.close()


def test_migrating_twice_changes_nothing(store: Store, noon: datetime) -> None:
    with store.begin() as unit:
        unit.workers.beat("one", "host", 1, noon)
    store.migrate()
    with store.read() as unit:
        assert [worker.id for worker in unit.workers.alive(noon)] == ["one"]


def test_several_may_migrate_at_once(empty_url: str) -> None:
    start = threading.Barrier(4)

    def migrate(_: int) -> None:
        with closing(Store(empty_url)) as store:
            start.wait()
            store.migrate()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate, range(4)))
    with closing(Store(empty_url)) as store:
        assert store.schema_is_current()


def test_migrating_makes_the_folder_of_a_sqlite_file(tmp_path: Path) -> None:
    with closing(Store(f"sqlite:///{tmp_path / 'not' / 'yet' / 'store.db'}")) as store:
        store.migrate()
        assert store.schema_is_current()


def test_every_sqlite_connection_waits_checks_keys_and_flushes_what_it_commits(tmp_path: Path) -> None:
    expected = {"busy_timeout": 30000, "journal_mode": "wal", "foreign_keys": 1, "synchronous": 2}
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with closing(Store(url)) as store, store.engine.connect() as one, store.engine.connect() as two:
        for connection in (one, two):
            assert connection.connection.driver_connection.isolation_level is None
            for name, value in expected.items():
                assert connection.exec_driver_sql(f"PRAGMA {name}").scalar() == value


def test_a_writing_unit_of_work_takes_the_write_lock_of_sqlite_before_it_reads(sqlite_store: Store) -> None:
    path = sqlite_store.engine.url.database
    with sqlite_store.begin() as unit:
        unit.series.find(Selection())
        other = sqlite3.connect(str(path), timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


@pytest.mark.parametrize("kind", ["read", "staging"])
def test_other_units_of_work_leave_the_write_lock_of_sqlite_to_others(sqlite_store: Store, kind: str) -> None:
    with getattr(sqlite_store, kind)() as unit:
        unit.series.find(Selection())
        other = sqlite3.connect(str(sqlite_store.engine.url.database), timeout=0)
        other.execute("BEGIN IMMEDIATE")
        other.rollback()
        other.close()


def test_a_reading_unit_of_work_sees_one_moment_throughout(store: Store, noon: datetime) -> None:
    with store.read() as reader:
        assert reader.workers.alive(noon) == []
        with store.begin() as writer:
            writer.workers.beat("one", "host", 1, noon)
        assert reader.workers.alive(noon) == []
    with store.read() as reader:
        assert [worker.id for worker in reader.workers.alive(noon)] == ["one"]


def test_a_unit_of_work_that_fails_leaves_nothing(store: Store, noon: datetime) -> None:
    def fail_halfway() -> None:
        with store.begin() as unit:
            unit.workers.beat("one", "host", 1, noon)
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        fail_halfway()
    with store.read() as unit:
        assert unit.workers.alive(noon) == []


def test_what_a_reading_unit_of_work_writes_is_not_kept(sqlite_store: Store, noon: datetime) -> None:
    with sqlite_store.read() as unit:
        unit.workers.beat("one", "host", 1, noon)
    with sqlite_store.read() as unit:
        assert unit.workers.alive(noon) == []


def test_two_ingests_of_one_unit_of_work_are_stored_together_or_not_at_all(
    store: Store, batch_of: Callable[..., Batch]
) -> None:
    batches = [batch_of([{"timestamp": "2025-01-06T00:00:00Z", "value": value}]) for value in (1, 2)]

    def ingest(*, fails: bool) -> list[datetime | None]:
        with store.staging() as unit:
            instants = [
                unit.observations.ingest([batch], source="test", on_error=OnError.ABORT).recorded_at
                for batch in batches
            ]
            if fails:
                raise RuntimeError("killed")
        return instants

    with pytest.raises(RuntimeError, match="killed"):
        ingest(fails=True)
    with store.read() as unit:
        assert unit.observations.newest_recorded_at() is None
    first, second = ingest(fails=False)
    assert first is not None
    assert second is not None
    assert first < second
    with store.read() as unit:
        (series,) = unit.series.find(Selection())
        assert [row.value for row in unit.observations.rows(series.id)] == [2.0]
        assert [row.value for row in unit.observations.rows(series.id, as_of=first)] == [1.0]


@pytest.mark.parametrize(
    ("look_for", "told"),
    [
        ({"selection": Selection(tenant=("\ud800",))}, "surrogates not allowed"),
        ({"selection": Selection(), "after": 2**70}, "too large|out of range"),
    ],
)
def test_what_a_database_cannot_hold_is_invalid_and_not_a_fault_of_ours(
    store: Store, look_for: dict[str, Any], told: str
) -> None:
    with pytest.raises(Invalid, match=rf"cannot be stored or looked for: .*({told})"), store.read() as unit:
        unit.series.find(**look_for)


@pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)
def test_a_text_with_nul_is_invalid_where_the_database_cannot_hold_it(empty_url: str) -> None:
    with closing(Store(empty_url)) as store:
        store.migrate()
        with pytest.raises(Invalid, match="NUL"), store.read() as unit:
            unit.series.find(Selection(tenant=("a\0b",)))


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://me:secret@host:port/db", "port"),
        ("me:secret@host/db", "is not the URL of a database"),
        ("mysql://me:secret@host/db", "mysql is not supported"),
    ],
)
def test_a_refused_url_is_told_without_its_password(url: str, told: str) -> None:
    with pytest.raises(Invalid, match=told) as caught:
        Store(url)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nonsense", "is not the URL of a database"),
        ("mysql://host/db", "mysql is not supported; use sqlite"),
        ("sqlite://", "in memory is not shared"),
        ("sqlite:///:memory:", "in memory is not shared"),
    ],
)
def test_a_url_that_cannot_work_is_refused_at_once(url: str, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        Store(url)


@pytest.mark.parametrize(
    "url", ["postgresql://me:secret@127.0.0.1:1/nothing", "postgres://me:secret@127.0.0.1:1/nothing"]
)
def test_a_server_that_cannot_be_reached_is_named_without_its_password(url: str) -> None:
    with closing(Store(url)) as store:
        for work in (store.read, store.begin, store.staging):
            told = r"(?s)127.0.0.1:1/nothing is not available.*try again"
            with pytest.raises(StoreUnavailable, match=told) as caught, work() as unit:
                unit.series.find(Selection())
            assert "secret" not in str(caught.value)
        with pytest.raises(StoreUnavailable):
            store.schema_is_current()
        with pytest.raises(StoreUnavailable):
            store.migrate()


def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'missing' / 'store.db'}"
    told = "unable to open database file"
    with closing(Store(url)) as store, pytest.raises(StoreUnavailable, match=told), store.read() as unit:
        unit.series.find(Selection())
