"""Bringing a database to the newest schema, and telling whether it has it."""

from pathlib import Path
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from service.store.locks import SCHEMA_LOCK, take_lock

_MIGRATIONS = Path(__file__).parent / "migrations"
_ONE_PER_PROCESS = Lock()
"""Alembic keeps the migration at hand in a global of its process, so threads would get into each other's."""


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, in the caller's transaction; another caller waits for its end."""
    with _ONE_PER_PROCESS:
        take_lock(connection, SCHEMA_LOCK)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(connection: Connection) -> bool:
    """Whether every migration has been run."""
    present = MigrationContext.configure(connection).get_current_heads()
    return set(present) == set(ScriptDirectory.from_config(_config()).get_heads())


def _config() -> Config:
    config = Config()
    # A percent sign in the path would be read as an interpolation by the parser behind the configuration.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config
