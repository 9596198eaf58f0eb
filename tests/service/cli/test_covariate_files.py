from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.service.cli.conftest import Command

QUICK = ("--models", "seasonal_naive")
HISTORY, AHEAD = 28 * 24, 48
HOURS = pd.date_range("2025-01-06", periods=HISTORY + AHEAD, freq="h", tz="UTC")
PROMOTION = np.isin(HOURS.dayofyear, [10, 15, 20, 27, 35]).astype(float)
"""Four days of the history, and the second day ahead."""


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """Four weeks of two series, of which the first is half as large again when there is a promotion."""
    rng = np.random.default_rng(8)
    shape = 100 + 20 * np.sin(2 * np.pi * np.arange(len(HOURS)) / 24)
    parts = [
        pd.DataFrame({"timestamp": HOURS, "tenant": tenant, "value": shape * factor * rng.normal(1, 0.02, len(HOURS))})
        for tenant, factor in (("shop", 1 + 0.5 * PROMOTION), ("lab", 1.0))
    ]
    path = tmp_path / "fleet.csv"
    pd.concat([part[:HISTORY] for part in parts]).to_csv(path, index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
    return path


def promotion(tmp_path: Path, until: int) -> Path:
    path = tmp_path / "promotion.csv"
    rows = pd.DataFrame({"name": "promotion", "timestamp": HOURS, "value": PROMOTION, "tenant": "shop"})[:until]
    rows.to_csv(path, index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
    return path


def medians(path: Path, tenant: str) -> "pd.Series[float]":
    table = pd.read_csv(path)
    return table[table["tenant"] == tenant].set_index("timestamp")["q0.5"]


def test_a_promotion_that_is_planned_is_in_the_forecast_of_those_it_concerns(
    computecast: Command, fleet: Path, tmp_path: Path
) -> None:
    regressors = promotion(tmp_path, len(HOURS))
    told = ("--horizon", AHEAD, "-o", "out.csv", *QUICK, "--regressors", regressors)
    done = computecast("forecast", fleet, *told)
    assert done.returncode == 0, done.stderr
    shape = 100 + 20 * np.sin(2 * np.pi * np.arange(AHEAD) / 24)
    for tenant, factor in (("shop", np.repeat([1.0, 1.5], 24)), ("lab", np.ones(AHEAD))):
        np.testing.assert_allclose(medians(tmp_path / "out.csv", tenant), shape * factor, rtol=0.12)


def test_an_outage_that_is_masked_leaves_the_forecast_as_if_nothing_was_known_of_it(
    computecast: Command, fleet: Path, tmp_path: Path
) -> None:
    rows = pd.read_csv(fleet)
    broken = rows["timestamp"].between("2025-02-02T00:00:00Z", "2025-02-02T11:00:00Z")
    rows[~broken].to_csv(tmp_path / "gap.csv", index=False)
    rows.assign(value=rows["value"].where(~broken, 0.0)).to_csv(tmp_path / "broken.csv", index=False)
    (tmp_path / "events.csv").write_text("name,start,end\noutage,2025-02-02T00:00:00Z,2025-02-02T12:00:00Z\n")
    assert computecast("forecast", "gap.csv", "--horizon", 24, "-o", "one.csv", *QUICK).returncode == 0
    masked = ("--horizon", 24, "-o", "two.csv", *QUICK, "--events", "events.csv")
    assert computecast("forecast", "broken.csv", *masked).returncode == 0
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_calendars_and_holidays_are_read_by_the_clocks_of_their_place(
    computecast: Command, fleet: Path, tmp_path: Path
) -> None:
    day = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//t//t//EN\nBEGIN:VEVENT\nUID:1\nDTSTAMP:20250101T000000Z\n"
    day += "DTSTART;VALUE=DATE:19990110\nSUMMARY:Fair\nEND:VEVENT\nEND:VCALENDAR\n"
    (tmp_path / "fair.ics").write_text(day.replace("1999", "2025"))
    more = ("--events", "fair.ics", "--time-zone", "Europe/Berlin", "--holidays", "US:America/New_York")
    done = computecast("forecast", fleet, "--horizon", 24, "-o", "out.csv", *QUICK, *more)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--holidays", "XX:UTC"), "no holidays are known of 'XX'"),
        (("--regressors", "none.csv"), "there is no file none.csv"),
        (("--regressors", "promotion.csv"), "promotion lacks future values"),
        (("--regressors", "fleet.csv"), "missing column 'name'"),
        (("--events", "fleet.ics"), "no calendar in the format of RFC 5545"),
    ],
)
def test_covariates_that_cannot_be_used_are_told_in_a_sentence(
    computecast: Command, fleet: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    promotion(tmp_path, HISTORY + 10)
    (tmp_path / "fleet.ics").write_text("no calendar")
    done = computecast("forecast", fleet, "--horizon", AHEAD, "-o", "out.csv", *arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out.csv").exists()
