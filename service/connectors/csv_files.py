"""Tidy rows from comma-separated text (RFC 4180), cells kept as text."""

import csv
import io
from collections.abc import Iterator

import numpy as np
import pandas as pd

from demand.errors import Invalid
from demand.tidy import REJECTIONS_TOLD, Rejection, check_columns, printable
from service.connectors.raw import ROWS_PER_BATCH, RawBatch, text_lines

OTHER_SEPARATORS = (";", "\t", "|")


def read_csv(stream: io.BufferedIOBase) -> Iterator[RawBatch]:
    """Rows in batches; a row is numbered by the line that it begins on, the header being line 1.

    Raises:
        Invalid: the header does not name the tidy columns, the text is not UTF-8, or its quotes do not match.
    """
    records = _records(stream)
    header = [name.strip() for name in next(records, (0, [""]))[1]]
    if header == [""]:
        return
    _check_separator(header)
    check_columns(header)
    batch: list[tuple[int, list[str]]] = []
    for record in records:
        batch.append(record)
        if len(batch) == ROWS_PER_BATCH:
            yield _raw_batch(header, batch)
            batch = []
    yield _raw_batch(header, batch)


def _records(stream: io.BufferedIOBase) -> Iterator[tuple[int, list[str]]]:
    """The first line and the cells of each record; blank lines are passed over."""
    reader = csv.reader(text_lines(stream), strict=True)
    line = 1
    try:
        for cells in reader:
            if cells:
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise Invalid(
            f"the row that begins on line {line} cannot be read as CSV: {error}; check its quotes, double a quote "
            "inside a quoted cell, and end rows with a line feed"
        ) from error


def _check_separator(header: list[str]) -> None:
    if len(header) == 1:
        for separator in OTHER_SEPARATORS:
            if separator in header[0]:
                raise Invalid(f"the header {printable(header[0])!r} is separated by {separator!r}; use commas")


def _raw_batch(header: list[str], records: list[tuple[int, list[str]]]) -> RawBatch:
    width = len(header)
    ragged = [record for record in records if len(record[1]) != width]
    rejections = tuple(
        Rejection(
            line, "", printable(",".join(cells)), f"has {len(cells)} cells where the header has {width}; {_ADVICE}"
        )
        for line, cells in ragged[:REJECTIONS_TOLD]
    )
    if ragged:
        records = [record for record in records if len(record[1]) == width]
    columns = zip(*(cells for _, cells in records), strict=True) if records else [()] * width
    rows = {name: np.array(column, dtype=object) for name, column in zip(header, columns, strict=True)}
    lines = np.array([line for line, _ in records], dtype=np.int64)
    return RawBatch(pd.DataFrame({"line": lines, **rows}), rejections, len(ragged) - len(rejections))


_ADVICE = "write every comma that separates, and put a cell that holds a comma in quotes"
