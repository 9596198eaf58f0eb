"""Locks that are held until the end of the transaction."""

from sqlalchemy import Connection, func, select

SCHEMA_LOCK = 0x636F6D7001
"""Held while the schema changes."""

INGEST_LOCK = 0x636F6D7002
"""Held while an ingest is merged, so that ingests are ordered in time as they are in commits."""

CAPACITY_LOCK = 0x636F6D7006
"""Held while the ledger of supply changes, which is checked as a whole."""

ACCELERATOR_LOCK = 0x636F6D7008
"""Held while what is known of accelerators changes, so that no alias comes to stand for two of them."""

SCENARIO_LOCK = 0x636F6D7007
"""Held while scenarios change, which build on each other."""

PUBLICATION_LOCK = 0x636F6D7012
"""Held while what is served changes, so that publications are ordered in time as they are in commits."""


def take_lock(connection: Connection, name: int) -> None:
    """Wait for a lock of PostgreSQL; SQLite has one writer at a time anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(name)))
