from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.scoring import relative
from benchmarks.windows import panels
from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from demand.series import SeriesKey, Workload
from forecasting.growth import PooledGrowth
from forecasting.metrics import coverage, scaled_quantile_loss, seasonal_scale
from forecasting.quantiles import DECILES, GRID
from forecasting.seasonal_naive import SeasonalNaive
from forecasting.stable_space import HEADROOM
from tests.forecasting.simulated_saturation import saturating_fleet

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
HALF_A_YEAR = 182
TENTH, NINTH = GRID.index(0.1), GRID.index(0.9)


def growing_fleet(seed: int, days: int, size: int = 20) -> Panel:
    """Services that grow at rates of one fleet, ever more slowly, with a week, shocks that stay and noise."""
    rng = np.random.default_rng(seed)
    common, day = rng.normal(0.5, 0.3), np.arange(days)
    rows = []
    for _ in range(size):
        growth = rng.normal(common, 0.25) / 365.25 * 0.5 ** (day / rng.uniform(200, 900))
        shocks = rng.uniform(0.008, 0.025) * rng.standard_t(5, days) / np.sqrt(5 / 3)
        week = np.tile(rng.normal(0, 0.15, 7), days // 7 + 1)[:days]
        noise = rng.uniform(0.02, 0.06) * rng.normal(size=days)
        rows.append(rng.lognormal(5, 1) * np.exp(np.cumsum(growth + shocks) + week + noise))
    return panel(np.array(rows))


def panel(values: FloatArray, granularity: Granularity = Granularity.DAY) -> Panel:
    keys = tuple(SeriesKey(region=str(row), workload=Workload.INFERENCE) for row in range(len(values)))
    return Panel(keys, ("accelerators",) * len(keys), granularity, pd.Timestamp("2024-01-01", tz="UTC"), values)


@pytest.mark.parametrize(
    ("granularity", "horizon", "days_ahead"),
    [("day", 30, 30), ("day", 180, 180), ("week", 4, 34), ("week", 26, 188), ("month", 6, 186)],
)
def test_bands_hold_what_they_say_at_long_leads_and_beat_the_naive(
    granularity: str, horizon: int, days_ahead: int
) -> None:
    inside, losses, naive = [], [], []
    for seed in range(6):
        fleet = growing_fleet(seed, HALF_A_YEAR + days_ahead).coarser(Granularity(granularity))
        history, actual = fleet.between(0, fleet.n_steps - horizon), fleet.values[:, -horizon:]
        made = PooledGrowth().fit(history, seed=1).predict(horizon, DECILES).values
        late = slice(horizon // 2, horizon)
        inside.append(coverage(actual[:, late], made[:, late, 0], made[:, late, -1]))
        scale = seasonal_scale(history.values, 1)
        losses.append(scaled_quantile_loss(actual, made, DECILES, scale))
        other = SeasonalNaive().fit(history, seed=1).predict(horizon, DECILES).values
        naive.append(scaled_quantile_loss(actual, other, DECILES, scale))
    assert 0.7 <= np.mean(inside) <= 0.9
    assert np.mean(losses) < 0.95 * np.mean(naive)


@pytest.mark.skipif(not DATA.is_dir(), reason="real demand is not at hand: no folder ../shared/data")
def test_on_weeks_of_m4_before_those_that_are_scored_the_loss_is_well_below_the_naive() -> None:
    (weekly,) = panels(DATA / "m4-weekly.csv.gz", Granularity.WEEK)
    unscored = weekly.between(0, weekly.n_steps - 13)
    history, actual = unscored.between(0, unscored.n_steps - 13), unscored.values[:, -13:]
    naive = SeasonalNaive().fit(history, seed=1).predict(13, DECILES).values
    made = PooledGrowth().fit(history, seed=1).predict(13, DECILES).values
    scale = seasonal_scale(history.values, 1)
    losses = [scaled_quantile_loss(actual, each, DECILES, scale) for each in (made, naive)]
    share = relative(*losses)
    assert np.exp(np.log(share[np.isfinite(share)]).mean()) < 0.85
    assert 0.7 <= np.nanmean(coverage(actual, made[..., 0], made[..., -1])) <= 0.9


def test_a_young_series_is_expected_to_grow_as_its_kin_do() -> None:
    rng = np.random.default_rng(2)
    steps = np.arange(200)
    rows = 100 * np.exp(0.01 * steps + rng.normal(0, 0.02, (12, 200)))
    rows[0, :-5] = np.nan
    medians = [
        PooledGrowth().fit(panel(rows[part]), seed=1).predict(30, [0.5]).values[0, -1, 0]
        for part in (slice(None), slice(1))
    ]
    truth = 100 * np.exp(0.01 * 229)
    assert abs(np.log(medians[0] / truth)) < 0.1
    assert abs(np.log(medians[0] / truth)) < abs(np.log(medians[1] / truth))


def test_three_observations_make_a_wide_band_that_widens() -> None:
    made = PooledGrowth().fit(panel(np.array([[100.0, 104.0, 101.0]])), seed=1).predict(60, [0.1, 0.5, 0.9]).values[0]
    width = made[:, 2] - made[:, 0]
    assert (np.diff(width) > 0).all()
    assert width[-1] > 0.5 * made[-1, 1]
    failed = PooledGrowth().fit(panel(np.array([[100.0, 104.0]])), seed=1).predict(3, [0.5])
    assert np.isnan(failed.values).all()
    assert "2 observed values" in failed.failures[0]


def test_growth_bends_below_a_cap() -> None:
    steps = np.arange(180)
    values = (50 * np.exp(0.01 * steps) * np.exp(np.random.default_rng(3).normal(0, 0.01, 180)))[None]
    free, capped = (
        PooledGrowth().fit(replace(panel(values), caps=caps), seed=1).predict(90, [0.1, 0.5, 0.99]).values[0]
        for caps in (None, np.array([400.0]))
    )
    assert free[-1, 1] > 420
    assert 310 < capped[-1, 1] < 400
    assert capped[:, 2].max() <= 1.03 * 400


def test_where_logistic_growth_ends_is_worth_knowing_at_long_horizons() -> None:
    losses, inside, late = [], [], slice(90, 180)
    for seed in range(4):
        history, actual = saturating_fleet(seed, horizon=180)
        assert history.caps is not None
        scale = seasonal_scale(history.values, 1)
        for caps in (None, history.caps):
            made = PooledGrowth().fit(replace(history, caps=caps), seed=1).predict(180, GRID).values
            losses.append(np.mean(scaled_quantile_loss(actual[:, late], made[:, late], GRID, scale)))
        assert (made <= history.caps[:, None, None] * (1 + HEADROOM)).all()
        inside.append(coverage(actual[:, late], made[:, late, TENTH], made[:, late, NINTH]))
    free, capped = np.mean(np.reshape(losses, (-1, 2)), axis=0)
    assert capped < 0.7 * free
    assert 0.7 <= np.mean(inside) <= 0.9


def test_a_series_without_a_cap_among_others_with_one_grows_freely() -> None:
    history, _ = saturating_fleet(seed=6, horizon=60, size=4)
    assert history.caps is not None
    some = replace(history, caps=np.array([*history.caps[:3], np.nan]))
    free, mixed = (
        PooledGrowth().fit(each.select([3]), seed=1).predict(60, DECILES).values
        for each in (replace(history, caps=None), some)
    )
    np.testing.assert_array_equal(free, mixed)


def test_a_year_and_a_week_are_carried_ahead() -> None:
    days = np.arange(3 * 366)
    shape = 1 + 0.3 * np.sin(2 * np.pi * days / 365.25) + 0.2 * (days % 7 >= 5)
    values = 500 * shape + np.random.default_rng(4).normal(0, 3, len(days))
    made = PooledGrowth().fit(panel(values[None, :-180]), seed=1).predict(180, [0.5]).values[0, :, 0]
    assert np.abs(made / (500 * shape[-180:]) - 1).mean() < 0.06


@pytest.mark.parametrize("n_steps", [1, 2, 3, 5, 9])
@pytest.mark.parametrize("granularity", list(Granularity))
def test_a_panel_of_any_length_is_answered(granularity: Granularity, n_steps: int) -> None:
    values = np.stack([np.full(n_steps, np.nan), np.arange(n_steps), np.zeros(n_steps)])
    made = PooledGrowth().fit(panel(values, granularity), seed=1).predict(5, [0.1, 0.9])
    assert set(made.failures) == ({0} if n_steps >= 3 else {0, 1, 2})
    assert [row for row in range(3) if np.isnan(made.values[row]).all()] == sorted(made.failures)
