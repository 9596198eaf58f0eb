"""Regressors and events from comma-separated text."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import BinaryIO

import pandas as pd

from demand.calendar import EARLIEST
from demand.covariates import Effect, Event, Operation, Regressor, Treatment, evenly_spaced
from demand.errors import Invalid
from demand.series import DIMENSIONS, Selection, Workload
from demand.tidy import printable
from service.connectors.raw import text_lines

LATEST = pd.Timestamp("2200-01-01", tz="UTC")
ALTERNATIVES = "|"
"""Separates the accepted values of one dimension in a cell."""

_SHARED = ("name", *DIMENSIONS, "effect", "size")
REGRESSOR_COLUMNS = (*_SHARED, "timestamp", "value", "until")
EVENT_COLUMNS = (*_SHARED, "start", "end", "treatment", "note")

Row = Mapping[str, str]


def read_regressors(stream: BinaryIO) -> tuple[Regressor, ...]:
    """The regressors of a CSV file with the columns `name,timestamp,value` and, if wanted, dimensions and more.

    Rows of one name and one selection are one regressor. Without `until` its values must be evenly spaced, each for
    one bucket; with it each value holds until the next, and the last one until then. `effect` (add or multiply) and
    `size` state what a value of one does.

    Raises:
        Invalid: a cell cannot be used, with its line, or a regressor has a gap or is constant.
    """
    groups: dict[tuple[str, Selection], list[tuple[int, Row]]] = {}
    for line, row in _rows(stream, REGRESSOR_COLUMNS, ("name", "timestamp", "value")):
        with _at(line):
            groups.setdefault((row["name"], _selection(row)), []).append((line, row))
    return tuple(_regressor(name, selection, rows) for (name, selection), rows in groups.items())


def read_events(stream: BinaryIO) -> tuple[Event, ...]:
    """The events of a CSV file with the columns `name,start,end` and, if wanted, dimensions and more.

    `treatment` is mask, which is usual, or model; `effect` (add or multiply) and `size` state what the event does.

    Raises:
        Invalid: a cell cannot be used, with its line.
    """
    events = []
    for line, row in _rows(stream, EVENT_COLUMNS, ("name", "start")):
        with _at(line):
            events.append(_event(row))
    return tuple(events)


def moment(text: str) -> pd.Timestamp:
    """An instant in ISO 8601 with an offset, in UTC.

    Raises:
        Invalid: it is none, or lies outside of what calendars here reach.
    """
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise Invalid(
            f"{printable(text)!r} is not a date and time in ISO 8601 with an offset; write it like 2025-01-06T00:00:00Z"
        ) from error
    if read.tzinfo is None:
        raise Invalid(f"{printable(text)!r} has no UTC offset; if it is in UTC, write {read.isoformat()}Z")
    if not EARLIEST <= read < LATEST:
        raise Invalid(f"{printable(text)!r} is not between {EARLIEST.year} and {LATEST.year}; correct the year")
    return pd.Timestamp(read.astimezone(UTC)).as_unit("ns")


def number(text: str) -> float:
    """A number.

    Raises:
        Invalid: it is none.
    """
    try:
        return float(text)
    except ValueError as error:
        raise Invalid(f"{printable(text)!r} is not a number; write digits with a decimal point, such as 1.5") from error


def _regressor(name: str, selection: Selection, rows: Sequence[tuple[int, Row]]) -> Regressor:
    read = []
    untils, effects = set(), set()
    for line, row in rows:
        with _at(line):
            read.append((moment(row["timestamp"]), number(row["value"])))
            untils |= {moment(row["until"])} if row.get("until") else set()
            effects |= {_effect(row)} - {None}
    if len(untils) > 1 or len(effects) > 1:
        what = "ends in the column until" if len(untils) > 1 else "effects"
        raise Invalid(f"regressor {printable(name)} has {max(len(untils), len(effects))} {what}; give one")
    starts, values = zip(*sorted(read), strict=True)
    until, effect = next(iter(untils), None), next(iter(effects), None)
    index = pd.DatetimeIndex(starts)
    if until is None and effect is None:
        return evenly_spaced(name, selection, index, values)
    return Regressor(name, selection, index, pd.Series(values, dtype=float).to_numpy(), until, effect)


def _event(row: Row) -> Event:
    return Event(
        name=row["name"],
        selection=_selection(row),
        start=moment(row["start"]),
        end=moment(row["end"]) if row.get("end") else None,
        treatment=_treatment(row),
        effect=_effect(row),
        note=row.get("note", ""),
    )


def _treatment(row: Row) -> Treatment:
    written = row.get("treatment") or (Treatment.MODEL if row.get("effect") else Treatment.MASK)
    if written not in set(Treatment):
        raise Invalid(f"treatment {printable(written)!r} is none; write {' or '.join(Treatment)}")
    return Treatment(written)


def _effect(row: Row) -> Effect | None:
    operation, size = row.get("effect", ""), row.get("size", "")
    if not operation and not size:
        return None
    if operation not in set(Operation) or not size:
        raise Invalid(
            f"effect {printable(operation)!r} of size {printable(size)!r} is none; write {' or '.join(Operation)} and "
            "a number, or leave both empty to have it learned"
        )
    return Effect(Operation(operation), number(size))


def _selection(row: Row) -> Selection:
    named = {name: tuple(part.strip() for part in row.get(name, "").split(ALTERNATIVES)) for name in DIMENSIONS}
    for workload in filter(None, named["workload"]):
        if workload not in set(Workload):
            raise Invalid(f"{printable(workload)!r} is no workload; write {', '.join(Workload)} or leave it empty")
    return Selection(**{name: values for name, values in named.items() if any(values)})


def _rows(stream: BinaryIO, known: Sequence[str], required: Sequence[str]) -> Iterator[tuple[int, Row]]:
    reader = csv.reader(text_lines(stream), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        faults = [f"missing column {name!r}" for name in required if name not in header]
        faults += [f"unknown column {printable(name)!r}" for name in header if name not in known]
        faults += ["a column that is repeated"] if len(set(header)) < len(header) else []
        if faults:
            raise Invalid(
                f"{', '.join(faults)}; the columns are {', '.join(known)}, of which {' and '.join(required)} are needed"
            )
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(header):
                raise Invalid(f"line {reader.line_num} has {len(cells)} cells where the header has {len(header)}")
            yield reader.line_num, dict(zip(header, map(str.strip, cells), strict=True))
    except csv.Error as error:
        raise Invalid(f"line {reader.line_num} cannot be read as CSV: {error}; check its quotes") from error


@contextmanager
def _at(line: int) -> Iterator[None]:
    try:
        yield
    except Invalid as error:
        raise Invalid(f"line {line}: {error}", error.details) from error
