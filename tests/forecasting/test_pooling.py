import numpy as np

from demand.history import FloatArray
from forecasting.pooling import Prior, kin_prior

NOTHING = Prior(np.zeros(40), np.full(40, 9.0))


def fleet(between: float, within: float, seed: int) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    truth = np.concatenate([rng.normal(1, between, 20), rng.normal(-1, between, 20)])
    return truth, truth + rng.normal(0, within, 40)


def test_the_prior_is_the_mean_of_ones_own_kind_with_the_variance_between_series() -> None:
    groups = ["inference"] * 20 + ["training"] * 20
    priors = [kin_prior(fleet(0.5, 0.3, seed)[1], np.full(40, 0.09), groups, NOTHING) for seed in range(50)]
    means, variances = (np.mean([getattr(prior, name) for prior in priors], axis=0) for name in ("mean", "variance"))
    np.testing.assert_allclose(means[:20], 1, atol=0.05)
    np.testing.assert_allclose(means[20:], -1, atol=0.05)
    # the variance between series, and how unsure their mean is
    np.testing.assert_allclose(variances, 0.25 + (0.25 + 0.09) / 19, rtol=0.1)


def test_shrinking_to_the_prior_is_nearer_to_the_truth_than_the_estimates_are() -> None:
    truth, estimates = fleet(0.1, 0.5, 1)
    prior = kin_prior(estimates, np.full(40, 0.25), ["a"] * 20 + ["b"] * 20, NOTHING)
    shrunk = (estimates / 0.25 + prior.mean / prior.variance) / (1 / 0.25 + 1 / prior.variance)
    assert np.mean((shrunk - truth) ** 2) < 0.3 * np.mean((estimates - truth) ** 2)


def test_a_series_takes_no_part_in_its_own_prior() -> None:
    estimates = np.array([1.0, 1.1, 0.9, 1.0, 50.0])
    prior = kin_prior(estimates, np.full(5, 0.01), ["a"] * 5, Prior(np.zeros(5), np.ones(5)))
    assert abs(prior.mean[4] - 1.0) < 0.01


def test_a_small_group_learns_from_all_and_a_small_fleet_from_the_default() -> None:
    estimates = np.array([2.0, 2.0, 2.1, 1.9, np.nan])
    default = Prior(np.full(5, 7.0), np.ones(5))
    prior = kin_prior(estimates, np.full(5, 0.01), ["a", "a", "a", "a", "b"], default)
    assert abs(prior.mean[4] - 2.0) < 0.05
    few = kin_prior(estimates[:3], np.full(3, 0.01), ["a"] * 3, Prior(np.full(3, 7.0), np.ones(3)))
    np.testing.assert_array_equal(few.mean, 7.0)


def test_no_series_outvotes_all_others_however_sure_it_is() -> None:
    estimates = np.array([0.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    variances = np.array([1e-30, 0.1, 0.1, 0.1, 0.1, 0.1])
    prior = kin_prior(estimates, variances, ["a"] * 6, Prior(np.zeros(6), np.ones(6)))
    assert np.isfinite(prior.mean).all()
    assert prior.mean[1] > 0.4
