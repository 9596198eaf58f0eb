"""Tidy rows from Parquet, columns in the types that they are stored in."""

import io
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types

from demand.errors import Invalid
from demand.tidy import check_columns
from service.connectors.raw import ROWS_PER_BATCH, RawBatch

_PAGE_BUFFER_BYTES = 1 << 20


def read_parquet(stream: io.BufferedIOBase) -> Iterator[RawBatch]:
    """Rows in batches, numbered from 1; a stream that cannot seek is copied to a temporary file first.

    Raises:
        Invalid: the file is no Parquet, or its columns are not the tidy ones in fitting types.
    """
    with ExitStack() as stack:
        source: Any = stream
        if not stream.seekable():
            source = stack.enter_context(tempfile.TemporaryFile())
            shutil.copyfileobj(stream, source)
        if not source.seek(0, io.SEEK_END):
            return
        source.seek(0)
        try:
            yield from _row_batches(source)
        except (pa.ArrowException, OSError) as error:
            raise Invalid(f"this is not a readable Parquet file: {error}; write it again, or send CSV") from error


def _row_batches(source: Any) -> Iterator[RawBatch]:
    # Without a buffer size a whole column of a row group would be held; files of one huge row group are common.
    with pq.ParquetFile(source, buffer_size=_PAGE_BUFFER_BYTES, pre_buffer=False) as parquet:
        schema = parquet.schema_arrow
        check_columns(schema.names)
        for field in schema:
            _check_type(field)
        line = 1
        for batch in parquet.iter_batches(batch_size=ROWS_PER_BATCH):
            columns = {name: _cells(name, batch.column(name)) for name in batch.schema.names}
            yield RawBatch(pd.DataFrame({"line": np.arange(line, line + batch.num_rows), **columns}))
            line += batch.num_rows


def _check_type(field: Any) -> None:
    kind = field.type.value_type if types.is_dictionary(field.type) else field.type
    fits, expected = _EXPECTED.get(field.name, (_is_text, "text"))
    if not fits(kind):
        raise Invalid(
            f"Parquet column {field.name!r} has the type {field.type}; {expected} is expected",
            [{"column": field.name, "reason": f"type {field.type} where {expected} is expected"}],
        )


def _cells(name: str, column: Any) -> Any:
    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if types.is_timestamp(column.type):
        return column.cast(pa.timestamp(column.type.unit, "UTC")).to_pandas()
    if name != "value":
        return column.cast(pa.string()).to_numpy(zero_copy_only=False)
    if column.null_count:
        return np.array([None if cell is None else float(cell) for cell in column.to_pylist()], dtype=object)
    return column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)


def _is_text(kind: Any) -> bool:
    return bool(
        types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind) or types.is_null(kind)
    )


def _is_moment(kind: Any) -> bool:
    return bool(_is_text(kind) or (types.is_timestamp(kind) and kind.tz))


def _is_number(kind: Any) -> bool:
    return bool(types.is_floating(kind) or types.is_integer(kind) or types.is_decimal(kind))


_EXPECTED: dict[str, tuple[Callable[[Any], bool], str]] = {
    "timestamp": (
        _is_moment,
        "a timestamp with a zone (such as timestamp[us, tz=UTC]) or ISO 8601 text with an offset",
    ),
    "value": (_is_number, "a floating, integer or decimal number"),
}
