"""Short ways to bring rows into a store."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.series import SeriesKey
from demand.tidy import Batch, OnError, check_rows
from service.store.engine import Store
from service.store.ingest_report import IngestReport

Row = Mapping[str, Any]


@pytest.fixture
def batch_of() -> Callable[..., Batch]:
    """Checked rows from dictionaries; lines are counted from `first_line`."""

    def build(rows: Iterable[Row], first_line: int = 2) -> Batch:
        rows = list(rows)
        names = dict.fromkeys(name for row in rows for name in row)
        raw = pd.DataFrame({name: [row.get(name, "") for row in rows] for name in names}, dtype=object)
        raw["line"] = np.arange(first_line, first_line + len(raw))
        return check_rows(raw, now=pd.Timestamp("2030-01-01", tz="UTC"))

    return build


@pytest.fixture
def ingest(batch_of: Callable[..., Batch]) -> Callable[..., IngestReport]:
    """Store rows given as dictionaries, in one request."""

    def store_rows(
        store: Store, rows: Iterable[Row], on_error: OnError = OnError.ABORT, granularity: Granularity | None = None
    ) -> IngestReport:
        with store.staging() as unit:
            return unit.observations.ingest([batch_of(rows)], source="test", on_error=on_error, granularity=granularity)

    return store_rows


@pytest.fixture
def hourly(ingest: Callable[..., IngestReport]) -> Callable[..., int]:
    """Store an hourly series that starts on Monday, 6 January 2025; its id."""

    def store_series(store: Store, tenant: str, values: Iterable[float]) -> int:
        start = pd.Timestamp("2025-01-06", tz="UTC")
        rows = [
            {"timestamp": (start + pd.Timedelta(hours=hour)).isoformat(), "tenant": tenant, "value": value}
            for hour, value in enumerate(values)
        ]
        ingest(store, rows)
        with store.read() as unit:
            return unit.series.by_key([SeriesKey(tenant=tenant)])[SeriesKey(tenant=tenant)].id

    return store_series


@pytest.fixture
def noon() -> datetime:
    """An instant to call now."""
    return datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def sqlite_store(sqlite_template: Path, tmp_path: Path) -> Iterator[Store]:
    """A store on SQLite, for what only SQLite does."""
    shutil.copy(sqlite_template, tmp_path / "only.db")
    store = Store(f"sqlite:///{tmp_path / 'only.db'}")
    yield store
    store.close()
