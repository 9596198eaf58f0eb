import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from forecasting.preparation import fill_gaps, prepare

NAN = np.nan


def test_a_series_goes_from_its_first_to_its_last_observation() -> None:
    series = prepare(np.array([NAN, NAN, 2.0, 4.0, 6.0, NAN]), season=24)
    assert (series.first, series.tail, series.scale) == (2, 1, 4.0)
    np.testing.assert_array_equal(series.values, [0.5, 1.0, 1.5])


def test_a_series_of_zeros_keeps_its_unit() -> None:
    assert prepare(np.zeros(5), season=24).scale == 1.0


def test_one_observation_is_a_series() -> None:
    series = prepare(np.array([NAN, 3.0, NAN]), season=24)
    np.testing.assert_array_equal(series.values, [1.0])


def test_a_short_gap_is_bridged_by_a_line() -> None:
    np.testing.assert_allclose(fill_gaps(np.array([1.0, NAN, NAN, NAN, 5.0]), season=2), [1, 2, 3, 4, 5])


def test_a_long_gap_repeats_the_season_before_it() -> None:
    known = np.array([1.0, 9.0, 5.0, NAN, NAN, NAN, NAN, 4.0])
    np.testing.assert_array_equal(fill_gaps(known, season=3), [1, 9, 5, 1, 9, 5, 1, 4])


def test_a_long_gap_before_one_season_is_known_is_a_line() -> None:
    np.testing.assert_allclose(fill_gaps(np.array([0.0, NAN, NAN, NAN, NAN, 10.0]), season=24), [0, 2, 4, 6, 8, 10])


def test_gaps_stay_visible_beside_the_filled_values() -> None:
    series = prepare(np.array([1.0, NAN, 1.0]), season=24)
    np.testing.assert_array_equal(series.observed, [1.0, NAN, 1.0])


@given(st.lists(st.one_of(st.just(NAN), st.floats(0, 1e15)), min_size=1, max_size=60), st.integers(1, 12))
def test_what_was_observed_comes_back_and_nothing_is_missing(row: list[float], season: int) -> None:
    history = np.array([1.0, *row])
    series = prepare(history, season)
    assert np.isfinite(series.values).all()
    assert len(series.values) + series.first + series.tail == len(history)
    there, known = ~np.isnan(series.observed), ~np.isnan(history)
    np.testing.assert_allclose(series.values[there] * series.scale, history[known], rtol=1e-12, atol=1e-300)
    assert series.values.max() <= np.nanmax(series.observed) * (1 + 1e-9)
