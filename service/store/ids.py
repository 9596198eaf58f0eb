"""Membership in a long list of numbers, as one parameter instead of thousands."""

import json
from collections.abc import Sequence

from sqlalchemy import ARRAY, ColumnElement, Dialect, Integer, any_, func, literal, select


def among(column: ColumnElement[int], ids: Sequence[int], dialect: Dialect) -> ColumnElement[bool]:
    """The condition that the column is one of the ids, however many they are."""
    if dialect.name == "postgresql":
        return column == any_(literal(list(ids), ARRAY(Integer)))
    listed = func.json_each(json.dumps(list(ids))).table_valued("value")
    return column.in_(select(listed.c.value))
