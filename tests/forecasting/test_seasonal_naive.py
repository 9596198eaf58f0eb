import warnings

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from demand.series import SeriesKey
from forecasting.quantiles import DECILES
from forecasting.seasonal_naive import SeasonalNaive, difference_rms

NAN = np.nan


def panel(values: FloatArray, granularity: Granularity = Granularity.HOUR) -> Panel:
    keys = tuple(SeriesKey(tenant=str(row)) for row in range(len(values)))
    start = pd.Timestamp("2024-01-01", tz="UTC")
    return Panel(keys, ("accelerators",) * len(values), granularity, start, values)


@pytest.mark.parametrize("season", [1, 7, 24, 168])
def test_intervals_equal_those_of_statsforecast_before_anything_is_clipped(season: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from statsforecast.models import SeasonalNaive as Oracle
    values = 1000 + np.random.default_rng(5).normal(0, 20, (3, 400)).cumsum(axis=1) / 10
    result = SeasonalNaive(season=season).fit(panel(values), seed=1).predict(200, [0.01, 0.1, 0.5, 0.9, 0.99])
    for row in range(3):
        expected = Oracle(season).forecast(y=values[row], h=200, level=[80, 98])
        columns = np.stack([expected[name] for name in ("lo-98", "lo-80", "mean", "hi-80", "hi-98")], axis=-1)
        assert columns.min() > 0
        np.testing.assert_allclose(result.values[row], columns, rtol=1e-10)


@pytest.mark.parametrize(("granularity", "season"), [("hour", 24), ("day", 7), ("week", 1), ("month", 12)])
def test_the_season_is_that_of_the_granularity(granularity: str, season: int) -> None:
    values = np.arange(40.0)[None]
    result = SeasonalNaive().fit(panel(values, Granularity(granularity)), seed=1).predict(season + 1, [0.5])
    np.testing.assert_allclose(result.values[0, :, 0], [*range(40 - season, 40), 40 - season])


def test_a_missing_value_is_taken_from_the_season_before_with_a_wider_band() -> None:
    values = np.array([[1.0, 20.0, 5.0, 22.0, NAN, 24.0]])
    result = SeasonalNaive(season=2).fit(panel(values), seed=1).predict(2, [0.5, 0.8413447460685429])
    sigma = np.sqrt((4**2 + 2**2 + 2**2) / 3)
    np.testing.assert_allclose(result.values[0, :, 0], [5, 24])
    np.testing.assert_allclose(result.values[0, :, 1], [5 + sigma * np.sqrt(2), 24 + sigma])


def test_one_observation_gives_a_flat_and_wide_forecast() -> None:
    result = SeasonalNaive().fit(panel(np.array([[NAN, 8.0]])), seed=1).predict(30, [0.1, 0.5, 0.9])
    assert (result.values[0, :, 1] == 8).all()
    assert (result.values[0, :, 2] > 16).all()
    assert result.failures == {}


def test_no_observation_is_named() -> None:
    result = SeasonalNaive().fit(panel(np.array([[NAN, NAN], [1.0, 2.0]])), seed=1).predict(3, DECILES)
    assert "no observation" in result.failures[0]
    assert np.isnan(result.values[0]).all()
    assert np.isfinite(result.values[1]).all()


def test_the_spread_of_a_short_series_is_its_level_or_one() -> None:
    history = np.array([[4.0, 8.0], [0.0, 0.0], [NAN, NAN]])
    np.testing.assert_array_equal(difference_rms(history, season=24), [6.0, 1.0, 1.0])
