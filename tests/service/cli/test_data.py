import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from demand.series import Selection
from forecasting.simulator import SHORTEST_HOURS, simulate_fleet
from service.cli.data import store_fleet
from service.store.engine import Store
from service.store.ingest_report import IngestReport
from service.store.observations import ObservationRepository
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


def test_what_users_write_is_shown_as_it_stands(computecast: Command, tmp_path: Path) -> None:
    folder = tmp_path / "folder [bold]"
    folder.mkdir()
    (folder / "x[red].csv").write_text("timestamp,region,value\n2025-01-06T00:00:00Z,,1\n")
    stored = computecast("ingest", folder / "x[red].csv")
    assert stored.returncode == 0, stored.stderr
    assert "x[red].csv: 1 inserted" in stored.stdout
    (tmp_path / "bad[b].csv").write_text("timestamp,region,value\n2025-01-06T01:00:00Z,,[/red]\n2025[/b],,1\n")
    bad = computecast("ingest", "bad[b].csv")
    assert bad.returncode == 1
    assert "bad[b].csv: 0 inserted" in bad.stdout
    assert "'[/red]' is not a number" in bad.stderr
    assert "2025[/b]" in bad.stderr
    for name in ("absent[/b].csv", "absent[red].csv", "x[red]"):
        absent = computecast("ingest", name)
        assert name in absent.stderr
        assert "Traceback" not in absent.stderr + bad.stderr


def test_new_series_are_told_with_the_grid_that_was_chosen(computecast: Command, tmp_path: Path) -> None:
    days = "".join(f"2025-01-0{day}T00:00:00Z,b,1\n" for day in (6, 7, 8))
    (tmp_path / "a.csv").write_text(f"timestamp,tenant,value\n2025-01-06T00:00:00Z,a,1\n{days}")
    assert "2 new series (1 by the hour, 1 by the day)" in computecast("ingest", "a.csv").stdout
    assert "new series" not in computecast("ingest", "a.csv").stdout
    (tmp_path / "c.csv").write_text("timestamp,tenant,value\n2025-01-06T00:00:00Z,c,1\n")
    assert "1 new series (by the day)" in computecast("ingest", "--granularity", "day", "c.csv").stdout


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
        blocks, pools = [stored.block for stored in unit.capacity.find()], unit.topologies.newest()
    assert all(provider.startswith("simulated-") for provider in providers)
    assert {block.source for block in blocks} == {"simulated"}
    assert {pools.topology.pool_of(block.region, block.accelerator) for block in blocks} == set(
        range(len(pools.topology.pools))
    )
    second = computecast("demo")
    assert second.returncode == 0
    assert "it is kept" in second.stdout
    assert "published" not in second.stdout
    assert observations(store) == filled


def test_a_demo_that_is_interrupted_leaves_nothing_half_stored(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    done: list[IngestReport] = []
    ingest = ObservationRepository.ingest

    def killed_at_the_second(self: ObservationRepository, *batches: Any, **options: Any) -> IngestReport:
        if done:
            raise Killed
        done.append(ingest(self, *batches, **options))
        return done[0]

    fleet = simulate_fleet(seed=1, hours=SHORTEST_HOURS, end=pd.Timestamp("2025-06-01", tz="UTC"))
    shutil.copy(sqlite_template, tmp_path / "demo.db")
    with closing(Store(f"sqlite:///{tmp_path / 'demo.db'}")) as store:
        with monkeypatch.context() as patch:
            patch.setattr(ObservationRepository, "ingest", killed_at_the_second)
            with pytest.raises(Killed):
                store_fleet(store, fleet)
        assert done[0].inserted == len(fleet.rows())
        assert observations(store) == 0
        store_fleet(store, fleet)
        assert observations(store) == len(fleet.rows())
        with store.read() as unit:
            assert unit.observations.newest_recorded_at() > done[0].recorded_at  # type: ignore[operator]


def test_a_store_that_cannot_be_made_is_told_with_what_to_set(computecast: Command) -> None:
    done = computecast("demo", COMPUTECAST_DATABASE_URL="sqlite:////proc/nowhere/store.db")
    assert done.returncode == 1
    assert "COMPUTECAST_DATABASE_URL" in done.stderr
