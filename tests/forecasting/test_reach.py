import numpy as np
from scipy.signal import lfilter

from demand.history import FloatArray
from forecasting.reach import factors_at, reach_factors, rehearsal_leads, rehearsal_origins
from forecasting.trend_filter import Belief, beliefs, run_filter

FREEDOM = 30.0


def factors_of(values: FloatArray) -> FloatArray:
    filtered = run_filter(values, np.ones(len(values)), rehearsal_origins(values.shape[1]))
    groups = ["one"] * len(values)
    weights = beliefs(filtered, groups)
    belief = Belief(weights, (weights * filtered.squares).sum(axis=1))
    return reach_factors(values, filtered, belief, groups, FREEDOM)


def test_a_random_walk_reaches_as_far_as_it_is_thought_to() -> None:
    walks = np.random.default_rng(1).normal(size=(40, 300)).cumsum(axis=1)
    np.testing.assert_allclose(factors_of(walks).mean(axis=0), 1.0, atol=0.2)


def test_what_returns_to_its_mean_reaches_less_far() -> None:
    returning = lfilter([1], [1, -0.9], np.random.default_rng(2).normal(size=(40, 400)))
    mean = factors_of(returning).mean(axis=0)
    assert mean[-1] < 0.7
    assert mean[0] > 0.85


def test_leads_are_powers_of_two_up_to_a_third_of_the_history() -> None:
    assert [rehearsal_leads(n).tolist() for n in (1, 3, 12, 100)] == [[1], [1], [1, 2, 4], [1, 2, 4, 8, 16, 32]]
    assert rehearsal_origins(1) == (1,)


def test_between_measured_leads_factors_are_interpolated_and_the_last_goes_on() -> None:
    at = factors_at(np.array([[1.0, 2.0, 4.0]]), 9)[0]
    np.testing.assert_allclose(at[[0, 1, 3, 4, 8]], [1, 2, 4, 4, 4])
    assert 2 < at[2] < 4
