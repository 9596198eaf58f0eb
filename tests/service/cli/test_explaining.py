import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.service.cli.conftest import Command, environment_of, run_command


@pytest.fixture(scope="module")
def forecasts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with forecasts of three weeks of one series with a daily rhythm."""
    folder = tmp_path_factory.mktemp("explaining")
    hours = pd.date_range("2025-01-06", periods=504, freq="h", tz="UTC")
    value = 100 + 20 * np.sin(2 * np.pi * np.arange(504) / 24)
    table = pd.DataFrame({"timestamp": hours.strftime("%Y-%m-%dT%H:%M:%SZ"), "tenant": "search", "value": value})
    table.to_csv(folder / "fleet.csv", index=False)
    models = {"COMPUTECAST_MODELS": '["weekly_naive", "profile"]'}
    environment = environment_of(f"sqlite:///{folder / 'forecasts.db'}") | models
    for command in (("ingest", "fleet.csv"), ("retrain", "--granularity", "hour", "--horizon", 30)):
        done = run_command(folder, environment, command)
        assert done.returncode == 0, done.stderr
    return folder / "forecasts.db"


@pytest.fixture
def trained(computecast: Command, forecasts: Path, tmp_path: Path) -> Command:
    """The command line over a copy of that store."""
    shutil.copy(forecasts, tmp_path / "store.db")
    return computecast


def test_a_forecast_is_explained_in_tables(trained: Command) -> None:
    done = trained("explain", "--series-id", 1, "--horizon", 6)
    assert done.returncode == 0, done.stderr
    assert "series 1 (workload=unattributed, tenant=search), accelerators, by the hour" in done.stdout
    assert "made by ensemble in run" in done.stdout
    for name in ("profile", "seasonal_naive", "trend", "daily", "weekly", "remainder", "1-24", "25-30"):
        assert name in done.stdout
    rows = re.findall(r"^│ (2025-01-27 0\d:00) │(.*)│$", done.stdout, re.MULTILINE)
    assert [timestamp for timestamp, _ in rows] == [f"2025-01-27 0{hour}:00" for hour in range(6)]
    for hour, (_, cells) in enumerate(rows):
        low, median, high, *parts = [float(cell) for cell in cells.split("│")][:7]
        assert low <= median <= high
        assert sum(parts) == pytest.approx(median, abs=0.021)
        assert median == pytest.approx(100 + 20 * np.sin(2 * np.pi * hour / 24), abs=2)


def test_more_buckets_than_are_published_are_not_shown(trained: Command) -> None:
    done = trained("explain", "--series-id", 1, "--horizon", 500)
    assert done.returncode == 0, done.stderr
    assert "2025-01-28 05:00" in done.stdout
    assert "2025-01-28 06:00" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--series-id", 9), "series 9 is not stored"),
        (("--series-id", 1, "--granularity", "day"), "no day forecast of series 1"),
    ],
)
def test_what_cannot_be_explained_is_said_in_a_sentence(
    trained: Command, arguments: tuple[object, ...], said: str
) -> None:
    done = trained("explain", *arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
