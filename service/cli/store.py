"""The store that a command reads or writes."""

from collections.abc import Iterator
from contextlib import contextmanager

from service.cli.settings import read_settings
from service.settings import Settings
from service.store.engine import Store


@contextmanager
def open_store(settings: Settings | None = None) -> Iterator[Store]:
    """The store that the settings name, brought to the newest schema, and closed at the end.

    Args:
        settings: say where it is; those of the environment if not given.

    Raises:
        Unavailable: its database cannot be reached.
    """
    store = Store((settings or read_settings()).database_url)
    try:
        store.migrate()
        yield store
    finally:
        store.close()
