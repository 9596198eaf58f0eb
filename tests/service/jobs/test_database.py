import logging
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.jobs.database import jobs_file, jobs_url, prepare_jobs
from service.settings import Settings


def test_sqlite_has_a_file_of_its_own_beside_the_store(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/demo.db")
    assert jobs_url(settings) == f"sqlite:///{tmp_path}/demo.jobs.db"


def test_postgresql_shares_the_database_of_the_store() -> None:
    url = "postgresql://user:secret@host/name"
    assert jobs_url(Settings(database_url=url)) == url


def test_the_tables_can_be_prepared_by_several_at_once_and_again(empty_url: str) -> None:
    settings = Settings(database_url=empty_url)
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(prepare_jobs, settings) for _ in range(4)]:
            done.result()
    engine = sa.create_engine(jobs_url(settings).replace("postgresql://", "postgresql+psycopg://"))
    schema = None if settings.store_file else "dbos"
    assert "workflow_status" in sa.inspect(engine).get_table_names(schema)
    engine.dispose()


def test_the_file_is_written_ahead(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/demo.db")
    prepare_jobs(settings)
    with closing(sqlite3.connect(jobs_file(tmp_path / "demo.db"))) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_the_engine_only_speaks_up_to_warn(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    prepare_jobs(Settings(database_url=f"sqlite:///{tmp_path}/demo.db"))
    assert logging.getLogger("dbos").level == logging.WARNING
    assert capfd.readouterr() == ("", "")
