import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from demand.series import SeriesKey
from forecasting.features import UNKNOWN, Moments, feature_source

NAN = np.nan


def panel(values: FloatArray, granularity: Granularity = Granularity.HOUR) -> Panel:
    keys = tuple(SeriesKey(tenant=str(row)) for row in range(len(values)))
    start = pd.Timestamp("2024-01-01", tz="UTC")
    return Panel(keys, ("accelerators",) * len(values), granularity, start, values)


def moments(*each: tuple[int, int, int]) -> Moments:
    rows, origins, leads = np.array(each).T
    return Moments(rows, origins, leads)


def test_guesses_are_the_seasons_the_recent_means_and_the_last_value() -> None:
    values = np.random.default_rng(3).random(800)
    (guesses,) = feature_source(panel(values[None])).guesses(moments((0, 700, 30)))
    target = 729
    day, week = values[target - 48 :: -24][:3], values[target - 168 :: -168][:3]
    means = [values[700 - window : 700].mean() for window in (6, 24, 168, 672)]
    expected = [day[0], day.mean(), week[0], week.mean(), *means, values[699]]
    np.testing.assert_allclose(guesses, expected)


@given(st.integers(0, 10**6), st.integers(1, 300), st.integers(1, 400))
def test_nothing_is_seen_of_what_comes_after_the_origin(seed: int, lead: int, origin: int) -> None:
    values = np.random.default_rng(seed).random((1, 500))
    changed = values.copy()
    changed[:, origin:] += 100.0
    asked = moments((0, origin, lead))
    before, after = (feature_source(panel(each)).guesses(asked) for each in (values, changed))
    np.testing.assert_allclose(before, after, rtol=1e-9)


def test_a_missing_last_value_is_replaced_by_the_one_before() -> None:
    values = np.array([[1.0, 2.0, 3.0, NAN, NAN, 6.0]])
    guesses = feature_source(panel(values)).guesses(moments((0, 5, 1)))
    assert guesses[0, -1] == 3.0
    assert np.isfinite(guesses).all()


def test_features_do_not_depend_on_the_size_of_a_series() -> None:
    values = np.random.default_rng(3).random(400) + 1
    both = feature_source(panel(np.stack([values, 1e9 * values])))
    asked = moments((0, 300, 10), (1, 300, 10))
    one, other = both.features(asked, both.guesses(asked)[:, -1])
    np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)
    assert np.isfinite([one, other]).all()
    assert UNKNOWN in one


def test_the_calendar_is_that_of_the_bucket_asked_for() -> None:
    source = feature_source(panel(np.ones((1, 200))))
    (features,) = source.features(moments((0, 200, 30)), np.ones(1))
    when = pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(hours=229)
    assert features[:3].tolist() == [30, when.hour, when.dayofweek]


def test_the_scale_is_the_recent_seasonal_change_and_never_zero() -> None:
    day = np.tile(np.arange(24.0), 40)
    growing = day + np.repeat(np.arange(40.0), 24)
    source = feature_source(panel(np.stack([growing, np.full(960, 5.0), np.zeros(960)])))
    scales = source.scale(moments((0, 960, 1), (1, 960, 1), (2, 960, 1)))
    np.testing.assert_allclose(scales[:2], [1.0, 5e-6])
    assert 0 < scales[2] < 1e-300
