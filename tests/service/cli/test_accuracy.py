import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.service.cli.conftest import Command, environment_of, run_command


@pytest.fixture(scope="module")
def forecasts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a naive forecast of one series of which half came true, 50 higher than it was."""
    folder = tmp_path_factory.mktemp("accuracy")
    hours = pd.date_range("2025-01-06", periods=384, freq="h", tz="UTC")
    value = 200 + 20 * np.sin(2 * np.pi * np.arange(384) / 24) + np.random.default_rng(1).normal(0, 3, 384)
    table = pd.DataFrame({"timestamp": hours.strftime("%Y-%m-%dT%H:%M:%SZ"), "tenant": "search", "value": value})
    table[:336].to_csv(folder / "first.csv", index=False)
    table[336:].assign(value=value[336:] + 50).to_csv(folder / "second.csv", index=False)
    environment = environment_of(f"sqlite:///{folder / 'forecasts.db'}") | {"COMPUTECAST_MODELS": '["seasonal_naive"]'}
    for command in (
        ("ingest", "first.csv"),
        ("retrain", "--granularity", "hour", "--horizon", 96),
        ("ingest", "second.csv"),
    ):
        done = run_command(folder, environment, command)
        assert done.returncode == 0, done.stderr
    return folder / "forecasts.db"


@pytest.fixture
def trained(computecast: Command, forecasts: Path, tmp_path: Path) -> Command:
    """The command line over a copy of that store."""
    shutil.copy(forecasts, tmp_path / "store.db")
    return computecast


def test_what_came_true_is_scored_and_shown_without_a_worker(trained: Command) -> None:
    done = trained("accuracy", "--group-by", "stretch")
    assert done.returncode == 0, done.stderr
    for stretch in ("1-24", "25-72"):
        (line,) = [line for line in done.stdout.splitlines() if re.search(rf"\b{stretch}\b", line)]
        assert " 24 " in line
    assert "+5" in done.stdout


def test_the_table_that_is_written_holds_the_numbers(trained: Command, tmp_path: Path) -> None:
    done = trained("accuracy", "--group-by", "series,model", "--output", tmp_path / "told.csv")
    assert done.returncode == 0, done.stderr
    (row,) = pd.read_csv(tmp_path / "told.csv").to_dict("records")
    assert (row["series"], row["model"]) == ("1 (workload=unattributed, tenant=search)", "seasonal_naive")
    assert row["outcomes"] == 48
    assert 48 < row["bias"] < 52
    np.testing.assert_allclose(row["relative_loss"], row["loss"] / row["naive_loss"])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--group-by", "colour"), "is none of series, provider"),
        (("--since", "soon"), "is no time"),
        (("--since", "2025-01-06"), "has no UTC offset"),
        (("--output", "told.txt"), "names no format"),
    ],
)
def test_what_cannot_be_answered_is_told_in_a_sentence(trained: Command, arguments: tuple[str, ...], told: str) -> None:
    done = trained("accuracy", *arguments)
    assert done.returncode == 1
    assert told in done.stderr


def test_where_nothing_came_true_it_is_said_what_to_do(trained: Command) -> None:
    done = trained("accuracy", "--granularity", "day")
    assert done.returncode == 0
    assert "ingest what came after" in " ".join(done.stderr.split())
