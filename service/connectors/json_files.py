"""Tidy rows from JSON: an array of objects, or one object per line."""

import io
import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from demand.errors import Invalid, TooLarge
from demand.tidy import COLUMNS, REJECTIONS_TOLD, REQUIRED_COLUMNS, Rejection, printable
from service.connectors.raw import ROWS_PER_BATCH, RawBatch, text_lines

LARGEST_ARRAY_BYTES = 64 << 20

Record = tuple[int, Any]


class _Broken(NamedTuple):
    """A line that holds no JSON."""

    text: str


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
    yield from _batches((line, _parse(text)) for line, text in lines if text.strip())


def _parse(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_unambiguous)
    except (ValueError, RecursionError):
        return _Broken(text)


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {printable(repeated)!r} stands twice in one object")
    return content


def _batches(records: Iterator[Record]) -> Iterator[RawBatch]:
    while batch := list(islice(records, ROWS_PER_BATCH)):
        fit = [_is_fit(row) for _, row in batch]
        unfit = [record for record, fits in zip(batch, fit, strict=True) if not fits]
        rejections = tuple(_fault(line, row) for line, row in unfit[:REJECTIONS_TOLD])
        rows = [record for record, fits in zip(batch, fit, strict=True) if fits]
        yield RawBatch(_table(rows), rejections, len(unfit) - len(rejections))


def _is_fit(row: Any) -> bool:
    """Whether the row can be taken apart into tidy columns."""
    if not isinstance(row, dict):
        return False
    return all(name in _COLUMNS and not isinstance(value, (dict, list)) for name, value in row.items())


def _fault(line: int, row: Any) -> Rejection:
    """Why a row is unfit."""
    if isinstance(row, _Broken):
        return Rejection(line, "", printable(row.text.strip()), f"is not a JSON object: {_complaint(row.text)}")
    if not isinstance(row, dict):
        return Rejection(line, "", printable(row), f"is {_kind(row)}; write an object with a name for each column")
    name, value = next((name, value) for name, value in row.items() if not _is_fit({name: value}))
    if name in _COLUMNS:
        return Rejection(line, name, printable(value), f"is {_kind(value)}; write one text or number")
    return Rejection(line, printable(name), printable(value), f"stands in an unknown column; use {', '.join(COLUMNS)}")


def _complaint(text: str) -> str:
    """What the parser says, asked again, as keeping what it said of every line would take more than asking."""
    try:
        json.loads(text, object_pairs_hook=_unambiguous)
    except (ValueError, RecursionError) as error:
        return str(error)
    return ""


def _table(records: Sequence[Record]) -> pd.DataFrame:
    # Series of objects, or pandas would guess at types, and fail on integers that no float holds.
    present = set(REQUIRED_COLUMNS).union(*(row for _, row in records))
    cells = {
        name: pd.Series([row.get(name) for _, row in records], dtype=object) for name in COLUMNS if name in present
    }
    return pd.DataFrame({"line": np.array([line for line, _ in records], dtype=np.int64), **cells})


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    kinds = {dict: "an object", list: "an array", str: "a text", bool: "a truth value"}
    return kinds.get(type(value), "a number")


_COLUMNS = frozenset(COLUMNS)
