"""Several writers at once, and writers that are killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import func, select

from demand.series import SeriesKey
from demand.tidy import Batch, OnError
from service.store.engine import Store
from service.store.ingest_report import IngestReport
from service.store.tables import INGEST, OBSERVATION, REVISION, SERIES
from service.store.unit_of_work import StoreUnavailable

Rows = Callable[..., Batch]

_KILLED = """
import sys, time
import pandas as pd
from demand.tidy import OnError, check_rows
from service.store.engine import Store

def batches():
    for first in range(3):
        times = pd.date_range("2025-01-06", periods=5000, freq="h", tz="UTC") + pd.Timedelta(hours=5000 * first)
        raw = pd.DataFrame({"line": range(2, 5002), "timestamp": times, "value": 9.0, "tenant": "killed"})
        yield check_rows(raw, now=pd.Timestamp("2030-01-01", tz="UTC"))
        if sys.argv[2] == "staging" and first == 1:
            wait()

def wait():
    print("ready", flush=True)
    time.sleep(600)

with Store(sys.argv[1]).staging() as unit:
    unit.observations.ingest(batches(), source="killed", on_error=OnError.ABORT)
    wait()
"""


@pytest.mark.parametrize("moment", ["staging", "merged"])
def test_a_process_killed_in_mid_ingest_leaves_nothing_and_blocks_nobody(
    store_url: str, ingest: Callable[..., IngestReport], moment: str
) -> None:
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", _KILLED, store_url, moment], stdout=subprocess.PIPE, cwd=root, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.kill(process.pid, signal.SIGKILL)
    with closing(Store(store_url)) as store:
        report = ingest(store, [{"timestamp": "2025-01-06T00:00:00Z", "value": 1}])
        assert (report.inserted, report.updated) == (1, 0)
        with store.engine.connect() as connection:
            for table in (SERIES, INGEST, OBSERVATION):
                assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 1


def test_ingests_at_once_end_as_if_they_had_come_one_after_the_other(store_url: str, batch_of: Rows) -> None:
    writers, rounds, hours = 4, 6, 40

    def write(writer: int) -> list[IngestReport]:
        reports = []
        with closing(Store(store_url)) as store:
            for turn in range(rounds):
                first = (writer + turn) % 7
                rows = [
                    {"timestamp": f"2025-01-{6 + hour // 24:02d}T{hour % 24:02d}:00:00Z", "value": writer * 100 + turn}
                    for hour in range(first, first + hours)
                ]
                with store.staging() as unit:
                    report = unit.observations.ingest([batch_of(rows)], source=f"{writer}", on_error=OnError.ABORT)
                reports.append(report)
        return reports

    with ThreadPoolExecutor(writers) as pool:
        reports = [report for written in pool.map(write, range(writers)) for report in written]
    with closing(Store(store_url)) as store, store.engine.connect() as connection:
        ingests = connection.execute(select(INGEST).order_by(INGEST.c.id)).all()
        values = {row.hour: (row.value, row.ingest_id) for row in connection.execute(select(OBSERVATION))}
        n_revisions = connection.execute(select(func.count()).select_from(REVISION)).scalar_one()
    assert len(ingests) == writers * rounds
    recorded = [row.recorded_at for row in ingests]
    assert all(before < after for before, after in pairwise(recorded))
    assert sum(report.inserted for report in reports) == len(values)
    assert sum(report.updated for report in reports) == n_revisions
    turns: dict[int, int] = {}
    expected = {}
    base = min(values)
    for row in ingests:
        writer = int(row.source)
        turn = turns[writer] = turns.get(writer, -1) + 1
        first = (writer + turn) % 7
        expected |= {base + hour: (float(writer * 100 + turn), row.id) for hour in range(first, first + hours)}
    assert values == expected


def test_others_write_while_an_ingest_still_reads_its_rows(store: Store, batch_of: Rows, noon: datetime) -> None:
    def batches() -> Iterator[Batch]:
        yield batch_of([{"timestamp": "2025-01-06T00:00:00Z", "value": 1, "tenant": "slow"}])
        with store.begin() as other:
            other.workers.beat("meanwhile", "host", 1, noon)
        with store.staging() as other:
            quick = batch_of([{"timestamp": "2025-01-06T00:00:00Z", "value": 2, "tenant": "quick"}])
            other.observations.ingest([quick], source="quick", on_error=OnError.ABORT)
        yield batch_of([{"timestamp": "2025-01-06T01:00:00Z", "value": 3, "tenant": "slow"}], first_line=3)

    with store.staging() as unit:
        report = unit.observations.ingest(batches(), source="slow", on_error=OnError.ABORT)
    assert report.inserted == 2
    with store.read() as unit:
        assert [worker.id for worker in unit.workers.alive(noon)] == ["meanwhile"]
        assert len(unit.series.by_key([SeriesKey(tenant="slow"), SeriesKey(tenant="quick")])) == 2


def test_a_server_that_goes_away_in_mid_ingest_is_unavailable_and_then_used_again(
    store: Store, batch_of: Rows, ingest: Callable[..., IngestReport]
) -> None:
    if store.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no server")
    rows = [{"timestamp": "2025-01-06T00:00:00Z", "value": 1}]

    def batches() -> Iterator[Batch]:
        yield batch_of(rows)
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        with store.engine.connect() as connection:
            connection.exec_driver_sql(f"{others} AND pid <> pg_backend_pid()")
        yield batch_of([{"timestamp": "2025-01-06T01:00:00Z", "value": 1}])

    with pytest.raises(StoreUnavailable, match="try again"), store.staging() as unit:
        unit.observations.ingest(batches(), source="cut", on_error=OnError.ABORT)
    assert ingest(store, rows).inserted == 1


def test_a_source_that_breaks_off_leaves_nothing(store: Store, batch_of: Rows) -> None:
    def batches() -> Iterator[Batch]:
        yield batch_of([{"timestamp": "2025-01-06T00:00:00Z", "value": 1}])
        raise OSError("the file ends here")

    with pytest.raises(OSError, match="the file ends here"), store.staging() as unit:
        unit.observations.ingest(batches(), source="broken", on_error=OnError.ABORT)
    with store.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(INGEST)).scalar_one() == 0
