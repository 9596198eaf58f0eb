"""How published forecasts turned out: what is needed to score them, and their scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    LargeBinary,
    Row,
    and_,
    case,
    delete,
    func,
    insert,
    literal,
    select,
)

from demand.calendar import Granularity, buckets
from demand.history import FloatArray
from demand.limits import TOLERANCE
from forecasting.quantiles import GRID
from service.store.ids import among
from service.store.instants import from_hour, to_hour
from service.store.publication_tables import ISSUE
from service.store.publications import LONGEST_HOURS
from service.store.score_tables import BASELINE, SCORE
from service.store.tables import FORECAST, RUN_SERIES
from service.store.upserts import upsert
from training.latent import Evidence
from training.recipe import Choice
from training.watching import Baseline, Sums

_STEP_BYTES = 4 * len(GRID)
_KEY = ["start_hour", "stretch", "model"]


@dataclass(frozen=True)
class IssuedSlice:
    """The part of one published forecast that tells of some buckets.

    Attributes:
        run_id: the run that made it.
        start: its first bucket, UTC.
        first_step: the step that the slice begins with, 0 being the first bucket.
        quantiles: at `GRID`, shape (n_steps, n_levels).
        model: what weighs most in it; None as long as it has no baseline.
        baseline: what it is scored against; None where nothing was known of the series then, or nobody has looked.
        ceiling: the level at which use hides what is asked for; None where the data shows none.
    """

    run_id: str
    start: pd.Timestamp
    first_step: int
    quantiles: FloatArray
    model: str | None
    baseline: Baseline | None
    ceiling: float | None

    def outcomes(self, actual: FloatArray) -> FloatArray:
        """Outcomes without those at the ceiling."""
        return actual if self.ceiling is None else np.where(actual >= self.ceiling * (1 - TOLERANCE), np.nan, actual)


class ScoreRepository:
    """The scores of published forecasts, and what they are made from."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def first_starts(self, series_id: int) -> dict[Granularity, pd.Timestamp]:
        """Per granularity the start of the first forecast that was published of a series."""
        statement = select(ISSUE.c.granularity, func.min(ISSUE.c.start_hour)).group_by(ISSUE.c.granularity)
        rows = self._connection.execute(statement.where(ISSUE.c.series_id == series_id))
        return {Granularity(granularity): from_hour(start) for granularity, start in rows}

    def issued(self, series_id: int, granularity: Granularity, start: pd.Timestamp, n_steps: int) -> list[IssuedSlice]:
        """What every published forecast of a series tells of consecutive buckets, and nothing else of it.

        Args:
            series_id: the stored series.
            granularity: of the forecasts.
            start: the first bucket.
            n_steps: how many buckets.
        """
        first, width = to_hour(start), LONGEST_HOURS[granularity]
        skipped: ColumnElement[int] = literal(0)
        kept: ColumnElement[bytes] = FORECAST.c.quantiles
        if granularity is not Granularity.MONTH:
            skipped = case((ISSUE.c.start_hour < first, (literal(first) - ISSUE.c.start_hour) // width), else_=0)
            wanted = skipped * _STEP_BYTES + 1, n_steps * _STEP_BYTES
            kept = func.substr(FORECAST.c.quantiles, *wanted, type_=LargeBinary)
        made = and_(FORECAST.c.run_id == ISSUE.c.run_id, FORECAST.c.series_id == ISSUE.c.series_id)
        against = and_(BASELINE.c.run_id == ISSUE.c.run_id, BASELINE.c.series_id == ISSUE.c.series_id)
        statement = (
            select(ISSUE.c.run_id, ISSUE.c.start_hour, skipped.label("first_step"), kept.label("kept"), *_BASELINE)
            .join(FORECAST, made)
            .outerjoin(BASELINE, against)
            .where(ISSUE.c.series_id == series_id, ISSUE.c.granularity == granularity.value)
            .where(ISSUE.c.start_hour < to_hour(buckets(start, n_steps + 1, granularity)[-1]))
            .where(ISSUE.c.start_hour > first - (granularity.rhythm.horizon_limit + 1) * width)
            .where(func.length(FORECAST.c.quantiles, type_=Integer) == FORECAST.c.n_steps * _STEP_BYTES)
        )
        # a run whose forecast was served, replaced and served again is issued twice
        slices = {row.run_id: _issued_slice(row) for row in self._connection.execute(statement)}
        told = (each for each in slices.values() if len(each.quantiles))
        return sorted(told, key=lambda each: (each.start, each.run_id))

    def save_baselines(self, run_id: str, made: Mapping[int, Baseline | None]) -> None:
        """Keep what forecasts of a run are scored against, by the id of the series; saving it again changes nothing."""
        mine = RUN_SERIES.c.run_id == run_id
        statement = select(RUN_SERIES.c.series_id, RUN_SERIES.c.choice)
        statement = statement.join(
            FORECAST, and_(FORECAST.c.run_id == RUN_SERIES.c.run_id, FORECAST.c.series_id == RUN_SERIES.c.series_id)
        )
        of_these = among(RUN_SERIES.c.series_id, sorted(made), self._connection.dialect)
        rows = self._connection.execute(statement.where(mine, of_these))
        kept = [
            _baseline_row(run_id, series_id, Choice.from_json(choice), made[series_id]) for series_id, choice in rows
        ]
        upsert(self._connection, BASELINE, kept)

    def replace(
        self, series_id: int, granularity: Granularity, spans: Sequence[pd.Timestamp], scores: Sequence[dict[str, Any]]
    ) -> None:
        """Put new scores in the place of those of some spans.

        A score that is made of more forecasts than the new one stays: some of them are no longer stored.

        Args:
            series_id: the stored series.
            granularity: of the forecasts.
            spans: the starts of all spans that were looked at.
            scores: from `score_row`.
        """
        hours = [to_hour(span) for span in spans]
        here = and_(
            SCORE.c.series_id == series_id,
            SCORE.c.granularity == granularity.value,
            among(SCORE.c.start_hour, hours, self._connection.dialect),
        )
        found = self._connection.execute(select(*(SCORE.c[name] for name in (*_KEY, "forecasts"))).where(here))
        stays = {tuple(row)[:3]: row.forecasts for row in found}
        new = {tuple(row[name] for name in _KEY): row for row in scores}
        fuller = {key for key, count in stays.items() if count > new.get(key, {"forecasts": 0})["forecasts"]}
        gone = [key for key in stays if key not in fuller]
        for hour, stretch, model in gone:
            this = and_(SCORE.c.start_hour == hour, SCORE.c.stretch == stretch, SCORE.c.model == model)
            self._connection.execute(delete(SCORE).where(here, this))
        rows = [row for key, row in new.items() if key not in fuller]
        if rows:
            self._connection.execute(insert(SCORE), rows)


def score_row(series_id: int, granularity: Granularity, span: pd.Timestamp, model: str, score: Sums) -> dict[str, Any]:
    """The row of one score."""
    return {
        "series_id": series_id,
        "granularity": granularity.value,
        "start_hour": to_hour(span),
        "stretch": score.stretch,
        "model": model,
        "forecasts": score.forecasts,
        "n": score.n,
        "loss": score.loss,
        "naive_loss": score.naive_loss,
        "error": score.error,
        "actual": score.actual,
        "covered": score.covered,
    }


_BASELINE = [BASELINE.c[name] for name in ("model", "middle", "ages", "deviation", "scale", "ceiling")]


def _issued_slice(row: Row[Any]) -> IssuedSlice:
    baseline = None
    if row.middle:
        middle = np.frombuffer(row.middle, "<f4").astype(np.float64)
        baseline = Baseline(middle, np.frombuffer(row.ages, "<i2").astype(np.int64), row.deviation, row.scale)
    quantiles = np.frombuffer(row.kept, "<f4").reshape(-1, len(GRID))
    start = from_hour(row.start_hour)
    return IssuedSlice(row.run_id, start, row.first_step, quantiles, row.model, baseline, row.ceiling)


def _baseline_row(run_id: str, series_id: int, choice: Choice, baseline: Baseline | None) -> dict[str, Any]:
    latent = choice.latent
    return {
        "run_id": run_id,
        "series_id": series_id,
        "model": choice.served_by or next(iter(choice.mean_weights()), choice.model),
        "middle": b"" if baseline is None else baseline.middle.astype("<f4").tobytes(),
        "ages": b"" if baseline is None else baseline.ages.astype("<i2").tobytes(),
        "deviation": 0.0 if baseline is None else baseline.deviation,
        "scale": 1.0 if baseline is None else baseline.scale,
        "ceiling": latent.ceiling if latent is not None and latent.evidence is Evidence.DATA else None,
    }
