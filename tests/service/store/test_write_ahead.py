import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from service.store.write_ahead import write_ahead


def test_a_file_that_another_connection_has_locked_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path, check_same_thread=False, isolation_level=None)) as other:
        other.execute("CREATE TABLE a (b)")
        other.execute("BEGIN EXCLUSIVE")
        with closing(sqlite3.connect(path, timeout=0)) as connection:
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                write_ahead(connection, patience_seconds=0.1)
            release = threading.Timer(0.3, other.execute, ["COMMIT"])
            release.start()
            write_ahead(connection)
            release.join()
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
