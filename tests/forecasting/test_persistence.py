import numpy as np
import pandas as pd

from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from demand.series import SeriesKey
from forecasting.persistence import Persistence
from forecasting.quantiles import DECILES

NAN = np.nan


def panel(values: FloatArray) -> Panel:
    keys = tuple(SeriesKey(tenant=str(row)) for row in range(len(values)))
    start = pd.Timestamp("2024-01-01", tz="UTC")
    return Panel(keys, ("accelerators",) * len(values), Granularity.HOUR, start, values)


def test_quantiles_are_those_of_past_changes_over_the_same_span() -> None:
    values = 500 + np.random.default_rng(3).integers(-4, 5, (2, 300)).cumsum(axis=1).astype(float)
    result = Persistence().fit(panel(values), seed=1).predict(12, DECILES)
    for row in range(2):
        for step in (1, 5, 12):
            expected = np.quantile(values[row, step:] - values[row, :-step], DECILES, method="hazen")
            np.testing.assert_allclose(result.values[row, step - 1], values[row, -1] + expected)


def test_what_has_not_moved_for_long_has_a_narrow_band_even_after_a_jump() -> None:
    values = np.concatenate([np.full(400, 10.0), np.full(200, 90.0)])[None]
    result = Persistence().fit(panel(values), seed=1).predict(24, (0.1, 0.5, 0.9))
    assert (result.values == 90).all()


def test_a_band_of_a_random_walk_holds_what_it_should_and_goes_on_growing_beyond_what_is_known() -> None:
    steps = np.random.default_rng(11).normal(0, 1, (400, 320))
    walks = 1000 + steps.cumsum(axis=1)
    result = Persistence().fit(panel(walks[:, :120]), seed=1).predict(200, (0.1, 0.5, 0.9))
    inside = (walks[:, 120:] >= result.values[..., 0]) & (walks[:, 120:] <= result.values[..., 2])
    assert 0.7 < inside[:, :20].mean() < 0.85
    widths = result.values[..., 2] - result.values[..., 0]
    np.testing.assert_allclose(widths[:, 199] / widths[:, 99], np.sqrt(2))


def test_a_series_whose_last_hours_are_missing_is_wider_by_that_time() -> None:
    values = 500 + np.random.default_rng(3).normal(0, 4, (1, 300)).cumsum(axis=1)
    late = values.copy()
    late[0, -6:] = NAN
    result = Persistence().fit(panel(late), seed=1).predict(1, (0.1, 0.9))
    expected = np.quantile(values[0, 7:-6] - values[0, :-13], (0.1, 0.9), method="hazen")
    np.testing.assert_allclose(result.values[0, 0], values[0, -7] + expected)


def test_a_handful_of_observations_is_not_enough_and_is_named() -> None:
    values = np.full((2, 40), NAN)
    values[0, :7] = 3.0
    values[1] = 5.0
    result = Persistence().fit(panel(values), seed=1).predict(3, DECILES)
    assert "7 observations" in result.failures[0]
    assert (result.values[1] == 5).all()


def test_a_series_that_is_seen_every_other_hour_is_forecast_too() -> None:
    values = np.full((1, 81), NAN)
    values[0, ::2] = 100 + np.arange(41.0)
    result = Persistence().fit(panel(values), seed=1).predict(4, (0.5,))
    assert result.failures == {}
    np.testing.assert_allclose(result.values[0, :, 0], [141, 141, 141, 142])
