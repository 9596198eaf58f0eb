"""Forecasts of the same series at several granularities, as runs would publish them."""

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from demand.calendar import Granularity, number, previous
from demand.history import FloatArray
from demand.series import Selection
from forecasting.dependence import PATHS, SHARED_SEED, RankTemplate, error_memory
from forecasting.quantiles import GRID
from forecasting.reconciliation import COARSER, implied
from service.store.engine import Store
from service.store.run import RunKind, RunRequest
from training.pipeline import own_seed
from training.ports import Partition, SeriesForecast
from training.recipe import Choice, Recipe

STARTS = {
    Granularity.HOUR: pd.Timestamp("2025-01-20T09:00", tz="UTC"),
    Granularity.DAY: pd.Timestamp("2025-01-19", tz="UTC"),
    Granularity.WEEK: pd.Timestamp("2025-01-20", tz="UTC"),
    Granularity.MONTH: pd.Timestamp("2025-01-01", tz="UTC"),
}
HORIZONS = {Granularity.HOUR: 672, Granularity.DAY: 180, Granularity.WEEK: 20, Granularity.MONTH: 24}

Known = Mapping[int, FloatArray]
"""Quantiles per series id."""


def publish_at(store: Store, granularity: Granularity, start: pd.Timestamp | None = None) -> tuple[str, Known]:
    """Publish skewed forecasts of every stored series; the run, and what it published."""
    begin, horizon = start or STARTS[granularity], HORIZONS[granularity]
    first = number(begin, granularity)
    template = RankTemplate.draw(SHARED_SEED, PATHS, range(first, first + horizon), granularity.rhythm.memory)
    request = RunRequest(RunKind.RETRAIN, granularity, horizon, seed=5, selection=Selection())
    known, forecasts = {}, []
    with store.begin() as unit:
        run = unit.runs.create(request, datetime.now(UTC))
        series = unit.series.find(Selection())
        unit.runs.start(run.id, as_of=unit.observations.newest_recorded_at(), at=datetime.now(UTC))
        ids = tuple(each.id for each in series)
        unit.runs.plan(run.id, [Partition(ids, granularity, previous(begin, granularity))])
        for each in series:
            rng = np.random.default_rng([each.id, list(Granularity).index(granularity)])
            levels = 100 * each.id * rng.gamma(40, 1 / 40, (horizon, 1))
            drawn = np.quantile(levels[..., None] * rng.gamma(5, 1 / 5, (horizon, 1, 200)), GRID, axis=2)
            known[each.id] = np.moveaxis(drawn[..., 0], 0, 1).astype(np.float32).astype(np.float64)
            size = granularity.rhythm.memory
            memory = error_memory(rng.normal(size=size), first, size, season=1)
            paths = template.paths(known[each.id], GRID, memory, own_seed(each.key), first)
            says = {coarse: implied(paths, begin, granularity, coarse, GRID) for coarse in COARSER[granularity]}
            choice = Choice("theta", {"theta": 0.6}, naive_score=1.0)
            forecasts.append(SeriesForecast(each.id, begin, known[each.id], memory, choice, implied=says))
        unit.forecasts.save(run.id, forecasts)
        recipe = Recipe(granularity, horizon, GRID, 5, None, ("theta",), ("f" * 64,), {"numpy": "2"})
        unit.runs.publish(run.id, recipe, datetime.now(UTC))
    return run.id, known
