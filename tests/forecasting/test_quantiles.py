import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm

from demand.errors import Invalid
from forecasting.quantiles import DECILES, GRID, QuantileForecast, check_levels, interpolate, proper

probabilities = st.floats(0.001, 0.999)
level_sets = st.lists(probabilities, min_size=1, max_size=9, unique_by=lambda level: round(level, 3))


@given(st.floats(100, 1e6), st.floats(0.1, 20), st.lists(probabilities, min_size=1))
def test_a_gaussian_is_reproduced_in_its_tails_too(mean: float, sigma: float, wanted: list[float]) -> None:
    known = norm.ppf(DECILES, mean, sigma)
    made = interpolate(known, DECILES, np.array(sorted(wanted)))
    np.testing.assert_allclose(made, norm.ppf(sorted(wanted), mean, sigma), rtol=1e-9)


@given(arrays(float, (3, 9), elements=st.floats(0, 1e9)), level_sets)
def test_interpolated_quantiles_never_cross_and_are_never_below_zero(values: np.ndarray, wanted: list[float]) -> None:
    made = interpolate(proper(values), DECILES, np.array(sorted(wanted)))
    assert made.shape == (3, len(wanted))
    assert (made >= 0).all()
    assert (np.diff(made, axis=-1) >= 0).all()


@given(arrays(float, (2, 4, 9), elements=st.floats(0, 1e9)))
def test_known_levels_come_back_as_they_were(values: np.ndarray) -> None:
    forecast = QuantileForecast(DECILES, proper(values))
    np.testing.assert_allclose(forecast.at(DECILES), forecast.values, rtol=1e-12, atol=1e-6)


@given(arrays(float, 9, elements=st.floats(0, 1e9)), st.floats(0.1, 0.9))
def test_between_two_levels_lies_between_their_quantiles(values: np.ndarray, wanted: float) -> None:
    ordered = proper(values)
    upper = min(int(np.searchsorted(DECILES, wanted)), 8)
    made = interpolate(ordered, DECILES, np.array([wanted]))[0]
    assert ordered[max(upper - 1, 0)] * (1 - 1e-9) - 1e-6 <= made <= ordered[upper] * (1 + 1e-9) + 1e-6


def test_one_known_level_is_all_that_is_known() -> None:
    np.testing.assert_array_equal(interpolate(np.array([[4.0]]), [0.5], np.array([0.1, 0.9])), [[4.0, 4.0]])


@given(arrays(float, (2, 5), elements=st.floats(-1e6, 1e6)))
def test_proper_quantiles_are_sorted_and_not_negative_and_proper_stays_proper(values: np.ndarray) -> None:
    made = proper(values)
    np.testing.assert_array_equal(made, np.sort(np.where(values < 0, 0, values), axis=-1))
    np.testing.assert_array_equal(proper(made), made)


def test_levels_are_sorted_and_repeats_dropped() -> None:
    assert check_levels([0.9, 0.1, 0.9, 0.5]) == (0.1, 0.5, 0.9)


@pytest.mark.parametrize("level", [0.0, 1.0, -0.1, 1.5, float("nan"), float("inf")])
def test_a_level_that_is_no_probability_is_refused_by_its_value(level: float) -> None:
    with pytest.raises(Invalid, match=f"quantile {level:g} is not strictly between 0 and 1"):
        check_levels([0.5, level])


def test_no_level_at_all_is_refused() -> None:
    with pytest.raises(Invalid, match="no quantile is asked for"):
        check_levels([])


def test_the_grid_is_symmetric_and_holds_the_deciles() -> None:
    np.testing.assert_allclose(np.array(GRID) + np.array(GRID)[::-1], 1.0)
    assert set(DECILES) <= set(GRID)
    assert list(GRID) == sorted(set(GRID))
