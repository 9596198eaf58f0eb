"""Scores summed over groups of series, stretches of the horizon and models."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from demand.calendar import Granularity
from demand.series import DIMENSIONS, Selection
from service.store.ids import among
from service.store.instants import first_hour, from_hour
from service.store.score_tables import SCORE
from service.store.series import selected
from service.store.tables import SERIES
from training.watching import Tally

_GROUPS: dict[str, ColumnElement[Any]] = {
    "series": SCORE.c.series_id,
    **{name: SERIES.c[name] for name in DIMENSIONS},
    "stretch": SCORE.c.stretch,
    "model": SCORE.c.model,
}
"""What scores can be grouped by."""

_SUMS = ("n", "covered", "loss", "naive_loss", "error", "actual")
_HOURS_TO_MONDAY = 96
"""From the beginning of 1970, a Thursday, to its first Monday."""


@dataclass(frozen=True)
class AccuracyQuestion:
    """Which scores, and how they are summed.

    Attributes:
        selection: the part of the fleet.
        granularity: of the forecasts.
        group_by: what tells groups apart, in order: `series`, a dimension, `stretch` or `model`; units always do.
        since: only spans of time that begin at or after this instant; all if not given.
        until: only spans that begin before this instant.
        models: only forecasts in which one of these weighs most; all if not given.
    """

    selection: Selection
    granularity: Granularity
    group_by: tuple[str, ...] = ("workload",)
    since: datetime | None = None
    until: datetime | None = None
    models: tuple[str, ...] = ()


@dataclass(frozen=True)
class Accuracy:
    """How the forecasts of one group turned out.

    Attributes:
        group: per name in the question's `group_by` its value: an id for `series`, counted from zero for `stretch`.
        unit: of the series.
        loss: mean scaled quantile loss.
        naive_loss: the same of the seasonal naive.
        error: mean of outcome less median.
        actual: mean outcome.
        tally: of coverage.
    """

    group: dict[str, Any]
    unit: str
    loss: float
    naive_loss: float
    error: float
    actual: float
    tally: Tally

    @property
    def relative_loss(self) -> float | None:
        """The loss as a share of the naive's: below one is better; None where the naive was never wrong."""
        return self.loss / self.naive_loss if self.naive_loss else None

    @property
    def coverage(self) -> float:
        """Share of outcomes in the 80 % band."""
        return self.tally.covered / self.tally.n

    @property
    def error_percent(self) -> float | None:
        """The mean error as a percentage of the mean outcome; None where nothing was ever in use."""
        return 100 * self.error / self.actual if self.actual else None


@dataclass(frozen=True)
class WeekOfScores:
    """How the forecasts of one series turned out in one week.

    Attributes:
        start: the Monday.
        n: pairs of forecast and outcome.
        covered: those in the 80 % band.
        loss: sum of scaled quantile losses.
        naive_loss: the same of the seasonal naive.
    """

    start: datetime
    n: int
    covered: int
    loss: float
    naive_loss: float


class AccuracyRepository:
    """Sums of scores."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, asked: AccuracyQuestion, *, limit: int, skip: int = 0) -> list[Accuracy]:
        """Groups in the order of what tells them apart.

        Args:
            asked: which scores.
            limit: how many groups at most.
            skip: how many of the first to leave away.
        """
        names = (*asked.group_by, "unit")
        columns = [_GROUPS[name] if name != "unit" else SERIES.c.unit for name in names]
        keys = [column.label(f"group_{place}") for place, column in enumerate(columns)]
        sums = [func.sum(SCORE.c[name]).label(name) for name in _SUMS]
        spans = select(*keys, SCORE.c.start_hour, *sums).join(SERIES, SERIES.c.id == SCORE.c.series_id)
        part = spans.where(*_conditions(asked)).group_by(*columns, SCORE.c.start_hour).subquery()
        groups = [part.c[key.name] for key in keys]
        totals = [func.sum(part.c[name]).label(name) for name in _SUMS]
        products = {
            "n_squared": part.c.n * part.c.n,
            "both": part.c.n * part.c.covered,
            "covered_squared": part.c.covered * part.c.covered,
        }
        squares = [func.sum(product).label(name) for name, product in products.items()]
        statement: Select[Any] = select(*groups, *totals, *squares, func.count().label("spans"))
        statement = statement.group_by(*groups).order_by(*groups).limit(limit).offset(skip)
        return [_accuracy(asked.group_by, row) for row in self._connection.execute(statement)]

    def weekly(
        self, series_ids: Sequence[int], granularity: Granularity, stretch: int
    ) -> dict[int, list[WeekOfScores]]:
        """Scores of one stretch of the horizon by week and series, the oldest week first.

        Args:
            series_ids: the stored series; one without scores is left out.
            granularity: of the forecasts.
            stretch: of the horizon, counted from zero.
        """
        week = ((SCORE.c.start_hour - _HOURS_TO_MONDAY) // 168).label("week")
        sums = [func.sum(SCORE.c[name]).label(name) for name in ("n", "covered", "loss", "naive_loss")]
        statement = (
            select(SCORE.c.series_id, week, *sums)
            .where(SCORE.c.granularity == granularity.value, SCORE.c.stretch == stretch)
            .where(among(SCORE.c.series_id, series_ids, self._connection.dialect))
            .group_by(SCORE.c.series_id, week)
            .order_by(SCORE.c.series_id, week)
        )
        found: dict[int, list[WeekOfScores]] = {}
        for row in self._connection.execute(statement):
            start = from_hour(row.week * 168 + _HOURS_TO_MONDAY).to_pydatetime()
            told = WeekOfScores(start, int(row.n), int(row.covered), row.loss, row.naive_loss)
            found.setdefault(row.series_id, []).append(told)
        return found


def _conditions(asked: AccuracyQuestion) -> list[ColumnElement[bool]]:
    conditions = [SCORE.c.granularity == asked.granularity.value, *selected(asked.selection)]
    if asked.since is not None:
        conditions.append(SCORE.c.start_hour >= first_hour(asked.since))
    if asked.until is not None:
        conditions.append(SCORE.c.start_hour < first_hour(asked.until))
    if asked.models:
        conditions.append(SCORE.c.model.in_(asked.models))
    return conditions


def _accuracy(group_by: Sequence[str], row: Row[Any]) -> Accuracy:
    *values, unit = tuple(row)[: len(group_by) + 1]
    n = int(row.n)
    squares = float(row.n_squared), float(row.both), float(row.covered_squared)
    return Accuracy(
        group=dict(zip(group_by, values, strict=True)),
        unit=unit,
        loss=row.loss / n,
        naive_loss=row.naive_loss / n,
        error=row.error / n,
        actual=row.actual / n,
        tally=Tally(row.spans, n, float(row.covered), *squares),
    )
