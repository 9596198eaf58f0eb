"""Inserting rows of which some may be there already."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_for(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert of the connection's database, which knows what to do about a conflict."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def upsert(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]], replaced: Sequence[str] | None = None
) -> None:
    """Insert the rows; where the primary key is taken, replace columns of the row that is there.

    Args:
        connection: the connection of the unit of work.
        table: where to.
        rows: all with the same columns.
        replaced: the columns to replace, all that the rows hold if not given.
    """
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    names = [name for name in rows[0] if name not in keys] if replaced is None else replaced
    statement = insert_for(connection, table)
    new = {name: statement.excluded[name] for name in names}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=new), list(rows))
