from pathlib import Path

import pandas as pd
import pytest

from benchmarks.windows import Task
from demand.calendar import Granularity


def level(hour: int) -> float:
    return 10 + hour % 24 + hour / 100


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two series that end an hour apart, one of them with a gap."""
    start = pd.Timestamp("2025-01-01", tz="UTC")
    rows = [
        (f"{start + pd.Timedelta(hours=hour)}", "p", "", "", "training", tenant, "accelerators", level(hour))
        for tenant, hours in (("one", 200), ("two", 201))
        for hour in range(hours)
        if (tenant, hour) != ("two", 50)
    ]
    columns = ["timestamp", "provider", "region", "accelerator", "workload", "tenant", "unit", "value"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "pair.csv.gz", index=False)
    return tmp_path


@pytest.fixture
def task() -> Task:
    return Task("pair", ("pair",), Granularity.HOUR, season=24, horizon=10, origins=2, context=100, totals=("pair",))
