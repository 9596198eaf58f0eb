from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.series import Selection
from demand.tidy import OnError, check_rows
from forecasting.catalogue import Preset
from forecasting.quantiles import GRID
from service.cli.training import fitting_widths
from service.runs import run_request
from service.store.engine import Store
from service.store.run import Run, RunKind, RunState
from tests.service.cli.conftest import Command


@pytest.fixture
def filled(computecast: Command, tmp_path: Path) -> Command:
    """The command line over a store with twenty days of one series."""
    hours = pd.date_range("2025-01-06", periods=480, freq="h", tz="UTC")
    table = pd.DataFrame({"timestamp": hours.strftime("%Y-%m-%dT%H:%M:%SZ"), "value": range(480)})
    table.to_csv(tmp_path / "fleet.csv", index=False)
    assert computecast("ingest", "fleet.csv").returncode == 0
    return computecast


def published(store: Store, width: Granularity) -> list[str]:
    with store.read() as unit:
        return [forecast.run_id for forecast in unit.forecasts.published(Selection(), width)]


def test_retraining_publishes_at_every_granularity_that_fits(filled: Command, process: Command, store: Store) -> None:
    done = process("retrain", COMPUTECAST_MODELS='["theta", "profile"]')
    assert done.returncode == 0, done.stderr
    assert published(store, Granularity.HOUR)
    assert published(store, Granularity.DAY)
    assert not published(store, Granularity.WEEK)


def test_retraining_if_needed_does_nothing_until_there_is_new_data(
    filled: Command, store: Store, tmp_path: Path
) -> None:
    filled("retrain", "--granularity", "hour")
    first = published(store, Granularity.HOUR)
    filled("ingest", "fleet.csv")
    assert "know all data" in filled("retrain", "--granularity", "hour", "--if-needed").stdout
    assert published(store, Granularity.HOUR) == first
    (tmp_path / "more.csv").write_text("timestamp,value\n2025-01-26T00:00:00Z,5\n")
    filled("ingest", "more.csv")
    filled("retrain", "--granularity", "hour", "--if-needed")
    assert published(store, Granularity.HOUR) != first


def runs(store: Store) -> list[Run]:
    with store.read() as unit:
        return unit.runs.page(limit=10)


def test_retraining_if_needed_finishes_a_run_that_was_left_unfinished(filled: Command, store: Store) -> None:
    filled("retrain", "--granularity", "hour", "--no-wait")
    (left,) = runs(store)
    assert "is queued already" in filled("retrain", "--granularity", "hour", "--if-needed", "--no-wait").stdout
    done = filled("retrain", "--granularity", "hour", "--if-needed")
    assert f"published as run {left.id}" in done.stdout
    (finished,) = runs(store)
    assert (finished.id, finished.state) == (left.id, RunState.SUCCEEDED)


def test_retraining_if_needed_goes_on_after_an_unfinished_run_that_lacks_data_or_series(
    filled: Command, store: Store
) -> None:
    with store.begin() as unit:
        partial = run_request(RunKind.RETRAIN, Granularity.HOUR, Selection(tenant=("none",)))
        unit.runs.create(partial, datetime.now(UTC))
        outdated = unit.runs.create(run_request(RunKind.RETRAIN, Granularity.HOUR, Selection()), datetime.now(UTC))
        before = unit.observations.newest_recorded_at() - timedelta(seconds=1)
        unit.runs.start(outdated.id, as_of=before, at=datetime.now(UTC))
    done = filled("retrain", "--granularity", "hour", "--if-needed")
    assert done.returncode == 0, done.stderr
    newest, *_ = runs(store)
    assert published(store, Granularity.HOUR) == [newest.id]
    assert newest.id not in {outdated.id}


def test_refreshing_publishes_anew_with_the_same_models(filled: Command, store: Store) -> None:
    filled("retrain", "--granularity", "hour", "--horizon", 24)
    first = published(store, Granularity.HOUR)
    assert filled("refresh", "--granularity", "hour", "--horizon", 24).returncode == 0
    assert published(store, Granularity.HOUR) != first


def test_a_run_may_be_left_to_a_worker(filled: Command, store: Store) -> None:
    done = filled("retrain", "--granularity", "hour", "--no-wait", "--preset", "fast")
    assert "is queued as run" in done.stdout
    assert not published(store, Granularity.HOUR)
    assert [run.request.preset for run in runs(store)] == [Preset.FAST]


def test_an_empty_store_says_what_to_do(computecast: Command) -> None:
    done = computecast("retrain")
    assert done.returncode == 1
    assert "computecast ingest FILE" in done.stderr


def test_a_horizon_beyond_the_limit_is_refused(filled: Command) -> None:
    done = filled("retrain", "--granularity", "hour", "--horizon", 5000)
    assert done.returncode == 1
    assert "672" in done.stderr


@pytest.mark.parametrize(
    ("weeks", "expected"),
    [(3, "hour day"), (7, "hour day"), (8, "hour day week"), (13, "hour day week"), (14, "hour day week month")],
)
def test_wider_buckets_are_trained_too_where_the_history_is_long_enough(
    store: Store, weeks: int, expected: str
) -> None:
    hours = pd.date_range("2025-01-06", periods=weeks * 168 + 1, freq="h", tz="UTC")
    table = pd.DataFrame({"timestamp": hours.strftime("%Y-%m-%dT%H:%M:%SZ"), "value": "1"}, dtype=object)
    table["line"] = np.arange(len(table)) + 2
    store.migrate()
    with store.staging() as unit:
        batch = check_rows(table, now=pd.Timestamp("2030-01-01", tz="UTC"))
        unit.observations.ingest([batch], source="test", on_error=OnError.ABORT, granularity=None)
    assert [str(width) for width in fitting_widths(store)] == expected.split()


def test_months_are_forecast_from_half_a_year_of_hours_and_say_how_much_they_know(
    computecast: Command, store: Store, tmp_path: Path
) -> None:
    hours = pd.date_range("2025-01-06", periods=26 * 168, freq="h", tz="UTC")
    values = 100 * np.exp(np.arange(len(hours)) / 8766) + 10 * np.sin(np.arange(len(hours)) * np.pi / 12)
    table = pd.DataFrame({"timestamp": hours.strftime("%Y-%m-%dT%H:%M:%SZ"), "value": values.round(3)})
    table.to_csv(tmp_path / "half.csv", index=False)
    assert computecast("ingest", "half.csv").returncode == 0
    done = computecast("retrain", "--granularity", "month", "--horizon", 12, COMPUTECAST_MODELS='["growth", "kin"]')
    assert done.returncode == 0, done.stderr
    with store.read() as unit:
        (forecast,) = unit.forecasts.published(Selection(), Granularity.MONTH)
    assert (forecast.start, len(forecast.quantiles)) == (pd.Timestamp("2025-07-01", tz="UTC"), 12)
    assert any(note.startswith("5 months of history were known") for note in forecast.choice.notes)
    low, high = (forecast.quantiles[:, GRID.index(level)] for level in (0.1, 0.9))
    ahead = 100 * np.exp((np.arange(12) + 6) / 12)
    assert ((low < ahead) & (ahead < high)).all()
    assert high[11] / low[11] > high[0] / low[0] > 1
