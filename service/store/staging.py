"""Rows of a request on their way into the store, in temporary tables that only its own transaction sees."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Double,
    Integer,
    MetaData,
    Table,
    bindparam,
    delete,
    func,
    select,
)

from demand.calendar import Granularity
from demand.series import DIMENSIONS, SeriesKey, Workload
from demand.tidy import Batch, Rejection
from service.store.bulk import insert_columns
from service.store.ingest_report import RejectionLog
from service.store.instants import from_hours, to_hours
from service.store.upserts import insert_for

WEEK_HOURS = 168


def _staged_table(name: str, *columns: "Column[Any]") -> Table:
    return Table(name, MetaData(), *columns, prefixes=["TEMPORARY"])


STAGED = _staged_table(
    "staged",
    Column("number", Integer, primary_key=True),
    Column("hour", Integer, primary_key=True),
    Column("line", BigInteger, nullable=False),
    Column("value", Double, nullable=False),
)
"""The rows to store, at most one per series and hour."""

_INCOMING = _staged_table(
    "incoming",
    Column("number", Integer, nullable=False),
    Column("hour", Integer, nullable=False),
    Column("line", BigInteger, nullable=False),
    Column("value", Double, nullable=False),
)


@dataclass
class StagedSeries:
    """What is known of the rows that share a series and a unit.

    Attributes:
        number: stands for them in the temporary tables.
        key: the series that they name.
        unit: the unit that they name.
        line: where the first of them was.
        hour: the bucket of the first of them.
        midnights: whether all lie on midnights.
        months: whether all lie on midnights of a month's first day.
        weekly: whether all lie whole weeks apart.
    """

    number: int
    key: SeriesKey
    unit: str
    line: int
    hour: int
    midnights: bool = True
    months: bool = True
    weekly: bool = True

    def granularity(self, distinct: int) -> Granularity:
        """The coarsest granularity whose grid holds all rows; hours if they are too few to tell."""
        if distinct < 3 or not self.midnights:
            return Granularity.HOUR
        if self.months:
            return Granularity.MONTH
        return Granularity.WEEK if self.weekly else Granularity.DAY


class Staging:
    """The rows of one request.

    Args:
        connection: the connection of the unit of work.
        log: told of every row that is refused.
    """

    def __init__(self, connection: Connection, log: RejectionLog) -> None:
        self._connection = connection
        self._log = log
        self._series: dict[tuple[str, ...], StagedSeries] = {}
        self.repeats = 0
        for table in (STAGED, _INCOMING):
            table.create(connection)

    def drop(self) -> None:
        """Remove the temporary tables."""
        for table in (STAGED, _INCOMING):
            table.drop(self._connection)

    @property
    def series(self) -> list[StagedSeries]:
        """All pairs of series and unit that came up, in order of appearance."""
        return list(self._series.values())

    def add(self, batch: Batch) -> None:
        """Stage the accepted rows of a batch; one that contradicts an earlier row is refused."""
        self._log.add(batch.rejections, batch.unexplained)
        if batch.rows.empty:
            return
        hours = to_hours(pd.DatetimeIndex(batch.rows["timestamp"])).astype("i4")
        lines = batch.rows["line"].to_numpy("i8")
        numbers = self._number(batch.rows, lines, hours)
        values = batch.rows["value"].to_numpy("f8")
        columns = {"number": numbers, "hour": hours, "line": lines, "value": values}
        insert_columns(self._connection, _INCOMING, columns)
        first = select(_INCOMING).order_by(_INCOMING.c.line)
        statement = insert_for(self._connection, STAGED).from_select(list(columns), first).on_conflict_do_nothing()
        kept = self._connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount
        if kept < len(lines):
            self._log.explain(self._contradictions(), _contradiction)
        self._connection.execute(delete(_INCOMING))

    def rows_of(self, series: StagedSeries) -> Iterator[tuple[int, int]]:
        """Line and hour of every staged row of these, by line."""
        statement = select(STAGED.c.line, STAGED.c.hour).where(STAGED.c.number == series.number)
        for row in self._connection.execute(statement.order_by(STAGED.c.line)):
            yield row.line, row.hour

    def remove(self, series: StagedSeries, hours: Iterable[int]) -> None:
        """Take rows back."""
        rows = [{"of": series.number, "at": hour} for hour in hours]
        if rows:
            this = (STAGED.c.number == bindparam("of")) & (STAGED.c.hour == bindparam("at"))
            self._connection.execute(delete(STAGED).where(this), rows)

    def counts(self) -> dict[int, int]:
        """How many rows are staged, by the number of their series."""
        statement = select(STAGED.c.number, func.count().label("rows")).group_by(STAGED.c.number)
        return {row.number: row.rows for row in self._connection.execute(statement)}

    def _contradictions(self) -> Iterator[tuple[int, float, int, float]]:
        """Line and value of rows that disagree with an earlier one, and of that one; those that agree are counted."""
        same = (_INCOMING.c.number == STAGED.c.number) & (_INCOMING.c.hour == STAGED.c.hour)
        statement = (
            select(_INCOMING.c.line, _INCOMING.c.value, STAGED.c.line.label("earlier"), STAGED.c.value.label("before"))
            .join(STAGED, same)
            .where(_INCOMING.c.line != STAGED.c.line)
            .order_by(_INCOMING.c.line)
        )
        for row in self._connection.execute(statement):
            if row.value == row.before:
                self.repeats += 1
            else:
                yield row.line, row.value, row.earlier, row.before

    def _number(self, rows: pd.DataFrame, lines: npt.NDArray[Any], hours: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The number of each row's pair of series and unit, after noting what the rows say of it."""
        names = [*DIMENSIONS, "unit"]
        groups = rows.groupby(names, sort=False).ngroup().to_numpy()
        order = np.argsort(groups, kind="stable")
        starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
        first = order[starts]
        numbers = np.empty(len(first), dtype="i4")
        named = rows[names].iloc[first].itertuples(index=False, name=None)
        for group, (name, line, hour) in enumerate(
            zip(named, lines[first].tolist(), hours[first].tolist(), strict=True)
        ):
            series = self._series.get(name)
            if series is None:
                key = SeriesKey(name[0], name[1], name[2], Workload(name[3]), name[4], name[5])
                series = self._series[name] = StagedSeries(len(self._series), key, name[6], line, hour)
            numbers[group] = series.number
        self._note_grids(numbers, hours[order], starts)
        return numbers[groups]

    def _note_grids(self, numbers: npt.NDArray[Any], hours: npt.NDArray[Any], starts: npt.NDArray[Any]) -> None:
        """Note on which grids the rows lie; `hours` are in groups that begin at `starts`, one per number."""
        anchors = np.array([series.hour for series in self.series], dtype="i4")[numbers]
        lengths = np.diff(starts, append=len(hours))
        weekly = (hours - np.repeat(anchors, lengths)) % WEEK_HOURS == 0
        midnights = hours % 24 == 0
        months = midnights & (from_hours(hours).day == 1)
        every = (np.logical_and.reduceat(flags, starts).tolist() for flags in (midnights, months, weekly))
        all_series = self.series
        for number, midnight, month, week in zip(numbers.tolist(), *every, strict=True):
            series = all_series[number]
            series.midnights &= midnight
            series.months &= month
            series.weekly &= week


def _contradiction(rows: tuple[int, float, int, float]) -> Rejection:
    line, value, earlier, before = rows
    told = f"contradicts {before!r} in line {earlier}, for the same series and time; keep one of them"
    return Rejection(line, "value", repr(value), told)
