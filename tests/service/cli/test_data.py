from pathlib import Path

import pytest

from demand.series import Selection
from service.store.engine import Store
from tests.service.cli.conftest import Command

GOOD = "timestamp,workload,value\n2025-01-06T00:00:00Z,training,1\n2025-01-06T01:00:00Z,training,2\n"


def observations(store: Store) -> int:
    with store.read() as unit:
        ids = [series.id for series in unit.series.find(Selection())]
        return sum(extent.observed for extent in unit.observations.extents(ids).values())


def test_files_are_stored_and_storing_them_again_changes_nothing(
    computecast: Command, tmp_path: Path, store: Store
) -> None:
    (tmp_path / "a.csv").write_text(GOOD)
    (tmp_path / "b.ndjson").write_text('{"timestamp": "2025-01-06T02:00:00Z", "workload": "training", "value": 3}\n')
    first = computecast("ingest", "a.csv", "b.ndjson")
    assert first.returncode == 0, first.stderr
    assert "a.csv: 2 inserted" in first.stdout
    assert "b.ndjson: 1 inserted" in first.stdout
    assert "2 unchanged" in computecast("ingest", "a.csv").stdout
    assert observations(store) == 3


def test_a_bad_row_stores_nothing_of_its_file_and_is_shown(computecast: Command, tmp_path: Path, store: Store) -> None:
    (tmp_path / "bad.csv").write_text(GOOD + "2025-01-06T02:00:00Z,training,-5\n")
    done = computecast("ingest", "bad.csv")
    assert done.returncode == 1
    assert "is negative" in done.stderr
    assert "1 rejected" in done.stdout
    assert "Traceback" not in done.stderr
    assert observations(store) == 0
    assert computecast("ingest", "--on-error", "skip", "bad.csv").returncode == 0
    assert observations(store) == 2


@pytest.mark.parametrize(("name", "said"), [("absent.csv", "no file"), ("fleet.xlsx", ".parquet")])
def test_a_file_that_cannot_be_read_is_named(computecast: Command, tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "fleet.xlsx").write_text("")
    done = computecast("ingest", name)
    assert done.returncode == 1
    assert said in done.stderr


@pytest.mark.timeout(400)
def test_the_demo_fills_an_empty_store_once_and_trains_on_it(computecast: Command, store: Store) -> None:
    first = computecast("demo", "--hours", 24 * 28)
    assert first.returncode == 0, first.stderr
    assert "simulated" in first.stdout
    assert "hour: published" in first.stdout
    assert "day: published" in first.stdout
    filled = observations(store)
    with store.read() as unit:
        providers = {series.key.provider for series in unit.series.find(Selection())}
    assert all(provider.startswith("simulated-") for provider in providers)
    second = computecast("demo")
    assert second.returncode == 0
    assert "it is kept" in second.stdout
    assert "published" not in second.stdout
    assert observations(store) == filled


def test_a_store_that_cannot_be_made_is_told_with_what_to_set(computecast: Command) -> None:
    done = computecast("demo", COMPUTECAST_DATABASE_URL="sqlite:////proc/nowhere/store.db")
    assert done.returncode == 1
    assert "COMPUTECAST_DATABASE_URL" in done.stderr
