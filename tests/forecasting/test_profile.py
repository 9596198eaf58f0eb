"""Series that are a level times a shape, whose future is therefore known."""

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from demand.series import SeriesKey
from forecasting.metrics import coverage, scaled_quantile_loss, seasonal_scale
from forecasting.profile import Profile, _path_quantiles, cycle_shapes, fold
from forecasting.quantiles import DECILES
from forecasting.seasonal_naive import SeasonalNaive

DAY, WEEK = 24, 168
BAND = (0.1, 0.5, 0.9)
HOURS = np.arange(8 * WEEK)
SHAPE = 1 + 0.5 * np.sin(2 * np.pi * np.arange(DAY) / DAY)


def panel(rows: list[FloatArray], granularity: Granularity = Granularity.HOUR) -> Panel:
    keys = tuple(SeriesKey(tenant=str(row)) for row in range(len(rows)))
    start = pd.Timestamp("2024-01-01", tz="UTC")
    return Panel(keys, ("accelerators",) * len(rows), granularity, start, np.stack(rows))


def forecast(rows: list[FloatArray], horizon: int = 48, granularity: Granularity = Granularity.HOUR) -> FloatArray:
    return Profile().fit(panel(rows, granularity), seed=1).predict(horizon, BAND).values


def noisy(seed: int, size: float = 100.0, spread: float = 0.1) -> FloatArray:
    noise = np.exp(np.random.default_rng(seed).normal(0, spread, len(HOURS)))
    return size * np.tile(SHAPE, len(HOURS) // DAY) * noise


@pytest.mark.parametrize("size", [1e-9, 40.0, 1e9])
def test_a_level_times_a_shape_without_noise_goes_on_exactly(size: float) -> None:
    made = forecast([size * np.tile(SHAPE, 30)])
    np.testing.assert_allclose(made[0], size * np.tile(SHAPE, 2)[:, None] * np.ones(3), rtol=1e-5)


def test_a_shape_is_exact_while_the_level_grows() -> None:
    level = 1.01 ** np.repeat(np.arange(40), DAY)
    made = forecast([100 * level * np.tile(SHAPE, 40)])[0, :DAY, 1]
    np.testing.assert_allclose(made / made.mean(), SHAPE, rtol=1e-5)
    np.testing.assert_allclose(made.mean(), 100 * 1.01**40, rtol=0.01)


def test_weekdays_and_weekends_have_shapes_of_their_own() -> None:
    week = np.where(np.arange(WEEK) < 5 * DAY, np.tile(SHAPE, 7), np.tile(np.roll(SHAPE, 6), 7))
    folded = fold(np.tile(week, 8)[None], DAY, most=104)
    exact = cycle_shapes(folded, 7, memory=5.0, prior=0.0)[0]
    np.testing.assert_allclose(exact.ravel(), week, rtol=1e-9)
    drawn_together = cycle_shapes(folded, 7, memory=5.0, prior=8.0)[0]
    alike = cycle_shapes(folded, 7, memory=5.0, prior=1e9)[0]
    apart = [np.abs(each - week.reshape(7, DAY)).mean() for each in (exact, drawn_together, alike)]
    assert apart[0] < apart[1] < apart[2]
    np.testing.assert_allclose(drawn_together.mean(axis=1), 1.0)


def test_a_week_that_does_not_begin_with_the_history_keeps_its_places() -> None:
    week = np.repeat([5.0, 5, 5, 5, 5, 2, 1], DAY) * np.tile(SHAPE, 7)
    row = np.tile(week, 9)[: -3 * DAY]
    made = forecast([row], horizon=WEEK)[0, :, 1]
    expected = np.tile(week, 9)[len(row) - WEEK :][:WEEK]
    np.testing.assert_allclose(made, expected, rtol=0.15)


def test_hours_and_days_of_zero_stay_zero_and_others_do_not_become_it() -> None:
    open_hours = (HOURS % WEEK < 5 * DAY) & (HOURS % DAY >= 8)
    row = np.where(open_hours, noisy(1), 0.0)
    made = forecast([row], horizon=WEEK)[0]
    assert (made[~open_hours[:WEEK], 1] < 3.0).all()
    assert (made[open_hours[:WEEK], 0] > 0.5 * row[:WEEK][open_hours[:WEEK]]).all()


def test_it_beats_the_naive_and_its_band_holds_what_it_promises() -> None:
    level = np.exp(np.random.default_rng(7).normal(0, 0.05, (30, len(HOURS) // DAY)).cumsum(axis=1))
    whole = panel([np.repeat(level[row], DAY) * noisy(row) for row in range(30)])
    history, actual = whole.between(0, whole.n_steps - 48), whole.values[:, -48:]
    made, naive = (model.fit(history, seed=1).predict(48, DECILES).values for model in (Profile(), SeasonalNaive()))
    scale = seasonal_scale(history.values, DAY)
    losses = [scaled_quantile_loss(actual, each, DECILES, scale).mean() for each in (made, naive)]
    assert losses[0] < 0.85 * losses[1]
    assert 0.7 < coverage(actual, made[..., 0], made[..., -1]).mean() < 0.9


def test_what_the_last_bucket_was_above_its_shape_fades() -> None:
    generator = np.random.default_rng(2)
    drift = np.zeros(len(HOURS))
    for hour in range(1, len(HOURS)):
        drift[hour] = 0.9 * drift[hour - 1] + generator.normal(0, 2)
    row = 100 + drift
    row[-3:] += 30
    made = forecast([row], horizon=48)[0, :, 1]
    assert made[0] > made[47] + 10
    assert made[:6].mean() > made[6:12].mean() > made[12:24].mean()


def company() -> list[FloatArray]:
    """Series of all sizes, lengths and ends."""
    young, ended, gappy = noisy(3), noisy(4), noisy(5)
    young[: -6 * DAY - 3] = np.nan
    ended[-31:] = np.nan
    gappy[200:260] = np.nan
    return [noisy(2), young, ended, gappy, 1e6 * noisy(6), np.zeros(len(HOURS)), np.full(len(HOURS), np.nan)]


def test_a_series_is_forecast_alone_as_among_others() -> None:
    rows = company()
    among = Profile().fit(panel(rows), seed=1).predict(48, BAND)
    for row, values in enumerate(rows):
        alone = Profile().fit(panel([values]), seed=1).predict(48, BAND)
        np.testing.assert_array_equal(alone.values[0], among.values[row])
    assert list(among.failures) == [6]


def test_the_order_and_the_number_of_series_do_not_matter() -> None:
    rows = [noisy(seed) for seed in range(70)]
    np.testing.assert_array_equal(forecast(rows)[::-1], forecast(rows[::-1]))


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others() -> None:
    fitted = [Profile().fit(panel(company()[:4]), seed=seed).predict(48, BAND).values.tobytes() for seed in (5, 5, 6)]
    assert fitted[0] == fitted[1] != fitted[2]


def test_a_longer_horizon_begins_like_a_shorter_one() -> None:
    rows = [noisy(1), noisy(2)]
    np.testing.assert_array_equal(forecast(rows, horizon=30), forecast(rows, horizon=170)[:, :30])


def test_missing_values_at_the_end_are_forecast_over() -> None:
    row = noisy(1)
    late = np.concatenate([row, np.full(31, np.nan)])
    np.testing.assert_array_equal(forecast([late], horizon=20)[0], forecast([row], horizon=51)[0, 31:])


@pytest.mark.parametrize("granularity", list(Granularity))
def test_short_histories_are_forecast_with_a_band_around_their_level(granularity: Granularity) -> None:
    short = Profile().minimum_history(panel([np.ones(9)], granularity))
    for n_steps in (short, short + 1, 2 * short):
        rows = [100 + 10 * np.random.default_rng(seed).normal(size=n_steps) for seed in range(20)]
        made = forecast(rows, horizon=granularity.rhythm.backtest_horizon, granularity=granularity)
        assert np.isfinite(made).all()
        assert (np.median(made[..., 1], axis=1) < 150).all()
        assert (np.median(made[..., 1], axis=1) > 60).all()
        assert ((made[..., 2] - made[..., 0]).mean(axis=1) > 4).all()


def test_a_series_of_zeros_stays_zero_and_a_constant_one_constant() -> None:
    made = forecast([np.zeros(500), np.full(500, 7.25)])
    np.testing.assert_array_equal(made[0], 0.0)
    np.testing.assert_allclose(made[1], 7.25, rtol=1e-5)


def test_quantiles_are_ordered_and_never_below_zero() -> None:
    intermittent = noisy(1) * (np.random.default_rng(9).random(len(HOURS)) < 0.1)
    made = forecast([intermittent, 0.01 * noisy(2, spread=2.0)], horizon=400)
    assert (made >= 0).all()
    assert (np.diff(made, axis=-1) >= 0).all()


def test_a_series_that_is_too_short_is_named() -> None:
    short = np.where(np.arange(len(HOURS)) < len(HOURS) - 95, np.nan, 1.0)
    made = Profile().fit(panel([short, noisy(1)]), seed=1).predict(5, [0.5])
    assert made.failures == {0: "95 observed values are fewer than the 96 that the model needs"}
    assert np.isnan(made.values[0]).all()
    assert np.isfinite(made.values[1]).all()


def test_periods_end_where_each_series_ends() -> None:
    rows = np.array([[np.nan, 1, 2, 3, 4, 5, 6, 7], [8, 6, 4, 2, 8, 6, np.nan, np.nan]])
    folded = fold(rows, period=2, most=3)
    assert folded.tails.tolist() == [0, 2]
    np.testing.assert_allclose(folded.scales, [4.0, 34 / 6])
    np.testing.assert_allclose(folded.values[0] * 4, [[2, 3], [4, 5], [6, 7]])
    np.testing.assert_allclose(folded.values[1] * 34 / 6, [[8, 6], [4, 2], [8, 6]])
    np.testing.assert_allclose(folded.levels[0] * 4, [2.5, 4.5, 6.5])
    assert folded.known.all()


def test_before_a_series_began_there_are_no_periods() -> None:
    rows = np.array([[1.0, 2, 3, 4, 5, 6], [np.nan, np.nan, np.nan, 4, 5, 6]])
    folded = fold(rows, period=2, most=9)
    assert folded.known.tolist() == [[True] * 3, [False, False, True]]
    assert (folded.shares[1, :2] == 0).all()


def test_quantiles_over_paths_are_those_of_numpy() -> None:
    paths = np.random.default_rng(3).gamma(2.0, 1.0, (3, 200, 7)).astype(np.float32)
    levels = (0.01, 0.1, 0.5, 0.77, 0.999)
    expected = np.moveaxis(np.quantile(paths.astype(float), levels, axis=1), 0, -1)
    np.testing.assert_allclose(_path_quantiles(paths, levels), expected, rtol=1e-5)
