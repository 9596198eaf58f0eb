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
    assert loss < 0.75 * scaled_quantile_loss(actual, naive.values, DECILES, scale).mean()
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
