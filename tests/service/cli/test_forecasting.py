from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.service.cli.conftest import Command


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Ten days of two series with a daily rhythm."""
    hours = pd.date_range("2025-01-06", periods=240, freq="h", tz="UTC")
    rng = np.random.default_rng(3)
    shape = 100 + 20 * np.sin(2 * np.pi * np.arange(240) / 24)
    parts = [
        pd.DataFrame({"timestamp": hours, "workload": workload, "value": shape + rng.normal(0, 2, 240)})
        for workload in ("training", "inference")
    ]
    path = tmp_path / "fleet.csv"
    pd.concat(parts).to_csv(path, index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
    return path


def test_a_file_is_forecast_into_a_file(process: Command, file: Path, tmp_path: Path) -> None:
    done = process("forecast", file, "--horizon", 48, "--quantiles", "0.1,0.5,0.9", "--seed", 4, "-o", "out.csv")
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "out.csv", parse_dates=["timestamp"])
    assert {"timestamp", "mean", "q0.1", "q0.5", "q0.9", "workload", "model"} <= set(table.columns)
    assert table.groupby("workload").size().to_dict() == {"inference": 48, "training": 48}
    assert (table["q0.1"] <= table["q0.5"]).all()
    assert (table["q0.5"] <= table["q0.9"]).all()
    shape = 100 + 20 * np.sin(2 * np.pi * np.arange(48) / 24)
    np.testing.assert_allclose(table[table["workload"] == "training"]["q0.5"], shape, atol=10)


def test_csv_and_parquet_hold_the_same_and_a_second_time_too(computecast: Command, file: Path, tmp_path: Path) -> None:
    for name in ("one.csv", "two.csv", "three.parquet"):
        assert computecast("forecast", file, "--horizon", 5, "--preset", "fast", "-o", name).returncode == 0
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    text = pd.read_csv(tmp_path / "one.csv", parse_dates=["timestamp"], float_precision="round_trip")
    binary = pd.read_parquet(tmp_path / "three.parquet")
    assert list(text["timestamp"]) == list(binary["timestamp"])
    np.testing.assert_array_equal(text[["mean", "q0.9"]], binary[["mean", "q0.9"]])


def test_a_third_party_model_is_fitted_in_as_many_processes_as_there_are_cores(
    process: Command, file: Path, tmp_path: Path
) -> None:
    given = "--granularity", "day", "--horizon", 2, "--models", "theta", "--jobs", -1
    done = process("forecast", file, *given, "-o", "out.csv")
    assert done.returncode == 0, done.stderr
    assert pd.read_csv(tmp_path / "out.csv")["model"].tolist() == ["ensemble"] * 4


def test_nothing_is_stored(computecast: Command, file: Path, tmp_path: Path) -> None:
    computecast("forecast", file, "--horizon", 5, "--preset", "fast", "-o", "out.csv")
    assert not (tmp_path / "store.db").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("missing.csv", "--horizon", 5, "-o", "out.csv"), "there is no file missing.csv"),
        (("fleet.csv", "--horizon", 0, "-o", "out.csv"), "outside 1 to 672"),
        (("fleet.csv", "--horizon", 673, "-o", "out.csv"), "outside 1 to 672"),
        (("fleet.csv", "--horizon", 5, "--quantiles", "0.5,1", "-o", "out.csv"), "strictly between 0 and 1"),
        (("fleet.csv", "--horizon", 5, "--quantiles", "half", "-o", "out.csv"), "not a list of numbers"),
        (("fleet.csv", "--horizon", 5, "-o", "out.xlsx"), ".parquet"),
        (("fleet.csv", "--horizon", 5, "-o", "out.csv", "--models", "oracle"), "no model 'oracle'"),
        (("fleet.csv", "--horizon", 5, "-o", "nowhere/out.csv"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    computecast: Command, file: Path, tmp_path: Path, arguments: tuple[object, ...], said: str
) -> None:
    done = computecast("forecast", *arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out.csv").exists()
