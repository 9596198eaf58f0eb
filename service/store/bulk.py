"""Many rows of plain numbers at once, between arrays and a database, by the fastest way each database has."""

import struct
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg import sql
from sqlalchemy import Connection, Select, Table, func, insert, select

Columns = Mapping[str, npt.NDArray[Any]]

_COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_TRAILER = b"\xff\xff"
_ARRAY_HEADER = 20
"""Bytes before the elements of a one-dimensional array. For all of these see "Binary Format" in the manual of COPY."""


def insert_columns(connection: Connection, table: Table, columns: Columns) -> None:
    """Insert rows given as one array per column; the types of the arrays are those of the columns."""
    if not all(map(len, columns.values())):
        return
    if connection.dialect.name == "postgresql":
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(sql.Identifier(table.name), names)
        with _driver(connection).cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(_COPY_HEADER + _records(columns).tobytes() + _COPY_TRAILER)
        return
    statement_text = str(insert(table).compile(dialect=connection.dialect, column_keys=list(columns)))
    rows = list(zip(*(column.tolist() for column in columns.values()), strict=True))
    connection.exec_driver_sql(statement_text, rows)


def read_columns(connection: Connection, statement: "Select[Any]", dtypes: Sequence[str]) -> list[npt.NDArray[Any]]:
    """The rows of a query as one array per column; rows that share their first value come together.

    Args:
        connection: the connection of the unit of work.
        statement: a query without missing values.
        dtypes: per column its type, `i4` for an integer and `f8` for a double.
    """
    if connection.dialect.name == "postgresql":
        return _read_arrays(connection, statement, dtypes)
    # The rows of the driver itself: wrapping each of them would take longer than reading it.
    rows = connection.execute(statement).cursor
    flat = np.fromiter(chain.from_iterable(cast("Iterable[tuple[float, ...]]", rows)), np.float64)
    return [column.astype(dtype) for column, dtype in zip(flat.reshape(-1, len(dtypes)).T, dtypes, strict=True)]


def _read_arrays(connection: Connection, statement: "Select[Any]", dtypes: Sequence[str]) -> list[npt.NDArray[Any]]:
    """As arrays that the server makes, because its protocol and driver take their time with every single row."""
    source = statement.subquery()
    arrays = select(*(func.array_agg(column) for column in source.c)).group_by(source.c[0])
    compiled = arrays.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    query = f"COPY ({compiled}) TO STDOUT (FORMAT BINARY)".encode()
    with _driver(connection).cursor() as cursor, cursor.copy(query, compiled.params) as copy:
        raw = b"".join(copy)
    parts: list[list[npt.NDArray[Any]]] = [[np.empty(0, dtype)] for dtype in dtypes]
    at = len(_COPY_HEADER)
    while raw[at : at + 2] != _COPY_TRAILER:
        at += 2
        for part, dtype in zip(parts, dtypes, strict=True):
            (length,) = struct.unpack_from(">i", raw, at)
            field = raw[at + 4 + _ARRAY_HEADER : at + 4 + length]
            part.append(np.frombuffer(field, [("length", ">i4"), ("value", f">{dtype}")])["value"])
            at += 4 + length
    return [np.concatenate(part).astype(dtype) for part, dtype in zip(parts, dtypes, strict=True)]


def _driver(connection: Connection) -> "psycopg.Connection[Any]":
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)


def _record_type(dtypes: Sequence[str]) -> np.dtype[Any]:
    """A row of the binary format: the number of fields, then per field its length in bytes and its value."""
    fields = [(f"n{number}", ">i4") for number in range(len(dtypes))]
    values = [(f"f{number}", f">{dtype}") for number, dtype in enumerate(dtypes)]
    pairs = [entry for pair in zip(fields, values, strict=True) for entry in pair]
    return np.dtype([("fields", ">i2"), *pairs])


def _records(columns: Columns) -> npt.NDArray[Any]:
    arrays = list(columns.values())
    dtypes = [array.dtype.str[1:] for array in arrays]
    records = np.empty(len(arrays[0]), _record_type(dtypes))
    records["fields"] = len(arrays)
    for number, array in enumerate(arrays):
        records[f"n{number}"] = array.dtype.itemsize
        records[f"f{number}"] = array
    return records
