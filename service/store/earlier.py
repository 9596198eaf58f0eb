"""Earlier forecasts of series: what was learned, and which forecasts of other ages tell how it turned out."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, select, tuple_

from demand.calendar import Granularity
from forecasting.dependence import ErrorMemory
from forecasting.quantiles import GRID
from service.store.ids import among
from service.store.instants import from_hour
from service.store.run import RunState
from service.store.tables import FORECAST, PUBLICATION, RUN, RUN_SERIES
from training.ports import IssuedForecast, Known
from training.recipe import Choice

Place = tuple[str, int]
"""Where a forecast is stored: its run and its series."""


def known(connection: Connection, series_ids: Sequence[int], granularity: Granularity) -> dict[int, Known]:
    """What the published forecasts of these series know, and older forecasts to compare with what came true since.

    Of each stretch of the horizon there is at most one older forecast: the newest that had that lead already when the
    published one begins.
    """
    published = {row.series_id: row for row in _published(connection, series_ids, granularity)}
    older = _older(connection, published, granularity)
    wanted = [place for places in older.values() for place in places]
    quantiles = _quantiles(connection, wanted) if wanted else {}
    return {
        series_id: Known(
            Choice.from_json(row.choice),
            ErrorMemory(np.frombuffer(row.error_scores, dtype="<f4").astype(np.float32), row.persistence),
            (_issued(row.start_hour, row.quantiles), *(quantiles[place] for place in older[series_id])),
        )
        for series_id, row in published.items()
    }


def _published(connection: Connection, series_ids: Sequence[int], granularity: Granularity) -> Sequence[Row[Any]]:
    same = (FORECAST.c.run_id == PUBLICATION.c.run_id) & (FORECAST.c.series_id == PUBLICATION.c.series_id)
    learned = (RUN_SERIES.c.run_id == PUBLICATION.c.run_id) & (RUN_SERIES.c.series_id == PUBLICATION.c.series_id)
    statement = (
        select(FORECAST, RUN_SERIES.c.choice)
        .join(PUBLICATION, same)
        .join(RUN_SERIES, learned)
        .where(PUBLICATION.c.granularity == granularity.value)
        .where(among(PUBLICATION.c.series_id, series_ids, connection.dialect))
    )
    return connection.execute(statement).all()


def _older(
    connection: Connection, published: Mapping[int, Row[Any]], granularity: Granularity
) -> dict[int, list[Place]]:
    """The places of the older forecasts of each series, those of short leads first."""
    if not published:
        return {}
    # one that began earlier says nothing any more of what has come true since the newest
    reach = round(granularity.rhythm.horizon_limit * granularity.rhythm.hours)
    oldest = min(row.start_hour for row in published.values()) - reach
    statement = (
        select(FORECAST.c.run_id, FORECAST.c.series_id, FORECAST.c.start_hour)
        .join(RUN, RUN.c.id == FORECAST.c.run_id)
        .where(RUN.c.state == RunState.SUCCEEDED.value, RUN.c.granularity == granularity.value)
        .where(among(FORECAST.c.series_id, sorted(published), connection.dialect))
        .where(FORECAST.c.start_hour >= oldest)
        .order_by(FORECAST.c.start_hour.desc(), RUN.c.finished_at.desc())
    )
    starts: dict[int, list[tuple[int, Place]]] = defaultdict(list)
    for run_id, series_id, start in connection.execute(statement):
        starts[series_id].append((start, (run_id, series_id)))
    chosen: dict[int, list[Place]] = {}
    for series_id, row in published.items():
        latest = [row.start_hour - round(lead * granularity.rhythm.hours) for lead in granularity.rhythm.stretches]
        places = [next((place for begin, place in starts[series_id] if begin <= bound), None) for bound in latest]
        chosen[series_id] = list(dict.fromkeys(place for place in places if place is not None))
    return chosen


def _quantiles(connection: Connection, places: Sequence[Place]) -> dict[Place, IssuedForecast]:
    columns = FORECAST.c.run_id, FORECAST.c.series_id, FORECAST.c.start_hour, FORECAST.c.quantiles
    statement = select(*columns).where(tuple_(FORECAST.c.run_id, FORECAST.c.series_id).in_(list(places)))
    return {
        (run_id, series_id): _issued(start, values)
        for run_id, series_id, start, values in connection.execute(statement)
    }


def _issued(start_hour: int, quantiles: bytes) -> IssuedForecast:
    values = np.frombuffer(quantiles, dtype="<f4").astype(np.float64)
    return IssuedForecast(from_hour(start_hour), values.reshape(-1, len(GRID)))
