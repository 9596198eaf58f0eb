"""Tidy rows of demand: what a row must hold, and which rows are refused and why."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from demand.calendar import EARLIEST
from demand.errors import Invalid
from demand.series import DIMENSIONS, Workload
from demand.units import ACCELERATORS, is_unit

REQUIRED_COLUMNS = ("timestamp", "value")
COLUMNS = ("timestamp", *DIMENSIONS, "unit", "value")
LONGEST_NAME = 128

LARGEST_VALUE = 1e15
"""Far above any fleet in any sensible unit, and low enough for forecasts, which are kept in single precision."""

REJECTIONS_TOLD = 1000
"""How many refused rows of a batch are explained; nobody reads more, and a flood of them takes its time."""

_EXAMPLE = "2025-01-06T00:00:00Z"
_AHEAD = pd.Timedelta(days=1)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:?\d\d(:?\d\d(\.\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_NOT_IN_NUMBERS = re.compile(r"[^0-9.eE+\-\n]")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NOT_FINITE = {"nan", "inf", "infinity"}

Array = npt.NDArray[Any]


class OnError(StrEnum):
    """What becomes of a request that has refused rows."""

    ABORT = "abort"
    SKIP = "skip"


@dataclass(frozen=True)
class Rejection:
    """Why one row is refused; only its first fault is told.

    Attributes:
        line: the number of the line or row, as its source counts them.
        column: the offending column; empty if the row as a whole is unreadable.
        value: what stood there, printable and cut if it is long.
        reason: what is wrong and what to do about it; it completes a sentence that begins with the value.
    """

    line: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True)
class Batch:
    """Rows read together.

    Attributes:
        rows: accepted rows with the columns `line` (int64), the six dimensions and `unit` (text), `timestamp`
            (datetime64[ns, UTC]) and `value` (float64, finite, not negative).
        rejections: one entry per refused row, by line, for the first `REJECTIONS_TOLD` of them.
        unexplained: how many more rows are refused.
    """

    rows: pd.DataFrame
    rejections: tuple[Rejection, ...]
    unexplained: int = 0

    @property
    def rejected(self) -> int:
        """How many rows are refused."""
        return len(self.rejections) + self.unexplained


@dataclass(frozen=True)
class _Column:
    """One column after its check: a value per row, which rows are bad, and why a bad one is."""

    values: Any
    bad: npt.NDArray[np.bool_]
    explain: Callable[[int], str]


def check_columns(names: Sequence[str]) -> None:
    """Refuse a header that does not name the columns of tidy rows.

    Raises:
        Invalid: a column is missing, unknown or named twice.
    """
    faults = [(name, "missing") for name in REQUIRED_COLUMNS if name not in names]
    faults += [(name, "unknown") for name in dict.fromkeys(names) if name not in COLUMNS]
    faults += [(name, "repeated") for name in COLUMNS if list(names).count(name) > 1]
    if faults:
        told = ", ".join(f"{fault} column {printable(name)!r}" for name, fault in faults[:10])
        raise Invalid(
            f"{told}; required are {' and '.join(REQUIRED_COLUMNS)}, and beside them only "
            f"{', '.join(name for name in COLUMNS if name not in REQUIRED_COLUMNS)} are read",
            [{"column": printable(name), "reason": f"{fault} column"} for name, fault in faults],
        )


def check_rows(raw: pd.DataFrame, *, now: pd.Timestamp) -> Batch:
    """Part rows as they were read into accepted and refused ones.

    Args:
        raw: a column `line` and some of `COLUMNS`, as text or already typed; an absent or empty optional cell takes
            its default.
        now: the present moment; a row may lie at most one day ahead of it.

    Raises:
        Invalid: a column is missing, unknown or named twice.
    """
    check_columns([name for name in raw.columns if name != "line"])
    checked = {name: _check(name, raw[name], now) for name in COLUMNS if name in raw.columns}
    bad = np.logical_or.reduce([column.bad for column in checked.values()])
    lines = raw["line"].to_numpy(dtype=np.int64)
    rejections = []
    refused = np.flatnonzero(bad)
    for row in refused[:REJECTIONS_TOLD]:
        name = next(name for name, column in checked.items() if column.bad[row])
        told = printable(raw[name].iloc[row])
        rejections.append(Rejection(int(lines[row]), name, told, checked[name].explain(int(row))))
    kept = {"line": lines[~bad]}
    for name in (*DIMENSIONS, "unit", "timestamp", "value"):
        kept[name] = checked[name].values[~bad] if name in checked else np.full((~bad).sum(), _DEFAULTS[name], object)
    return Batch(pd.DataFrame(kept), tuple(rejections), len(refused) - len(rejections))


def printable(value: object) -> str:
    """The value as text that is safe to show: control characters escaped, nothing for a missing one, cut if long."""
    if value is None or value is pd.NaT:
        return ""
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    text = _UNPRINTABLE.sub(lambda match: match[0].encode("unicode_escape").decode(), text[:80])
    return text if len(text) < 80 else f"{text[:77]}..."


def _check(name: str, cells: "pd.Series[Any]", now: pd.Timestamp) -> _Column:
    if name == "timestamp":
        return _check_timestamps(cells, now)
    if name == "value":
        return _check_values(cells)
    codes, uniques = _distinct(cells)
    names = np.empty(len(uniques), dtype=object)
    names[:] = ["" if _is_missing(cell) else cell for cell in uniques]
    faults = [_name_fault(name, cell) for cell in names]
    default = _DEFAULTS[name]
    clean = [default if fault else cell.strip() or default for cell, fault in zip(names, faults, strict=True)]
    bad = np.array([bool(fault) for fault in faults], dtype=bool)
    values = np.empty(len(uniques), dtype=object)
    values[:] = clean
    return _Column(values[codes], bad[codes], lambda row: faults[codes[row]])


def _name_fault(column: str, cell: object) -> str:
    """Why the cell cannot name a dimension or a unit; empty if it can."""
    if not isinstance(cell, str):
        return "is not text; put it in quotes"
    name = cell.strip()
    if _UNPRINTABLE.search(name):
        return "holds a control character; remove it"
    if len(name) > LONGEST_NAME:
        return f"has {len(name)} characters; shorten it to at most {LONGEST_NAME}"
    if column == "workload" and name not in {"", *Workload}:
        return f"is no workload; write {', '.join(Workload)} or leave it empty"
    if column == "unit" and name and not is_unit(name):
        return "is no unit; write lower case with underscores, such as accelerators or tokens_per_second"
    return ""


def _check_timestamps(cells: "pd.Series[Any]", now: pd.Timestamp) -> _Column:
    codes, uniques = _distinct(cells)
    moments = _parse_moments(uniques)
    good = (moments >= EARLIEST) & (moments <= now + _AHEAD) & (moments == moments.floor("h"))
    bad = ~np.asarray(good, dtype=bool)
    return _Column(moments[codes], bad[codes], lambda row: _moment_fault(uniques[codes[row]], now))


def _parse_moments(cells: Any) -> pd.DatetimeIndex:
    """Instants in UTC with nanoseconds; NaT where a cell holds none or one that does not fit into them."""
    if isinstance(cells, pd.DatetimeIndex):
        if cells.tz is None:
            return pd.DatetimeIndex(np.full(len(cells), "NaT", dtype="M8[ns]"), tz="UTC")
        fits = (cells >= pd.Timestamp("1800-01-01", tz="UTC")) & (cells <= pd.Timestamp("2200-01-01", tz="UTC"))
        return pd.DatetimeIndex(cells.where(fits), dtype="datetime64[ns, UTC]")
    written = (cell.isoformat() if isinstance(cell, datetime) and not _is_missing(cell) else cell for cell in cells)
    texts = pd.Series([cell.strip() if isinstance(cell, str) else None for cell in written], dtype=object)
    whole = texts.map(lambda text: text is not None and _MOMENT.fullmatch(text) is not None).astype(bool)
    parsed = pd.to_datetime(texts.where(whole), format="ISO8601", utc=True, errors="coerce")
    return pd.DatetimeIndex(parsed, dtype="datetime64[ns, UTC]")


def _moment_fault(cell: object, now: pd.Timestamp) -> str:
    """Why the cell is no bucket start."""
    if _is_missing(cell) or (isinstance(cell, str) and not cell.strip()):
        return f"is missing; write the start of the bucket, such as {_EXAMPLE}"
    unreadable = f"is not a date and time in ISO 8601 with an offset; write it like {_EXAMPLE}"
    try:
        moment = cell if isinstance(cell, datetime) else datetime.fromisoformat(str(cell).strip())
    except ValueError:
        return unreadable
    if moment.tzinfo is None:
        return f"has no UTC offset; if it is in UTC, write {moment.isoformat()}Z"
    return _range_fault(moment, now) or unreadable


def _range_fault(moment: datetime, now: pd.Timestamp) -> str:
    if moment < EARLIEST:
        return "is before 2000-01-01T00:00:00Z, the earliest time that is stored; correct the year"
    if moment > now + _AHEAD:
        return f"is in the far future, more than a day after {now.isoformat(timespec='seconds')}; correct the date"
    if moment.minute or moment.second or moment.microsecond or moment.astimezone(UTC).minute:
        return "is not on a whole hour in UTC; average the values over hours first"
    return ""


def _check_values(cells: "pd.Series[Any]") -> _Column:
    raw = cells.to_numpy()
    values = raw.astype(np.float64) if raw.dtype.kind in "iuf" else _parse_numbers(raw)
    bad = ~((values >= 0) & (values <= LARGEST_VALUE))
    return _Column(values + 0.0, bad, lambda row: _number_fault(raw[row]))  # + 0.0 turns -0.0 into 0.0


def _parse_numbers(cells: Array) -> npt.NDArray[np.float64]:
    """Numbers rounded as IEEE 754 asks; NaN for what is none."""
    try:
        if not _NOT_IN_NUMBERS.search("\n".join(cells)):
            return cells.astype(np.float64)
    except (TypeError, ValueError):
        pass
    return np.fromiter((_number(cell) for cell in cells), np.float64, len(cells))


def _number(cell: object) -> float:
    if isinstance(cell, str):
        return float(cell) if _NUMBER.fullmatch(cell.strip()) else math.nan
    if isinstance(cell, (bool, np.bool_)) or not isinstance(cell, (int, float, np.number)):
        return math.nan
    try:
        return float(cell)
    except OverflowError:
        return math.inf


def _number_fault(cell: object) -> str:
    """Why the cell is no level of demand."""
    if cell is None or cell is pd.NA or (isinstance(cell, str) and not cell.strip()):
        return "is missing; leave the row out if nothing is known about this bucket"
    named = str(cell).strip().lower().lstrip("+-")
    number = _number(cell)
    if named == "nan":
        return "is not a number (NaN); leave the row out if nothing is known about this bucket"
    if named in _NOT_FINITE or math.isinf(number):
        return "is infinite or too large for a number; correct it or leave the row out"
    if math.isnan(number):
        return "is not a number; write digits with a decimal point and no separators, such as 1250.5"
    if number < 0:
        return "is negative; demand is zero or more"
    return f"is above {LARGEST_VALUE:g}, the largest value that is stored; use a larger unit, or correct it"


def _distinct(cells: "pd.Series[Any]") -> tuple[npt.NDArray[np.intp], Any]:
    """The distinct cells and, per row, the position of its cell among them."""
    codes, uniques = pd.factorize(cells, use_na_sentinel=False)
    return codes, uniques


def _is_missing(cell: object) -> bool:
    return cell is None or cell is pd.NaT or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell))


_DEFAULTS = dict.fromkeys(DIMENSIONS, "") | {"workload": str(Workload.UNATTRIBUTED), "unit": ACCELERATORS}
