"""A small stored fleet, and what is asked of it."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd

from demand.calendar import Granularity, buckets
from demand.series import Selection
from demand.tidy import Batch, OnError
from forecasting.catalogue import Preset
from service.store.engine import Store
from service.store.run import Run, RunKind, RunRequest

EVERYTHING = Selection()
START = pd.Timestamp("2026-01-05", tz="UTC")


def ingest(store: Store, count: int, *, granularity: Granularity = Granularity.HOUR, region: str = "here") -> None:
    """Store seven weeks by the hour, or as many buckets of another width, of `count` series with a daily rhythm."""
    steps = 7 * 168 if granularity is Granularity.HOUR else 60
    when = buckets(START, steps, granularity)
    rng = np.random.default_rng(count)
    rows = []
    for number in range(count):
        level = 20 + 5 * number + 8 * np.sin(np.arange(steps) * 2 * np.pi / 24) + rng.normal(0, 1, steps)
        rows.append(
            pd.DataFrame({"timestamp": when, "value": np.maximum(level, 0)}).assign(
                provider="", region=region, accelerator=f"a{number:02}", workload="inference", stage="", tenant=""
            )
        )
    table = pd.concat(rows, ignore_index=True).assign(unit="accelerators")
    batch = Batch(table.assign(line=np.arange(len(table), dtype=np.int64)), ())
    with store.staging() as unit:
        unit.observations.ingest([batch], source="test", on_error=OnError.ABORT, granularity=granularity)


def ask(
    store: Store,
    kind: RunKind = RunKind.RETRAIN,
    *,
    granularity: Granularity = Granularity.HOUR,
    horizon: int = 24,
    selection: Selection = EVERYTHING,
    preset: Preset = Preset.BALANCED,
) -> Run:
    """Store a run, as the API does before it enqueues it."""
    with store.begin() as unit:
        return unit.runs.create(RunRequest(kind, granularity, horizon, 7, selection, preset), datetime.now(UTC))


def look(store: Store, run_id: str) -> Run:
    with store.read() as unit:
        return unit.runs.get(run_id)
