"""Runs migrations on the connection that `service.store.schema` passes in; its transaction stays the caller's."""

from alembic import context

from service.store import idempotency_tables, schedule_tables  # noqa: F401 - so that their tables are known
from service.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
