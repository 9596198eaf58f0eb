import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.service.cli.conftest import Command, environment_of, run_command

TARGET = "2025-01-20T06:00:00Z"


@pytest.fixture(scope="module")
def forecasts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which one series was forecast, half a day came true, and it was forecast again."""
    folder = tmp_path_factory.mktemp("revising")
    hours = pd.date_range("2025-01-06", periods=360, freq="h", tz="UTC")
    value = 100 + 20 * np.sin(2 * np.pi * np.arange(360) / 24)
    table = pd.DataFrame({"timestamp": hours.strftime("%Y-%m-%dT%H:%M:%SZ"), "tenant": "search", "value": value})
    table[:330].to_csv(folder / "first.csv", index=False)
    table[330:340].assign(value=value[330:340] + 50).to_csv(folder / "second.csv", index=False)
    environment = environment_of(f"sqlite:///{folder / 'forecasts.db'}") | {"COMPUTECAST_MODELS": '["seasonal_naive"]'}
    for command in (
        ("ingest", "first.csv"),
        ("retrain", "--granularity", "hour", "--horizon", 48),
        ("ingest", "second.csv"),
        ("refresh", "--granularity", "hour", "--horizon", 48),
    ):
        done = run_command(folder, environment, command)
        assert done.returncode == 0, done.stderr
    return folder / "forecasts.db"


@pytest.fixture
def trained(computecast: Command, forecasts: Path, tmp_path: Path) -> Command:
    """The command line over a copy of that store."""
    shutil.copy(forecasts, tmp_path / "store.db")
    return computecast


def test_each_publication_about_a_bucket_is_shown_with_its_change(trained: Command) -> None:
    done = trained("revisions", TARGET)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.strip().startswith("2025-01-20 06:00")]
    assert len(lines) == 4  # unattributed and total, twice each
    assert re.search(r"\s-\s", lines[0])
    assert "everything selected: total (accelerators)" in done.stdout


def test_the_table_that_is_written_holds_the_changes(trained: Command, tmp_path: Path) -> None:
    written = tmp_path / "told.csv"
    done = trained("revisions", TARGET, "--end", "2025-01-20T08:00:00Z", "--group-by", "tenant", "--output", written)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(written)
    total = table[table.workload == "total"].sort_values(["timestamp", "issued_at"])
    assert list(total.tenant.unique()) == ["search"]
    assert total.timestamp.tolist() == sorted(["2025-01-20T06:00:00Z", "2025-01-20T07:00:00Z"] * 2)
    for _, bucket in total.groupby("timestamp"):
        assert np.isnan(bucket.mean_change.iloc[0])
        np.testing.assert_allclose(bucket.mean_change.iloc[1], np.diff(bucket["mean"])[0])
        np.testing.assert_allclose(bucket["q0.9_change"].iloc[1], np.diff(bucket["q0.9"])[0])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("soon",), "is no time"),
        (("2025-01-20T06:00:00",), "is no moment with a UTC offset"),
        ((TARGET, "--group-by", "colour"), "is none of provider, region, accelerator, stage, tenant"),
        ((TARGET, "--select", "tenant=nobody"), "no series is stored"),
        (("2030-01-01T00:00:00Z",), "nothing that was published"),
        ((TARGET, "--output", "told.txt"), "names no format"),
    ],
)
def test_what_cannot_be_answered_is_told_in_a_sentence(trained: Command, arguments: tuple[str, ...], told: str) -> None:
    done = trained("revisions", *arguments)
    assert done.returncode == 1
    assert told in done.stderr
