from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from demand.series import SeriesKey, Workload
from forecasting.boosting import GlobalBoosting
from forecasting.forecaster import Forecaster
from forecasting.kinship import Kinship
from forecasting.metrics import coverage, scaled_quantile_loss, seasonal_scale
from forecasting.quantiles import DECILES
from forecasting.seasonal_naive import SeasonalNaive
from forecasting.simulator import simulate_fleet

WEEK = 168
START = pd.Timestamp("2024-01-01", tz="UTC")


@lru_cache
def simulated(seed: int) -> Panel:
    return simulate_fleet(seed=seed, end=pd.Timestamp("2025-07-01", tz="UTC"), hours=16 * WEEK).panel


def openings(hours: int, seeds: range) -> Iterator[tuple[Panel, int, FloatArray, FloatArray]]:
    """Inference in a region that opened so many hours ago: the history, its row, what came, and the scale of losses."""
    for seed in seeds:
        fleet = simulated(seed)
        sites = [(key.provider, key.region) for key in fleet.keys]
        stop = fleet.n_steps - WEEK
        for new, key in enumerate(fleet.keys):
            if key.workload is not Workload.INFERENCE or np.isnan(fleet.values[new]).mean() > 0.1:
                continue
            keep = [row for row, site in enumerate(sites) if row == new or site != sites[new]]
            values = fleet.values[keep, :stop].copy()
            values[keep.index(new), : stop - hours] = np.nan
            history = replace(fleet.select(keep), values=values)
            scale = seasonal_scale(fleet.values[[new], :stop], 24)
            yield history, keep.index(new), fleet.values[[new], stop:], scale


def losses(model: Forecaster, hours: int, seeds: range) -> tuple[float, float]:
    """Mean loss and coverage of the 80 % band."""
    found = []
    for history, row, actual, scale in openings(hours, seeds):
        made = model.fit(history, seed=1).predict(WEEK, DECILES).values[[row]]
        inside = coverage(actual, made[..., 0], made[..., -1])[0]
        found.append((scaled_quantile_loss(actual, made, DECILES, scale)[0], inside))
    loss, inside = np.nanmean(found, axis=0)
    return float(loss), float(inside)


ages = pytest.mark.parametrize(("hours", "share"), [(1, 0.65), (24, 0.3), (72, 0.65), (168, 0.65)])


@ages
def test_a_region_that_has_just_opened_is_forecast_better_than_by_the_naive(hours: int, share: float) -> None:
    loss, inside = losses(Kinship(), hours, range(1))
    assert loss < share * losses(SeasonalNaive(), hours, range(1))[0]
    assert 0.6 <= inside <= 0.97


@pytest.mark.long
@ages
def test_over_many_openings_the_band_holds_what_it_says(hours: int, share: float) -> None:
    loss, inside = losses(Kinship(), hours, range(8))
    assert loss < share * losses(SeasonalNaive(), hours, range(8))[0]
    assert 0.7 <= inside <= 0.9


@pytest.mark.long
def test_three_days_after_opening_it_is_better_than_by_trees_over_the_fleet() -> None:
    assert losses(Kinship(), 72, range(4))[0] < 0.95 * losses(GlobalBoosting(), 72, range(4))[0]


def small_fleet(young: int) -> Panel:
    hours = np.arange(6 * WEEK)
    day = 1 + 0.6 * np.sin(2 * np.pi * hours / 24)
    noise = np.exp(np.random.default_rng(5).normal(0, 0.05, (4, len(hours))))
    values = np.array([[50.0], [200.0], [90.0], [30.0]]) * day * noise
    values[0, :-young] = np.nan
    places = [("oslo", "H100"), ("oslo", "B200"), ("rome", "H100"), ("rome", "B200")]
    keys = tuple(SeriesKey("north", region, chip, Workload.INFERENCE) for region, chip in places)
    return Panel(keys, ("accelerators",) * 4, Granularity.HOUR, START, values)


def test_the_reason_is_told_for_the_young_and_only_for_them() -> None:
    made = Kinship().fit(small_fleet(30), seed=1).predict(24, [0.5])
    assert list(made.notes) == [0]
    assert "borrowed from provider=north, region=oslo, accelerator=B200" in made.notes[0]


def test_the_band_narrows_as_a_series_grows_older() -> None:
    widths = []
    for young in (1, 24, 200):
        made = Kinship().fit(small_fleet(young), seed=1).predict(48, [0.1, 0.9]).values[0]
        widths.append(float((made[:, 1] - made[:, 0]).mean()))
    assert widths[0] > 1.2 * max(widths[1:])


def test_the_shape_is_that_of_the_region_and_the_level_its_own() -> None:
    made = Kinship().fit(small_fleet(5), seed=1).predict(48, [0.5]).values[0, :, 0]
    truth = 50 * (1 + 0.6 * np.sin(2 * np.pi * np.arange(48) / 24))
    np.testing.assert_allclose(made, truth, rtol=0.25)


def test_without_kin_the_level_goes_on_with_a_wide_band_and_says_so() -> None:
    alone = Panel((SeriesKey(),), ("accelerators",), Granularity.DAY, START, np.array([[np.nan, 40.0, 44.0]]))
    made = Kinship().fit(alone, seed=1).predict(7, [0.1, 0.5, 0.9])
    assert "no kin" in made.notes[0]
    low, middle, high = made.values[0].T
    assert ((middle >= 40) & (middle <= 44)).all()
    assert (high > 1.4 * middle).all()
    assert (low < 0.75 * middle).all()


def test_a_launched_series_climbs_as_kin_did() -> None:
    days = np.arange(120)
    ramp = 1 - np.exp(-(days + 1) / 10)
    noise = np.exp(np.random.default_rng(6).normal(0, 0.02, (9, 120)))
    values = np.stack([np.roll(ramp, 10 * row) for row in range(9)]) * 500 * noise
    values[days[None] < 10 * np.arange(9)[:, None]] = 0.0
    values[8] = np.where(days < 114, 0.0, np.roll(ramp, 114) * 500)
    keys = tuple(SeriesKey(tenant=str(row), workload=Workload.INFERENCE) for row in range(9))
    made = Kinship().fit(Panel(keys, ("accelerators",) * 9, Granularity.DAY, START, values), seed=1)
    ahead = made.predict(14, [0.5]).values[8, :, 0]
    assert ahead[-1] > 1.3 * values[8, -1]


def test_nothing_but_silence_is_named() -> None:
    silent = Panel((SeriesKey(),), ("accelerators",), Granularity.HOUR, START, np.full((1, 50), np.nan))
    made = Kinship().fit(silent, seed=1).predict(3, [0.5])
    assert made.failures == {0: "the series has no observation"}


@pytest.mark.parametrize("n_steps", [1, 2, 5, 9])
@pytest.mark.parametrize("granularity", list(Granularity))
def test_a_panel_of_any_length_is_answered(granularity: Granularity, n_steps: int) -> None:
    values = np.stack([np.full(n_steps, np.nan), np.arange(n_steps), np.zeros(n_steps)])
    keys = tuple(SeriesKey(tenant=str(row)) for row in range(3))
    made = Kinship().fit(Panel(keys, ("accelerators",) * 3, granularity, START, values), seed=1).predict(5, [0.1, 0.9])
    assert set(made.failures) == {0}
    assert np.isfinite(made.values[1:]).all()
