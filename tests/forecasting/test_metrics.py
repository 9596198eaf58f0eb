import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import mean_pinball_loss

from forecasting.metrics import coverage, pinball_loss, scaled_quantile_loss, seasonal_scale
from forecasting.quantiles import DECILES

NAN = np.nan
demands = st.floats(0, 1e6)
levels = st.floats(0.01, 0.99)


def test_pinball_loss_of_two_known_cases() -> None:
    loss = pinball_loss(np.array([10.0]), np.array([[8.0, 13.0]]), [0.9, 0.9])
    np.testing.assert_allclose(loss, [[1.8, 0.3]])


@given(arrays(float, 7, elements=demands), arrays(float, 7, elements=demands), levels)
def test_pinball_loss_is_that_of_scikit_learn(actual: np.ndarray, quantile: np.ndarray, level: float) -> None:
    ours = pinball_loss(actual, quantile[:, None], [level]).mean()
    assert ours == pytest.approx(mean_pinball_loss(actual, quantile, alpha=level), rel=1e-9, abs=1e-9)


@given(arrays(float, (2, 5), elements=demands), arrays(float, (2, 5, 3), elements=demands))
def test_loss_is_never_negative_and_zero_only_where_all_is_right(actual: np.ndarray, quantiles: np.ndarray) -> None:
    loss = pinball_loss(actual, quantiles, [0.1, 0.5, 0.9])
    assert (loss >= 0).all()
    # Below the smallest normal number a product may vanish that is not zero.
    apart = np.abs(quantiles - actual[..., None]) > 1e-300
    assert (loss[apart] > 0).all()
    assert (loss[quantiles == actual[..., None]] == 0).all()


def test_the_expected_loss_is_least_at_the_true_quantile() -> None:
    draws = np.random.default_rng(1).gamma(2, 10, 4000)
    candidates = np.linspace(0, 80, 161)
    loss = [pinball_loss(draws, np.full((4000, 1), each), [0.8]).mean() for each in candidates]
    assert candidates[np.argmin(loss)] == pytest.approx(np.quantile(draws, 0.8), abs=0.5)


def test_twice_the_loss_at_the_median_is_the_scaled_absolute_error() -> None:
    actual, median = np.array([[1.0, 4.0]]), np.array([[[2.0], [2.0]]])
    np.testing.assert_allclose(scaled_quantile_loss(actual, median, [0.5], np.array([3.0])), [1.5 / 3])


@given(arrays(float, (2, 6), elements=demands), arrays(float, (2, 6, 9), elements=demands))
def test_scaled_quantile_loss_equals_a_loop(actual: np.ndarray, quantiles: np.ndarray) -> None:
    scale = np.array([2.0, 5.0])
    expected = [
        sum(
            (y - x) * q if y >= x else (x - y) * (1 - q)
            for y, row in zip(actual[series], quantiles[series], strict=True)
            for x, q in zip(row, DECILES, strict=True)
        )
        * 2
        / (6 * 9)
        / scale[series]
        for series in range(2)
    ]
    np.testing.assert_allclose(scaled_quantile_loss(actual, quantiles, DECILES, scale), expected, rtol=1e-9, atol=1e-9)


def test_missing_actuals_are_left_out_of_loss_and_coverage() -> None:
    quantiles = np.array([[[1.0, 3.0], [1.0, 3.0]]])
    some, all_known = np.array([[5.0, NAN]]), np.array([[5.0]])
    one = scaled_quantile_loss(some, quantiles, [0.1, 0.9], np.ones(1))
    np.testing.assert_allclose(one, scaled_quantile_loss(all_known, quantiles[:, :1], [0.1, 0.9], np.ones(1)))
    assert coverage(some, quantiles[..., 0], quantiles[..., 1]).tolist() == [0.0]
    assert np.isnan(scaled_quantile_loss(np.full((1, 2), NAN), quantiles, [0.1, 0.9], np.ones(1))).all()


def test_the_scale_is_the_mean_absolute_seasonal_difference() -> None:
    history = np.array([[1.0, 5.0, 2.0, 9.0, NAN, 3.0]])
    np.testing.assert_allclose(seasonal_scale(history, 2), [(1 + 4 + 6) / 3])


@pytest.mark.parametrize(
    ("history", "scale"), [([3.0, 5.0], 4.0), ([6.0, 6.0, 6.0, 6.0], 6.0), ([0.0] * 4, 1.0), ([NAN] * 4, 1.0)]
)
def test_without_a_seasonal_difference_the_scale_is_the_level_or_one(history: list[float], scale: float) -> None:
    np.testing.assert_allclose(seasonal_scale(np.array([history]), 3), [scale])


def test_coverage_counts_the_bounds_as_inside() -> None:
    actual = np.array([[1.0, 2.0, 3.0, 3.1]])
    np.testing.assert_allclose(coverage(actual, np.full((1, 4), 1.0), np.full((1, 4), 3.0)), [0.75])
