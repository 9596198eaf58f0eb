import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from demand.series import SeriesKey
from forecasting.boosting import GlobalBoosting, choose_anchors, sample_moments
from forecasting.features import feature_source
from forecasting.metrics import coverage, scaled_quantile_loss, seasonal_scale
from forecasting.quantiles import DECILES
from forecasting.seasonal_naive import SeasonalNaive

NAN = np.nan


def panel(values: FloatArray) -> Panel:
    keys = tuple(SeriesKey(tenant=str(row)) for row in range(len(values)))
    start = pd.Timestamp("2024-01-01", tz="UTC")
    return Panel(keys, ("accelerators",) * len(values), Granularity.HOUR, start, values)


@pytest.fixture(scope="module")
def fleet() -> Panel:
    """Six series of daily and weekly shape with gamma noise, of very different size."""
    generator = np.random.default_rng(8)
    hours = np.arange(1100)
    shape = 10 + 4 * np.sin(2 * np.pi * hours / 24) + 3 * (hours % 168 >= 120)
    return panel(10.0 ** np.arange(6)[:, None] * (shape + generator.gamma(2, 1, (6, 1100))))


def test_it_beats_the_naive_and_its_band_holds_what_it_promises(fleet: Panel) -> None:
    history, actual = fleet.between(0, 1052), fleet.values[:, 1052:]
    scale = seasonal_scale(history.values, 24)
    made = GlobalBoosting().fit(history, seed=1).predict(48, DECILES)
    naive = SeasonalNaive().fit(history, seed=1).predict(48, DECILES)
    loss = scaled_quantile_loss(actual, made.values, DECILES, scale).mean()
    assert loss < 0.8 * scaled_quantile_loss(actual, naive.values, DECILES, scale).mean()
    assert 0.7 < coverage(actual, made.values[..., 0], made.values[..., -1]).mean() < 0.9


def test_another_seed_samples_other_moments(fleet: Panel) -> None:
    one, other = (GlobalBoosting(samples=500).fit(fleet, seed=seed).predict(6, [0.5]).values for seed in (1, 2))
    assert (one != other).any()


def test_a_short_series_is_named_and_the_others_are_forecast(fleet: Panel) -> None:
    values = fleet.values.copy()
    values[2, :-40] = NAN
    result = GlobalBoosting(samples=500).fit(panel(values), seed=1).predict(6, [0.5])
    assert list(result.failures) == [2]
    assert "40 observed values are fewer than the 48" in result.failures[2]
    assert np.isfinite(result.values[[0, 1, 3, 4, 5]]).all()


def test_samples_are_of_known_outcomes_and_of_every_series_alike() -> None:
    values = np.ones((3, 300))
    values[0, 50:120] = NAN
    values[1, :200] = NAN
    samples = sample_moments(panel(values), np.array([0, 1]), (48, 1000), seed=4)
    assert np.bincount(samples.rows).tolist() == [500, 500]
    assert not np.isnan(values[samples.rows, samples.targets]).any()
    assert samples.leads.min() == 1
    assert samples.leads.max() == 48
    assert (samples.origins[samples.rows == 1] > 200).all()
    again = sample_moments(panel(values), np.array([0, 1]), (48, 1000), seed=4)
    np.testing.assert_array_equal(samples.origins, again.origins)


def test_each_series_starts_from_the_guess_that_was_off_the_least() -> None:
    hours = np.arange(900)
    steps = np.repeat(np.random.default_rng(1).integers(1, 9, 30), 30).astype(float)
    daily = np.tile(np.random.default_rng(2).random(24), 38)[:900]
    weekly = np.where(hours % 168 < 48, 1.0, 5.0) + np.tile(np.random.default_rng(3).random(168), 6)[:900]
    source = feature_source(panel(np.stack([steps, daily, weekly])))
    samples = sample_moments(source.panel, np.arange(3), (48, 3000), seed=1)
    anchors = choose_anchors(source, samples, source.panel.values[samples.rows, samples.targets])
    last = source.guesses(samples).shape[1] - 1
    assert anchors.choice[0, 0] == last
    assert set(anchors.choice[1, :3]) <= {0, 1}
    assert set(anchors.choice[2, 1:3]) <= {2, 3}


def stops_of(fleet: Panel, stops: list[int], seed: int = 1) -> list[FloatArray]:
    return [each.values for each in GlobalBoosting(samples=500).roll(fleet, stops, 24, DECILES, seed=seed)]


def test_the_first_of_rolling_forecasts_is_that_of_a_fit_to_what_lies_before_it(fleet: Panel) -> None:
    rolled = stops_of(fleet, [1000, 1040])
    fitted = GlobalBoosting(samples=500).fit(fleet.between(0, 1000), seed=1).predict(24, DECILES)
    np.testing.assert_array_equal(rolled[0], fitted.values)


def test_rolling_looks_at_nothing_after_a_stop_and_learns_nothing_after_the_first(fleet: Panel) -> None:
    stops = [1000, 1024, 1048]
    changed = fleet.values.copy()
    changed[:, 1024:] *= 3
    before, after = stops_of(fleet, stops), stops_of(panel(changed), stops)
    np.testing.assert_array_equal(before[0], after[0])
    np.testing.assert_array_equal(before[1], after[1])
    assert np.median(after[2] / before[2]) > 1.3
    alone = stops_of(fleet, [1000, 1048])
    np.testing.assert_array_equal(before[2], alone[1])


def test_rolling_follows_the_level_at_each_stop(fleet: Panel) -> None:
    raised = fleet.values.copy()
    raised[:, 1024:] += 5 * np.nanmean(raised, axis=1, keepdims=True)
    early, late = stops_of(panel(raised), [1000, 1090])
    grown = np.median(late[..., 4] / early[..., 4], axis=1)
    assert (grown > 1).all()
    assert np.median(grown) > 2


def test_a_series_too_short_at_the_first_stop_is_named_at_every_stop(fleet: Panel) -> None:
    values = fleet.values.copy()
    values[2, :990] = NAN
    made = GlobalBoosting(samples=500).roll(panel(values), [1000, 1090], 6, [0.5], seed=1)
    for each in made:
        assert list(each.failures) == [2]
        assert "10 observed values are fewer than the 48" in each.failures[2]
        assert np.isnan(each.values[2]).all()
        assert np.isfinite(each.values[[0, 1, 3, 4, 5]]).all()


def test_a_series_that_ends_between_stops_is_forecast_over_its_end(fleet: Panel) -> None:
    values = fleet.values.copy()
    values[3, 1010:] = NAN
    made = stops_of(panel(values), [1000, 1048])[1]
    assert np.isfinite(made).all()
    assert 0.5 < np.median(made[3]) / np.nanmean(values[3]) < 1.5


def test_nothing_long_enough_is_no_forecast_and_no_error() -> None:
    made = GlobalBoosting().roll(panel(np.ones((2, 60))), [40, 50], 6, [0.5], seed=1)
    assert [sorted(each.failures) for each in made] == [[0, 1], [0, 1]]


def test_one_series_alone_and_a_constant_one_are_forecast() -> None:
    alone = GlobalBoosting(samples=500).fit(panel(np.full((1, 200), 7.25)), seed=1).predict(24, DECILES)
    np.testing.assert_allclose(alone.values, 7.25, atol=1e-3)
