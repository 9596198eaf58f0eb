"""Blocks as comma-separated text: one line each, in columns that name all there is to know."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from demand.errors import Invalid
from demand.tidy import printable
from planning.ledger import Block, Exit, Phase
from planning.states import CommitmentState
from service.connectors.covariate_files import moment, number
from service.connectors.raw import text_lines
from service.store.capacity_documents import to_block, to_document
from service.store.capacity_entries import SEPARATOR

VERSION = "version"
"""A column beside those of a block: the version that it had when the file was written."""

Cells = Mapping[str, str]


@dataclass(frozen=True)
class Line:
    """A line of a file: a block, as far as the file has columns.

    Attributes:
        number: the line that it begins on, the header being line 1.
        cells: text by column.
    """

    number: int
    cells: Cells


@dataclass(frozen=True)
class _Kind:
    """How a cell is read and written."""

    read: Callable[[str], Any]
    write: Callable[[Any], str] = str


_PLAIN_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _read_moment(text: str) -> str:
    return moment(f"{text}T00:00:00Z" if _PLAIN_DAY.fullmatch(text) else text).isoformat()


def _read_whole(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise Invalid(f"{printable(text)!r} is not a whole number; write digits, such as 6")
    return int(text)


def _one_of(names: Iterable[str]) -> Callable[[str], str]:
    known = tuple(names)

    def read(text: str) -> str:
        if text not in known:
            raise Invalid(f"{printable(text)!r} is none of {', '.join(known)}")
        return text

    return read


def _write_number(value: float) -> str:
    return repr(float(value)).removesuffix(".0")


_TEXT = _Kind(str)
_NUMBER = _Kind(number, _write_number)
_WHOLE = _Kind(_read_whole)
_MOMENT = _Kind(_read_moment)
_NAMES = _Kind(lambda text: [part.strip() for part in text.split(SEPARATOR)], SEPARATOR.join)

_WAY_OUT = {
    "until": _MOMENT,
    "charge": _NUMBER,
    "refund": _NUMBER,
    "charge_per_month": _NUMBER,
    "months": _WHOLE,
}
_FIRST_REFUSAL = {"until": _MOMENT, "quantity": _NUMBER, "price": _NUMBER, "lead_days": _NUMBER}

_COLUMNS: dict[str, tuple[tuple[str, ...], _Kind]] = {
    "name": (("name",), _TEXT),
    "quantity": (("quantity",), _NUMBER),
    "unit": (("unit",), _TEXT),
    "online": (("online",), _MOMENT),
    "provider": (("provider",), _TEXT),
    "region": (("region",), _TEXT),
    "accelerator": (("accelerator",), _TEXT),
    "phase": (("phase",), _Kind(_one_of(Phase))),
    "state": (("state",), _Kind(_one_of(CommitmentState))),
    **{f"slip_{part}": (("slip_days", part), _NUMBER) for part in ("p10", "p50", "p90")},
    "conversion": (("conversion",), _NUMBER),
    "end": (("end",), _MOMENT),
    "running_cost_per_month": (("running_cost_per_month",), _NUMBER),
    "currency": (("currency",), _TEXT),
    "after": (("after",), _NAMES),
    **{
        f"{phase}_{part}": (("milestones", phase.value, part), kind)
        for phase in Phase
        for part, kind in (("completes", _MOMENT), ("cost", _NUMBER))
    },
    **{
        f"{way}_{part}": (("ways_out", way.value, part), kind)
        for way in Exit
        for part, kind in _WAY_OUT.items()
        if part != "months" or way is not Exit.CANCEL
    },
    **{f"first_refusal_{part}": (("first_refusal", part), kind) for part, kind in _FIRST_REFUSAL.items()},
    "notes": (("notes",), _TEXT),
    "source": (("source",), _TEXT),
}

COLUMNS = tuple(_COLUMNS)
"""The columns of a block, in the order in which they are written."""


class UnreadableCell(Invalid):
    """A cell of a block cannot be used.

    Args:
        column: which.
        value: what stands there.
        reason: what is wrong with it.
    """

    def __init__(self, column: str, value: str, reason: str) -> None:
        super().__init__(f"{column}: {reason}")
        self.column = column
        self.value = printable(value)
        self.reason = reason


def to_cells(block: Block) -> dict[str, str]:
    """The text of every column; what is not there is empty."""
    document = to_document(block)
    document["ways_out"] = {way["kind"]: way for way in document["ways_out"]}
    cells = {}
    for column, (path, kind) in _COLUMNS.items():
        value: Any = document
        for step in path:
            value = None if value is None else value.get(step)
        cells[column] = "" if value is None else kind.write(value)
    return cells


def from_cells(cells: Cells) -> Block:
    """The block that the cells describe; an empty or absent one means that nothing is known.

    Raises:
        UnreadableCell: a cell cannot be read.
        Invalid: the block makes no sense.
    """
    document: dict[str, Any] = {}
    for column, (path, kind) in _COLUMNS.items():
        if not (text := cells.get(column, "")):
            continue
        place = document
        for step in path[:-1]:
            place = place.setdefault(step, {})
        try:
            place[path[-1]] = kind.read(text)
        except Invalid as error:
            raise UnreadableCell(column, text, str(error)) from error
    document["ways_out"] = [{"kind": kind, **way} for kind, way in document.get("ways_out", {}).items()]
    return to_block(document)


def read_lines(stream: BinaryIO) -> Iterator[Line]:
    """The lines of a file with a column `name` and some of `COLUMNS`, blank ones left out.

    Raises:
        Invalid: it cannot be read as CSV, a column is unknown or there twice, or a line has too few or many cells.
    """
    reader = csv.reader(text_lines(stream), strict=True)
    begins = 1
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(header)
        begins = reader.line_num + 1
        for cells in reader:
            if cells:
                _check_width(begins, cells, header)
                yield Line(begins, dict(zip(header, map(str.strip, cells), strict=True)))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise Invalid(f"the line {begins} cannot be read as CSV: {error}; check its quotes") from error


def write_blocks(blocks: Iterable[tuple[Block, int]]) -> str:
    """Blocks with their versions as text that `read_lines` and `from_cells` read back exactly as they are."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [*COLUMNS, VERSION], lineterminator="\n")
    writer.writeheader()
    writer.writerows({**to_cells(block), VERSION: str(version)} for block, version in blocks)
    return text.getvalue()


def read_version(cells: Cells) -> int | None:
    """The version that a line says its block has, None if it does not say.

    Raises:
        UnreadableCell: it is no number.
    """
    text = cells.get(VERSION, "")
    try:
        return _read_whole(text) if text else None
    except Invalid as error:
        raise UnreadableCell(VERSION, text, str(error)) from error


def _check_header(header: Sequence[str]) -> None:
    faults = [] if "name" in header else ["missing column 'name'"]
    faults += [f"unknown column {printable(name)!r}" for name in header if name not in {*COLUMNS, VERSION}]
    faults += ["a column that is repeated"] if len(set(header)) < len(header) else []
    if faults:
        raise Invalid(f"{', '.join(faults)}; the columns are {', '.join((*COLUMNS, VERSION))}, of which name is needed")


def _check_width(line: int, cells: Sequence[str], header: Sequence[str]) -> None:
    if len(cells) != len(header):
        fault = {"line": line, "column": "", "value": "", "reason": f"has {len(cells)} cells"}
        raise Invalid(f"line {line} has {len(cells)} cells where the header has {len(header)}", [fault])
