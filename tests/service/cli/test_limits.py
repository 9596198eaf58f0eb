from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from service.store.engine import Store
from tests.service.cli.conftest import Command

HOURS = pd.date_range("2025-01-06", periods=672, freq="h", tz="UTC")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Four weeks of a daily rhythm between 70 and 130, of which all above 115 was cut off."""
    noise = np.random.default_rng(3).normal(0, 5, len(HOURS))
    wanted = 100 + 30 * np.sin(2 * np.pi * np.arange(len(HOURS)) / 24) + noise
    path = tmp_path / "fleet.csv"
    stamps = HOURS.strftime("%Y-%m-%dT%H:%M:%SZ")
    pd.DataFrame({"timestamp": stamps, "region": "eu", "value": np.minimum(wanted, 115)}).to_csv(path, index=False)
    return path


def test_a_limit_is_added_listed_and_removed(computecast: Command) -> None:
    added = computecast("limits", "add", 640, "--select", "region=eu,us", "--kind", "quota")
    assert added.returncode == 0, added.stderr
    assert "limit 1 is stored" in added.stdout
    listed = computecast("limits", "list").stdout
    assert "640" in listed
    assert "region in ['eu', 'us']" in listed
    assert "forgotten" in computecast("limits", "remove", 1).stdout
    assert computecast("limits", "remove", 1).returncode == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--select", "colour=red"), "region=eu,us"),
        (("--start", "soon"), "is no time"),
        (("--start", "2025-01-06"), "UTC offsets"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(computecast: Command, options: tuple[str, str], said: str) -> None:
    refused = computecast("limits", "add", 5, *options)
    assert refused.returncode == 1
    assert said in refused.stderr


def test_a_queue_is_stored_beside_its_series_and_a_limit_below_use_is_refused(
    computecast: Command, file: Path, store: Store, tmp_path: Path
) -> None:
    assert computecast("ingest", file).returncode == 0
    stored = computecast("limits", "queue", file)
    assert "672 buckets of queue" in stored.stdout, stored.stderr
    refused = computecast("limits", "add", 5)
    assert refused.returncode == 1
    assert "below the last value" in refused.stderr


def test_a_file_is_forecast_in_demand_and_in_utilization_under_limits_from_a_file(
    computecast: Command, file: Path, tmp_path: Path
) -> None:
    (tmp_path / "limits.csv").write_text("region,level\neu,115\n")
    for measure in ("demand", "utilization"):
        command = "forecast", file, "--horizon", 24, "--limits", "limits.csv", "--measure", measure
        done = computecast(*command, "--models", "seasonal_naive", "-o", f"{measure}.csv")
        assert done.returncode == 0, done.stderr
    wanted, used = (pd.read_csv(tmp_path / f"{measure}.csv") for measure in ("demand", "utilization"))
    assert wanted["q0.9"].max() > 120
    assert used["q0.9"].max() == pytest.approx(115)
    assert (used["mean"] <= wanted["mean"] + 0.5).all()


def test_a_saturation_is_stored_listed_and_refused_below_use(computecast: Command, file: Path, store: Store) -> None:
    assert computecast("ingest", file).returncode == 0
    added = computecast("limits", "add", 5000, "--kind", "saturation")
    assert added.returncode == 0, added.stderr
    assert "saturation" in computecast("limits", "list").stdout
    refused = computecast("limits", "add", 5, "--kind", "saturation")
    assert refused.returncode == 1
    assert "saturation of 5 accelerators is below the last value" in " ".join(refused.stderr.split())


def test_growth_in_a_file_ends_at_its_saturation_and_the_table_says_so(computecast: Command, tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", periods=240, freq="D", tz="UTC")
    noise = np.random.default_rng(5).normal(0, 0.02, len(days))
    level = 900 / (1 + np.exp(3 - np.arange(len(days)) / 80)) * np.exp(noise)
    pd.DataFrame({"timestamp": days.strftime("%Y-%m-%dT%H:%M:%SZ"), "value": level}).to_csv(
        tmp_path / "growing.csv", index=False
    )
    (tmp_path / "limits.csv").write_text("level,kind\n900,saturation\n")
    command = "forecast", tmp_path / "growing.csv", "--horizon", 180, "--models", "growth"
    for name, limits in (("free", ()), ("capped", ("--limits", "limits.csv"))):
        done = computecast(*command, *limits, "-o", f"{name}.csv")
        assert done.returncode == 0, done.stderr
    free, capped = (pd.read_csv(tmp_path / f"{name}.csv") for name in ("free", "capped"))
    assert capped["q0.9"].iloc[-30:].max() < 0.9 * free["q0.9"].iloc[-30:].max()
    assert "growth saturates at 900 in growth" in capped["warnings"].iloc[0]
    assert "saturates" not in str(free["warnings"].iloc[0])


def test_a_limit_below_the_last_value_of_a_file_is_refused(computecast: Command, file: Path, tmp_path: Path) -> None:
    (tmp_path / "limits.csv").write_text("level\n20\n")
    refused = computecast("forecast", file, "--horizon", 24, "--limits", "limits.csv", "-o", "out.csv")
    assert refused.returncode == 1
    assert "below the last value" in refused.stderr
