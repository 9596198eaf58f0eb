import numpy as np
from scipy.special import ndtri

from forecasting.quantiles import GRID
from forecasting.stabilised import Stabilised, shifted


def test_levels_come_back_as_they_were() -> None:
    rng = np.random.default_rng(1)
    values = rng.gamma(2, 50, size=(3, 200))
    space = Stabilised.of(values)
    np.testing.assert_allclose(space.back(space.forward(values)), values)


def test_a_shift_is_a_factor_for_a_series_that_keeps_away_from_zero() -> None:
    values = np.random.default_rng(2).normal(100, 10, size=(1, 500))
    space = Stabilised.of(values)
    np.testing.assert_allclose(space.back(space.forward(values) + np.log(1.5)) / values, 1.5, rtol=0.03)


def test_zero_is_a_level_like_any_other_and_nothing_falls_below_it() -> None:
    space = Stabilised.of(np.array([[0.0, 0.0, 10.0, np.nan], [np.nan] * 4, [0.0] * 4]))
    assert (space.scales > 0).all()
    np.testing.assert_array_equal(space.forward(np.zeros((3, 1))), 0.0)
    np.testing.assert_array_equal(space.back(np.full((3, 1), -5.0)), 0.0)


def test_the_sum_of_gaussians_is_gaussian() -> None:
    normal = ndtri(np.array(GRID))
    quantiles = np.array([[2.0], [5.0]]) + 3.0 * normal
    summed = shifted(quantiles, np.array([1.0, 0.0]), np.array([16.0, 0.0]), GRID)
    np.testing.assert_allclose(summed[0], 3.0 + 5.0 * normal)
    np.testing.assert_allclose(summed[1], quantiles[1])


def test_quantiles_stay_in_order_whatever_the_variance() -> None:
    rng = np.random.default_rng(3)
    quantiles = np.sort(rng.exponential(1, size=(50, len(GRID))), axis=1)
    summed = shifted(quantiles, rng.normal(size=50), rng.exponential(1, size=50), GRID)
    assert (np.diff(summed, axis=1) >= -1e-12).all()
