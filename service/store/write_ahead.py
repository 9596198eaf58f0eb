"""Write-ahead logging of SQLite files."""

import sqlite3
import time

PATIENCE_SECONDS = 30.0
PAUSE_SECONDS = 0.05


def write_ahead(connection: sqlite3.Connection, patience_seconds: float = PATIENCE_SECONDS) -> None:
    """Switch a file to write-ahead logging, which lasts in the file; one that has it already is left alone.

    SQLite does not wait for other connections with this, whatever time-out it is given, so it is tried again.

    Raises:
        sqlite3.OperationalError: others have kept the file locked all the time.
    """
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_SECONDS)
        else:
            return
