import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.spread import ascending, least_covering, quantiles, spread


@given(
    n_paths=st.integers(1, 40), levels=st.lists(st.floats(0.001, 0.999), min_size=1, max_size=4), seed=st.integers(0, 9)
)
@settings(max_examples=40, deadline=None)
def test_quantiles_are_those_of_numpy(n_paths: int, levels: list[float], seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(2, n_paths, 3))
    found = spread(values, levels)
    expected = np.moveaxis(np.quantile(values, levels, axis=1, method="hazen"), 0, -1)
    np.testing.assert_allclose(found.quantiles, expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.mean, values.mean(axis=1))


@given(n_paths=st.integers(1, 40), percent=st.integers(1, 99))
@settings(max_examples=60, deadline=None)
def test_the_least_covering_value_covers_and_the_one_before_does_not(n_paths: int, percent: int) -> None:
    ordered = np.arange(n_paths, dtype=float)
    found = least_covering(ordered, percent / 100)
    assert (ordered <= found).sum() * 100 >= percent * n_paths
    assert (ordered < found).sum() * 100 < percent * n_paths


def test_factors_scale_everything() -> None:
    values = np.random.default_rng(1).gamma(2, 3, (2, 30, 2))
    factors = np.array([[1.0, 2.0], [0.0, 5.0]])
    found = spread(values, (0.2, 0.8)).times(factors)
    expected = spread(values * factors[:, None, :], (0.2, 0.8))
    np.testing.assert_allclose(found.mean, expected.mean)
    np.testing.assert_allclose(found.quantiles, expected.quantiles)


def test_values_are_ordered_along_the_paths() -> None:
    values = np.array([[[3.0, 1.0], [2.0, 5.0], [9.0, 0.0]]])
    assert ascending(values).tolist() == [[[2, 3, 9], [0, 1, 5]]]
    assert quantiles(ascending(values), (0.5,)).tolist() == [[[3], [1]]]
