import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from demand.series import SeriesKey
from forecasting.ceilings import find_ceilings
from forecasting.simulated_shortage import simulate_shortage
from forecasting.simulator import simulate_fleet

START = pd.Timestamp("2025-01-06", tz="UTC")
DATA = Path(__file__).parents[2].parent / "shared" / "data"
HOURS = np.arange(6 * 168)


def panel(*rows: FloatArray) -> Panel:
    keys = tuple(SeriesKey(tenant=str(number)) for number in range(len(rows)))
    return Panel(keys, ("accelerators",) * len(rows), Granularity.HOUR, START, np.array(rows, dtype=float))


def daily(seed: int, level: float = 100.0) -> FloatArray:
    noise = np.random.default_rng(seed).normal(0, 0.06 * level, len(HOURS))
    return np.asarray(level * (1 + 0.4 * np.sin(2 * np.pi * HOURS / 24)) + noise)


def test_a_series_that_is_cut_off_shows_its_ceiling() -> None:
    found = find_ceilings(panel(np.minimum(daily(1), 120.0)))
    np.testing.assert_allclose(found[0, 48:], 120.0, rtol=1e-3)


def test_the_same_series_without_a_capacity_shows_none() -> None:
    assert np.isinf(find_ceilings(panel(daily(1)))).all()


def test_a_ceiling_that_was_raised_is_followed_by_the_higher_one() -> None:
    capacity = np.where(HOURS < 504, 110.0, 130.0)
    found = find_ceilings(panel(np.minimum(daily(2), capacity)))[0]
    np.testing.assert_allclose(found[100:490], 110.0, rtol=1e-3)
    np.testing.assert_allclose(found[600:], 130.0, rtol=1e-3)


def test_records_that_waver_by_a_hair_still_show_it() -> None:
    wavering = np.minimum(daily(3), 120.0) * (1 + np.random.default_rng(4).normal(0, 3e-4, len(HOURS)))
    np.testing.assert_allclose(find_ceilings(panel(wavering))[0, -1], 120.0, rtol=2e-3)


@pytest.mark.parametrize(
    "ordinary",
    [
        np.full(len(HOURS), 64.0),
        np.zeros(len(HOURS)),
        np.where(HOURS % 24 < 8, 512.0, 0.0),
        np.ceil(daily(5) / 20) * 20,
        np.ceil(np.maximum(daily(6, level=3), 0)),
        np.where(np.random.default_rng(7).random(len(HOURS)) < 0.1, 8.0, 0.0),
        np.where((HOURS % 400) < 350, 640.0, 0.0) + np.random.default_rng(8).poisson(20, len(HOURS)),
        np.full(len(HOURS), np.nan),
    ],
    ids=["constant", "zero", "on and off", "whole steps", "few instances", "intermittent", "reserved", "unknown"],
)
def test_ordinary_series_show_none(ordinary: FloatArray) -> None:
    assert np.isinf(find_ceilings(panel(ordinary))).all()


def test_few_fleets_without_capacities_show_any() -> None:
    demo = [simulate_fleet(seed=seed, end=START).panel for seed in range(2)]
    free = [simulate_shortage(seed=seed, n_series=20, hours=1344).demand for seed in range(2)]
    shown = [np.isfinite(find_ceilings(each)).any(axis=1) for each in (*demo, *free)]
    assert np.concatenate(shown).mean() <= 0.02


def test_most_hours_at_a_capacity_are_found_and_hardly_any_others() -> None:
    fleet = simulate_shortage(seed=1, n_series=20, hours=2016)
    used = fleet.utilization
    at = used.values >= fleet.capacity * 0.995
    shown = used.values >= find_ceilings(used) * 0.995
    assert (shown & at).sum() / at.sum() > 0.9
    assert (shown & ~at).mean() < 0.01


@pytest.mark.skipif(not DATA.is_dir(), reason="the real demand in ../shared/data is not there")
def test_at_most_one_in_fifty_real_series_shows_one() -> None:
    shown, count = 0, 0
    for path in sorted(DATA.glob("*.csv.gz")):
        with gzip.open(path, "rt") as file:
            table = pd.read_csv(file, keep_default_na=False)
        for _, part in table.groupby(["accelerator", "workload", "tenant"]):
            values = pd.to_numeric(part["value"], errors="coerce").to_numpy(dtype=float)
            shown += bool(np.isfinite(find_ceilings(panel(values))).any())
            count += 1
    assert count > 200
    assert shown / count <= 0.02
