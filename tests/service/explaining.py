"""Forecasts in the store whose explanation is known, and forecasts that the pipeline made."""

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from demand.calendar import Granularity
from demand.series import Selection
from forecasting.dependence import ErrorMemory
from forecasting.quantiles import GRID
from service.jobs.ports import PublishedForecasts, StoredForecasts, StoredHistory
from service.store.engine import Store
from service.store.run import RunKind, RunRequest
from training.partitions import partitions
from training.pipeline import Ports, TrainingSettings, retrain, silent
from training.ports import SeriesForecast
from training.recipe import Choice, Recipe

HORIZON = 100
EVERYTHING = Selection()
MODELS = ("seasonal_naive", "weekly_naive", "profile")


def publish_forecast(
    store: Store,
    choice: Choice,
    quantiles: np.ndarray,
    members: Mapping[str, np.ndarray],
    *,
    granularity: Granularity = Granularity.HOUR,
) -> str:
    """Publish one forecast, the same for every stored series, and give the id of its run."""
    with store.begin() as unit:
        run = unit.runs.create(
            RunRequest(RunKind.RETRAIN, granularity, len(quantiles), 5, EVERYTHING), datetime.now(UTC)
        )
        extents = unit.observations.extents([series.id for series in unit.series.find(EVERYTHING)])
        unit.runs.start(run.id, as_of=unit.observations.newest_recorded_at(), at=datetime.now(UTC))
        for part in unit.runs.plan(run.id, partitions(extents, granularity, 100)):
            start = part.partition.cut_off + pd.Timedelta(hours=granularity.rhythm.hours)
            memory = ErrorMemory(np.zeros(granularity.rhythm.memory, dtype=np.float32), 0.0)
            made = [
                SeriesForecast(series_id, start, quantiles, memory, choice, members)
                for series_id in part.partition.series_ids
            ]
            unit.forecasts.save(run.id, made)
        unit.runs.publish(run.id, _recipe(granularity, len(quantiles), None), datetime.now(UTC))
    return run.id


def train(store: Store) -> str:
    """Train every stored series by the hour, as a run does; the id of the run."""
    with store.begin() as unit:
        run = unit.runs.create(RunRequest(RunKind.RETRAIN, Granularity.HOUR, HORIZON, 5, EVERYTHING), datetime.now(UTC))
        extents = unit.observations.extents([series.id for series in unit.series.find(EVERYTHING)])
        run = unit.runs.start(run.id, as_of=unit.observations.newest_recorded_at(), at=datetime.now(UTC))
        planned = unit.runs.plan(run.id, partitions(extents, Granularity.HOUR, 100))
    ports = Ports(StoredHistory(store, run.as_of), StoredForecasts(store, run.id), PublishedForecasts(store))
    for part in planned:
        retrain(part.partition, ports, TrainingSettings(HORIZON, seed=5, models=MODELS), silent)
    assert run.as_of is not None
    with store.begin() as unit:
        unit.runs.publish(run.id, _recipe(Granularity.HOUR, HORIZON, run.as_of.isoformat()), datetime.now(UTC))
    return run.id


def _recipe(granularity: Granularity, horizon: int, as_of: str | None) -> Recipe:
    return Recipe(granularity, horizon, GRID, 5, as_of, MODELS, ("f" * 64,), {"numpy": "2"})
