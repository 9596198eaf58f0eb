"""The large plan as a planner asks for it: over HTTP, of a server in a process of its own, over an SQLite store.

The store holds the ledger and pools of `ledgers.py`, two years of months of each class of demand, and a published
forecast of 60 months. Seconds are those of the whole request: reading the store, drawing the paths, the plan, all that
is told beside it, and keeping it.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from benchmarks import ledgers
from benchmarks.ledgers import NOW, Size
from demand.calendar import Granularity, buckets
from demand.series import Selection
from demand.tidy import OnError
from forecasting.dependence import error_memory
from forecasting.quantiles import GRID
from planning.estimates import Estimate
from planning.ledger import Block, Phase
from planning.states import CommitmentState
from service.connectors.files import Format
from service.ingestion import ingest_file
from service.store.capacity_blocks import UNSIGNED
from service.store.engine import Store
from service.store.run import RunKind, RunRequest
from training.partitions import partitions
from training.ports import SeriesForecast
from training.recipe import Choice, Recipe

HISTORY = 24
"""Months of it."""

SLIP_DAYS = Estimate(-20.0, 30.0, 107.0)
"""As the draws of `ledgers.py` have it."""


def served_plan(size: Size, seed: int) -> dict[str, float | str]:
    """A row: how long the request took, and the gap that it answers."""
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'store.db'}"
        fill(url, size, seed)
        with server(url) as address:
            order = {"horizon": size.months, "paths": size.paths, "at": NOW.isoformat(), "gap": 0.01, "time_limit": 60}
            limits = {"minimum_service": {"region0 inference": 0.75}, "discount_rate": 0.08}
            start = time.perf_counter()
            told = _asked(address, {**order, **limits})
            seconds = time.perf_counter() - start
    if len(told["blocks"]) != size.blocks or told["grounds"]["paths"] != size.paths:
        raise RuntimeError(f"the plan is of {len(told['blocks'])} blocks on {told['grounds']['paths']} paths")
    return {"case": "plan over HTTP", "seed": seed, "seconds": seconds, "gap": told["gap"]}


def _asked(address: str, order: dict[str, object]) -> dict[str, Any]:
    """The answer to `POST /v1/plans`."""
    connection = HTTPConnection(address, timeout=300)
    connection.request("POST", "/v1/plans", json.dumps(order), {"content-type": "application/json"})
    with closing(connection), connection.getresponse() as answer:
        told: dict[str, Any] = json.load(answer)
    if answer.status != HTTPStatus.CREATED:
        raise RuntimeError(f"{answer.status}: {told}")
    return told


def fill(url: str, size: Size, seed: int) -> None:
    """Make a store that holds the ledger, the pools, the history of demand and a forecast of it."""
    store = Store(url)
    store.migrate()
    rng = np.random.default_rng([seed, 3])
    table = _history(size, rng)
    with BytesIO(table.to_csv(index=False).encode()) as source:
        ingest_file(store, source, Format.CSV, "benchmark", OnError.ABORT, Granularity.MONTH)
    with store.begin() as unit:
        unit.capacity.save([_stored(each.block) for each in ledgers.blocks(size, seed)])
        unit.topologies.replace(ledgers.topology(size.pools), UNSIGNED)
    newest = table[table.timestamp == table.timestamp.max()].set_index(["region", "workload"]).value
    _publish(store, size.months, newest, rng)
    store.close()


@contextmanager
def server(url: str) -> Iterator[str]:
    """The host and port of a server over the store, in a process that is ended afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "service.cli", "serve", "--no-worker", "--port", "0"],
        env=os.environ | {"COMPUTECAST_DATABASE_URL": url, "COMPUTECAST_LOG_LEVEL": "WARNING", "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        for line in process.stdout or ():
            if found := re.search(r"serves on http://([0-9.:]+);", line):
                yield found[1]
                return
        raise RuntimeError("the server ended before it served")
    finally:
        process.terminate()
        process.wait(30)


def _history(size: Size, rng: np.random.Generator) -> pd.DataFrame:
    """Months of training and inference of every region, with a walk around a level."""
    months = buckets(NOW - pd.DateOffset(months=HISTORY), HISTORY, Granularity.MONTH)
    parts = []
    for region in range(size.pools):
        for workload in ("training", "inference"):
            walk = np.cumsum(rng.normal(0.01, 0.03, HISTORY))
            values = rng.uniform(300, 800) * np.exp(walk - walk[-1])
            place = {"region": f"region{region}", "accelerator": "H100", "workload": workload}
            parts.append(pd.DataFrame({"timestamp": months.strftime("%Y-%m-%dT%H:%M:%SZ"), **place, "value": values}))
    return pd.concat(parts, ignore_index=True)


def _stored(block: Block) -> Block:
    if block.phase is Phase.LIVE:
        return replace(block, state=CommitmentState.ACTIVE)
    return replace(block, state=CommitmentState.PENDING, slip_days=SLIP_DAYS)


def _publish(store: Store, months: int, newest: pd.Series, rng: np.random.Generator) -> None:
    """Lognormal months ahead of every series, that grow and widen as the demand of `ledgers.py` does."""
    request = RunRequest(RunKind.RETRAIN, Granularity.MONTH, months, seed=5)
    now = datetime.now(UTC)
    with store.begin() as unit:
        run = unit.runs.create(request, now)
        keys = {each.id: each.key for each in unit.series.find(Selection())}
        levels = {each: float(newest[key.region, key.workload.value]) for each, key in keys.items()}
        unit.runs.start(run.id, as_of=unit.observations.newest_recorded_at(), at=now)
        for part in unit.runs.plan(run.id, partitions(unit.observations.extents(list(keys)), Granularity.MONTH, 100)):
            ids = part.partition.series_ids
            unit.forecasts.save(run.id, [_forecast(each, levels[each], months, rng) for each in ids])
        recipe = Recipe(Granularity.MONTH, months, GRID, 5, None, ("drift",), ("f" * 64,), {})
        unit.runs.publish(run.id, recipe, now)


def _forecast(series: int, level: float, months: int, rng: np.random.Generator) -> SeriesForecast:
    ahead = np.arange(1, months + 1)[:, None]
    width = np.sqrt(ahead * 0.03**2 + (ahead * 0.0134) ** 2)
    quantiles = level * np.exp(rng.uniform(0.002, 0.018) * ahead + width * ndtri(np.array(GRID)))
    memory = error_memory(rng.normal(size=48), 0, size=Granularity.MONTH.rhythm.memory, season=1)
    return SeriesForecast(
        series, NOW, quantiles, memory, Choice("drift", {"drift": 1.0}, naive_score=1.0, coverage_80=0.8)
    )
