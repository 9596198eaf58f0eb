"""A small fleet whose published forecasts are known."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
from fastapi.testclient import TestClient
from scipy.special import ndtri

from demand.calendar import Granularity
from demand.series import Selection, SeriesKey
from forecasting.dependence import error_memory
from forecasting.quantiles import GRID
from service.store.engine import Store
from service.store.run import RunKind, RunRequest
from training.partitions import partitions
from training.ports import SeriesForecast
from training.recipe import Choice, Recipe

HORIZON = 48
EVERYTHING = Selection()
LAST = pd.Timestamp("2025-01-06T23:00", tz="UTC")
START = pd.Timestamp("2025-01-07", tz="UTC")

CHOICE = Choice("theta", {"theta": 0.6, "ets": 0.8}, naive_score=1.0, coverage_80=0.79)
MIXED = Choice(
    "ensemble",
    {"ensemble": 0.5, "theta": 0.6, "ets": 0.8},
    naive_score=1.0,
    coverage_80=0.81,
    weights={"ets": (0.5, 0.1), "theta": (0.5, 0.9)},
    remarks=("so it is",),
)

MEANS = {
    ("acme", "eu", "training"): 100.0,
    ("acme", "eu", "inference"): 300.0,
    ("acme", "us", "training"): 50.0,
    ("bolt", "us", "unattributed"): 7.0,
}
"""Provider, region and workload of each series, and the mean of its Gaussian forecast; its deviation is a tenth."""


def rows(last: pd.Timestamp = LAST) -> str:
    """Two days of constant history of every series, as CSV."""
    lines = ["timestamp,provider,region,workload,value"]
    for hour in pd.date_range(end=last, periods=48, freq="h"):
        lines += [f"{hour.isoformat()},{','.join(key)},{mean}" for key, mean in MEANS.items()]
    return "\n".join(lines) + "\n"


def send(client: TestClient, body: str | bytes, media_type: str = "text/csv", query: str = "") -> dict[str, object]:
    """Ingest a body that must be accepted."""
    answer = client.post(f"/v1/observations?{query}", content=body, headers={"content-type": media_type})
    assert answer.status_code == 200, answer.text
    document: dict[str, object] = answer.json()
    return document


def publish(
    store: Store,
    *,
    granularity: Granularity = Granularity.HOUR,
    horizon: int = HORIZON,
    selection: Selection = EVERYTHING,
    choice: Choice = CHOICE,
) -> str:
    """Publish Gaussian forecasts of the selected series, whose past errors had nothing in common."""
    request = RunRequest(RunKind.RETRAIN, granularity, horizon, seed=5, selection=selection)
    quantile = ndtri(np.array(GRID))
    with store.begin() as unit:
        run = unit.runs.create(request, datetime.now(UTC))
        stored = {series.id: series for series in unit.series.find(request.selection)}
        extents = unit.observations.extents(list(stored))
        unit.runs.start(run.id, as_of=unit.observations.newest_recorded_at(), at=datetime.now(UTC))
        planned = unit.runs.plan(run.id, partitions(extents, granularity, 100))
        for part in planned:
            start = part.partition.cut_off + pd.Timedelta(hours=granularity.rhythm.hours)
            unit.forecasts.save(
                run.id,
                [
                    SeriesForecast(
                        series_id,
                        start,
                        np.tile(_mean(stored[series_id].key) * (1 + 0.1 * quantile), (horizon, 1)),
                        error_memory(
                            np.random.default_rng(series_id).normal(size=336),
                            0,
                            size=granularity.rhythm.memory,
                            season=1,
                        ),
                        choice,
                    )
                    for series_id in part.partition.series_ids
                ],
            )
        recipe = Recipe(granularity, horizon, GRID, 5, None, ("theta", "ets"), ("f" * 64,), {"numpy": "2"})
        unit.runs.publish(run.id, recipe, datetime.now(UTC))
    return run.id


def _mean(key: SeriesKey) -> float:
    return MEANS.get((key.provider, key.region, key.workload.value), 1.0)
