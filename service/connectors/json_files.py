"""Tidy rows from JSON: an array of objects, or one object per line."""

import io
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from demand.errors import Invalid, TooLarge
from demand.tidy import COLUMNS, Rejection, printable
from service.connectors.raw import ROWS_PER_BATCH, RawBatch, text_lines

LARGEST_ARRAY_BYTES = 64 << 20

Record = tuple[int, Any]


def read_json(stream: io.BufferedIOBase) -> Iterator[RawBatch]:
    """Rows of one array of objects, numbered from 1; the array is held in memory.

    Raises:
        Invalid: the text is not UTF-8, not JSON or no array.
        TooLarge: the array is larger than 64 MiB.
    """
    content = stream.read(LARGEST_ARRAY_BYTES + 1)
    if len(content) > LARGEST_ARRAY_BYTES:
        raise TooLarge(f"a JSON array of more than {LARGEST_ARRAY_BYTES:,} bytes is not read; send it as NDJSON")
    if not content.strip():
        return
    try:
        rows = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_unambiguous)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"this is not JSON: {error}; send an array of objects") from error
    if not isinstance(rows, list):
        raise Invalid(f"the JSON is {_kind(rows)}; send an array of objects, one per row")
    yield from _batches(enumerate(rows, start=1))


def read_ndjson(stream: io.BufferedIOBase) -> Iterator[RawBatch]:
    """Rows of one object per line, numbered by line; blank lines are passed over.

    Raises:
        Invalid: a line is not UTF-8 or longer than a mebibyte.
    """
    lines = enumerate(text_lines(stream), start=1)
    yield from _batches((line, _parse(line, text)) for line, text in lines if text.strip())


def _parse(line: int, text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_unambiguous)
    except (ValueError, RecursionError) as error:
        return Rejection(line, "", printable(text.strip()), f"is not a JSON object: {error}")


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {printable(repeated)!r} stands twice in one object")
    return content


def _batches(records: Iterator[Record]) -> Iterator[RawBatch]:
    while batch := list(islice(records, ROWS_PER_BATCH)):
        rejections = {line: fault for line, row in batch if (fault := _fault(line, row))}
        yield RawBatch(_table(record for record in batch if record[0] not in rejections), tuple(rejections.values()))


def _fault(line: int, row: Any) -> Rejection | None:
    """Why the row cannot be taken apart into tidy columns."""
    if isinstance(row, Rejection):
        return row
    if not isinstance(row, dict):
        return Rejection(line, "", printable(row), f"is {_kind(row)}; write an object with a name for each column")
    for name, value in row.items():
        if name not in _COLUMNS:
            return Rejection(
                line, printable(name), printable(value), f"stands in an unknown column; use {', '.join(COLUMNS)}"
            )
        if isinstance(value, (dict, list)):
            return Rejection(line, name, printable(value), f"is {_kind(value)}; write one text or number")
    return None


def _table(records: Iterable[Record]) -> pd.DataFrame:
    lines, rows = [], []
    for line, row in records:
        lines.append(line)
        rows.append(row)
    # Series of objects, or pandas would guess at types, and fail on integers that no float holds.
    cells = {name: pd.Series([row.get(name) for row in rows], dtype=object) for name in COLUMNS}
    return pd.DataFrame({"line": np.array(lines, dtype=np.int64), **cells})


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    kinds = {dict: "an object", list: "an array", str: "a text", bool: "a truth value"}
    return kinds.get(type(value), "a number")


_COLUMNS = frozenset(COLUMNS)
