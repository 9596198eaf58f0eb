"""Forecasts, and which of them are served."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    LargeBinary,
    Row,
    Select,
    Table,
    bindparam,
    func,
    select,
    update,
)

from demand.calendar import Granularity
from demand.errors import Invalid
from demand.history import FloatArray
from demand.series import Selection
from forecasting.dependence import ErrorMemory
from service.store import earlier
from service.store.ids import among
from service.store.instants import from_hour, from_micros, to_hour
from service.store.publications import served
from service.store.relatives import Relatives, relatives, save_implied
from service.store.run import RunEnded, RunState, SeriesState
from service.store.series import SeriesRepository, StoredSeries, selected, stored_series
from service.store.tables import FORECAST, PARTITION, PUBLICATION, RUN, RUN_SERIES, SERIES
from service.store.upserts import upsert
from training.ports import Known, SeriesForecast
from training.recipe import Choice, Recipe

_FLOAT32 = np.dtype("<f4")


@dataclass(frozen=True)
class PublishedForecast:
    """The forecast that is served for one series.

    Attributes:
        series: the stored series.
        run_id: the run that made it.
        recipe: how that run made its forecasts, with the seed of its paths.
        choice: the model of this series and why.
        cut_off: the last bucket of the history that was learned from.
        published_at: since when it is served.
        start: the first forecast bucket, UTC.
        levels: probabilities of the quantiles.
        quantiles: shape (n_steps, n_levels).
        memory: past errors, for joint paths.
        members: per model that took part its own quantiles at 0.1, 0.5 and 0.9, shape (n_steps, 3); empty unless asked
            for.
    """

    series: StoredSeries
    run_id: str
    recipe: Recipe
    choice: Choice
    cut_off: pd.Timestamp
    published_at: datetime
    start: pd.Timestamp
    levels: tuple[float, ...]
    quantiles: FloatArray
    memory: ErrorMemory
    members: Mapping[str, FloatArray]


class ForecastRepository:
    """The forecasts of all runs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, run_id: str, forecasts: Sequence[SeriesForecast]) -> None:
        """Keep forecasts of a run, and their series as done by the choice that comes with them.

        The series must be in the plan of the run. Saving the same again changes nothing.

        Raises:
            RunEnded: the run has ended, and what was published is never changed.
            Invalid: a quantile is no number, or none that is kept.
        """
        self._refuse_ended(run_id)
        self._check(forecasts)
        outcomes = [{"of_series": each.series_id, "choice": each.choice.to_json()} for each in forecasts]
        if not outcomes:
            return
        planned = (RUN_SERIES.c.run_id == run_id) & (RUN_SERIES.c.series_id == bindparam("of_series"))
        done = {"state": SeriesState.DONE.value, "reason": "", "choice": bindparam("choice")}
        self._connection.execute(update(RUN_SERIES).where(planned).values(done), outcomes)
        upsert(self._connection, FORECAST, [_forecast_row(run_id, forecast) for forecast in forecasts])
        save_implied(self._connection, run_id, forecasts)

    def published(
        self,
        selection: Selection,
        granularity: Granularity,
        *,
        steps: int | None = None,
        members: bool = False,
        as_of: datetime | None = None,
    ) -> list[PublishedForecast]:
        """What is served for the selected series, or was at some instant, by ascending series id.

        Args:
            selection: the part of the fleet.
            granularity: the width of the forecast buckets.
            steps: how many buckets ahead at most; fewer are read faster.
            members: also read what each member of the ensembles forecast, over all steps.
            as_of: that instant, None for the present one.
        """
        statement = _published(served(as_of), granularity, steps).where(*selected(selection))
        if members:
            statement = statement.add_columns(FORECAST.c.members, FORECAST.c.member_names)
        rows = self._connection.execute(statement).all()
        serving = select(RUN.c.id, RUN.c.recipe).where(RUN.c.id.in_({row.run_id for row in rows}))
        recipes = {row.id: Recipe.from_json(row.recipe) for row in self._connection.execute(serving)}
        return [_published_forecast(row, recipes[row.run_id]) for row in rows]

    def newest_start(
        self, selection: Selection, granularity: Granularity, as_of: datetime | None
    ) -> pd.Timestamp | None:
        """Where the newest of the forecasts that are, or were, served for the selected series begins.

        Args:
            selection: the part of the fleet.
            granularity: the width of the forecast buckets.
            as_of: the instant whose state is read, None for the present one.
        """
        what = served(as_of)
        statement = select(func.max(FORECAST.c.start_hour)).join(what, _same(FORECAST, what))
        statement = statement.join(SERIES, SERIES.c.id == what.c.series_id)
        found = self._connection.execute(
            statement.where(what.c.granularity == granularity.value, *selected(selection))
        ).scalar()
        return None if found is None else from_hour(found)

    def choices(self, series_ids: Sequence[int], granularity: Granularity) -> dict[int, Choice]:
        """The choice behind what is served, for each of the series that has one."""
        statement = (
            select(RUN_SERIES.c.series_id, RUN_SERIES.c.choice)
            .join(PUBLICATION, _same(RUN_SERIES, PUBLICATION))
            .where(PUBLICATION.c.granularity == granularity.value)
            .where(among(RUN_SERIES.c.series_id, series_ids, self._connection.dialect))
        )
        return {row.series_id: Choice.from_json(row.choice) for row in self._connection.execute(statement)}

    def relatives(
        self,
        selection: Selection,
        granularity: Granularity,
        steps: Mapping[Granularity, int] | None = None,
        *,
        as_of: datetime | None = None,
    ) -> dict[int, Relatives]:
        """What is, or was, served of the same series at other granularities, as far as it bears on this one.

        Args:
            selection: the part of the fleet.
            granularity: what is asked for.
            steps: how many buckets to read at most of each coarser forecast; all if not given.
            as_of: the instant whose state is read, None for the present one.
        """
        return relatives(self._connection, selection, granularity, steps, served(as_of))

    def known(self, series_ids: Sequence[int], granularity: Granularity) -> dict[int, Known]:
        """What is known from earlier forecasts, for each of the series that has a published one."""
        return earlier.known(self._connection, series_ids, granularity)

    def _refuse_ended(self, run_id: str) -> None:
        """Until the end of the transaction the run does not end either, so that nothing slips in as it is published."""
        of_run = select(RUN.c.state).where(RUN.c.id == run_id).with_for_update(read=True)
        state = self._connection.execute(of_run).scalar()
        if state is not None and RunState(state).is_final:
            raise RunEnded(run_id, RunState(state))

    def _check(self, forecasts: Sequence[SeriesForecast]) -> None:
        """Refuse what could be written but not served; once published, it would spoil every sum that it is part of."""
        for forecast in forecasts:
            unfit = ~(np.abs(forecast.quantiles) <= np.finfo(_FLOAT32).max)
            if unfit.any():
                step, level = np.argwhere(unfit)[0]
                key = SeriesRepository(self._connection).get(forecast.series_id).key
                raise Invalid(
                    f"the forecast of series {forecast.series_id} ({key}) holds {forecast.quantiles[step, level]} at "
                    f"step {step + 1}, which is no level of demand; leave it out, or look for what is odd about its "
                    "history"
                )


def _same(table: Table, what: FromClause) -> ColumnElement[bool]:
    """Joins a table of results per run and series to what is published of them."""
    return (table.c.run_id == what.c.run_id) & (table.c.series_id == what.c.series_id)


def _published(what: FromClause, granularity: Granularity, steps: int | None) -> Select[Any]:
    quantiles: ColumnElement[Any] = FORECAST.c.quantiles
    if steps is not None:
        step_bytes = func.length(FORECAST.c.quantiles, type_=Integer) // FORECAST.c.n_steps
        quantiles = func.substr(FORECAST.c.quantiles, 1, step_bytes * steps, type_=LargeBinary)
    own_partition = (PARTITION.c.run_id == RUN_SERIES.c.run_id) & (PARTITION.c.number == RUN_SERIES.c.partition)
    kept = FORECAST.c.run_id, FORECAST.c.start_hour, FORECAST.c.error_scores, FORECAST.c.persistence
    return (
        select(SERIES, *kept, quantiles.label("quantiles"))
        .add_columns(RUN_SERIES.c.choice, PARTITION.c.cut_off, what.c.published_at)
        .join_from(what, SERIES, SERIES.c.id == what.c.series_id)
        .join(FORECAST, _same(FORECAST, what))
        .join(RUN_SERIES, _same(RUN_SERIES, what))
        .join(PARTITION, own_partition)
        .where(what.c.granularity == granularity.value)
        .order_by(SERIES.c.id)
    )


def _forecast_row(run_id: str, forecast: SeriesForecast) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "series_id": forecast.series_id,
        "start_hour": to_hour(forecast.start),
        "n_steps": len(forecast.quantiles),
        "quantiles": _packed(forecast.quantiles),
        "error_scores": _packed(forecast.memory.scores),
        "persistence": forecast.memory.persistence,
        "members": b"".join(_packed(values) for values in forecast.members.values()),
        "member_names": list(forecast.members),
    }


def _published_forecast(row: Row[Any], recipe: Recipe) -> PublishedForecast:
    scores = np.frombuffer(row.error_scores, dtype=_FLOAT32).astype(np.float32)
    quantiles = np.frombuffer(row.quantiles, dtype=_FLOAT32).astype(np.float64)
    return PublishedForecast(
        series=stored_series(row),
        run_id=row.run_id,
        recipe=recipe,
        choice=Choice.from_json(row.choice),
        cut_off=from_hour(row.cut_off),
        published_at=from_micros(row.published_at),
        start=from_hour(row.start_hour),
        levels=recipe.levels,
        quantiles=quantiles.reshape(-1, len(recipe.levels)),
        memory=ErrorMemory(scores, row.persistence),
        members=_members(row) if "members" in row._fields else {},
    )


def _members(row: Row[Any]) -> dict[str, FloatArray]:
    """The quantiles of each member over all steps; there is none where all failed, or before they were kept."""
    if not row.member_names:
        return {}
    values = np.frombuffer(row.members, dtype=_FLOAT32).astype(np.float64)
    return dict(zip(row.member_names, values.reshape(len(row.member_names), -1, 3), strict=True))


def _packed(numbers: npt.NDArray[Any]) -> bytes:
    return np.ascontiguousarray(numbers, dtype=_FLOAT32).tobytes()
