"""What is published of the same series at other granularities, as far as it bears on one of them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy import typing as npt
from sqlalchemy import Connection, FromClause, Integer, LargeBinary, Row, Select, and_, case, func, literal, select

from demand.calendar import Granularity
from demand.history import FloatArray
from demand.series import Selection
from forecasting.dependence import ErrorMemory
from forecasting.quantiles import GRID
from forecasting.reconciliation import FINER, PARENT, Implied
from service.store.instants import from_hour, to_hour
from service.store.series import selected
from service.store.tables import FORECAST, IMPLIED, PUBLICATION, SERIES
from service.store.upserts import upsert
from training.ports import SeriesForecast

_FLOAT32 = np.dtype("<f4")
_NOTHING = literal(b"", LargeBinary)


@dataclass(frozen=True)
class Relative:
    """The published forecast of a series at one granularity.

    Attributes:
        granularity: the width of its buckets.
        run_id: the run that made it.
        start: its first bucket, UTC.
        quantiles: at `GRID`, shape (n_steps, n_levels); no step of one that is not coarser than what is asked for.
        memory: its past errors.
        implied: what it says of coarser buckets.
    """

    granularity: Granularity
    run_id: str
    start: pd.Timestamp
    quantiles: FloatArray
    memory: ErrorMemory
    implied: Mapping[Granularity, Implied]


Relatives = Mapping[Granularity, Relative]
"""The published forecasts of one series."""


def ancestry(granularity: Granularity) -> tuple[Granularity, ...]:
    """The granularity and those coarser ones whose paths its own are fitted into, the finest first."""
    parent = PARENT.get(granularity)
    return (granularity, *ancestry(parent)) if parent else (granularity,)


def save_implied(connection: Connection, run_id: str, forecasts: Sequence[SeriesForecast]) -> None:
    """Keep what forecasts say of coarser buckets; the forecasts themselves must be kept already."""
    rows = [
        {
            "run_id": run_id,
            "series_id": forecast.series_id,
            "granularity": granularity.value,
            "start_hour": to_hour(implied.start),
            "quantiles": np.ascontiguousarray(implied.quantiles, dtype=_FLOAT32).tobytes(),
        }
        for forecast in forecasts
        for granularity, implied in forecast.implied.items()
    ]
    upsert(connection, IMPLIED, rows)


def relatives(
    connection: Connection,
    selection: Selection,
    granularity: Granularity,
    steps: Mapping[Granularity, int] | None,
    what: FromClause = PUBLICATION,
) -> dict[int, Relatives]:
    """What bears on the forecasts of the selected series at a granularity: coarser ones, and what finer ones imply.

    Args:
        connection: the connection of the unit of work.
        selection: the part of the fleet.
        granularity: what is asked for.
        steps: how many buckets to read at most of each coarser forecast; all if not given.
        what: what is, or was, served.
    """
    found: dict[int, dict[Granularity, Relative]] = defaultdict(dict)
    for row in connection.execute(_statement(what, granularity, steps).where(*selected(selection))):
        known = found[row.series_id].get(Granularity(row.granularity)) or _relative(row)
        hints = dict(known.implied)
        if row.implies is not None:
            hints[Granularity(row.implies)] = Implied(from_hour(row.implied_start), _quantiles(row.implied))
        found[row.series_id][known.granularity] = replace(known, implied=hints)
    return dict(found)


def _statement(what: FromClause, granularity: Granularity, steps: Mapping[Granularity, int] | None) -> Select[Any]:
    own, *coarser = ancestry(granularity)
    told = (own, *coarser)
    width = func.length(FORECAST.c.quantiles, type_=Integer) // FORECAST.c.n_steps
    whole = FORECAST.c.quantiles
    parts = [
        (
            what.c.granularity == each.value,
            whole if steps is None else func.substr(whole, 1, width * steps[each], type_=LargeBinary),
        )
        for each in coarser
    ]
    wanted = {*coarser, *(FINER[each] for each in told if each in FINER)}
    same = (FORECAST.c.run_id == what.c.run_id) & (FORECAST.c.series_id == what.c.series_id)
    says = and_(
        IMPLIED.c.run_id == what.c.run_id,
        IMPLIED.c.series_id == what.c.series_id,
        IMPLIED.c.granularity.in_([each.value for each in told]),
    )
    return (
        select(what.c.series_id, what.c.granularity, what.c.run_id, FORECAST.c.start_hour)
        .add_columns(FORECAST.c.error_scores, FORECAST.c.persistence)
        .add_columns((case(*parts, else_=_NOTHING) if parts else _NOTHING).label("quantiles"))
        .add_columns(IMPLIED.c.granularity.label("implies"), IMPLIED.c.start_hour.label("implied_start"))
        .add_columns(IMPLIED.c.quantiles.label("implied"))
        .join_from(what, SERIES, SERIES.c.id == what.c.series_id)
        .join(FORECAST, same)
        .outerjoin(IMPLIED, says)
        .where(what.c.granularity.in_([each.value for each in wanted]))
    )


def _relative(row: Row[Any]) -> Relative:
    return Relative(
        granularity=Granularity(row.granularity),
        run_id=row.run_id,
        start=from_hour(row.start_hour),
        quantiles=_quantiles(row.quantiles),
        memory=ErrorMemory(np.frombuffer(row.error_scores, dtype=_FLOAT32).astype(np.float32), row.persistence),
        implied={},
    )


def _quantiles(packed: bytes) -> FloatArray:
    values: npt.NDArray[np.float64] = np.frombuffer(packed, dtype=_FLOAT32).astype(np.float64)
    return values.reshape(-1, len(GRID))
