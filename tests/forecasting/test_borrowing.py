import numpy as np

from demand.calendar import Granularity
from forecasting.borrowing import belief, lenders, own_deviation

HOURS = np.arange(28 * 24)
DAY = np.exp(-(((HOURS % 24) - 13) ** 2) / 20.0)
FLAT = np.zeros(len(HOURS))


def test_the_clock_of_a_young_series_is_found_from_a_day_of_it() -> None:
    shapes = lenders(np.stack([DAY, FLAT]), Granularity.HOUR, 48)
    young = np.roll(DAY, 9)[-24:] + 3 + np.random.default_rng(1).normal(0, 0.02, 24)
    rows = np.array([0, 1])
    window = shapes.shapes(rows, len(HOURS) - 24, len(HOURS))
    weights = belief(young, window, np.zeros(2), np.array([0.25, 0.25]))
    assert np.unravel_index(weights.argmax(), weights.shape) == (0, 9)
    assert weights.max() > 0.5
    ahead = shapes.blend(rows, weights, len(HOURS), len(HOURS) + 48)
    assert np.corrcoef(ahead, np.tile(np.roll(DAY[:24], 9), 2))[0, 1] > 0.98


def test_kin_of_the_same_region_are_never_turned() -> None:
    shapes = lenders(DAY[None], Granularity.HOUR, 1).shapes(np.array([0]), 0, 24)
    weights = belief(np.roll(DAY, 9)[:24], shapes, np.zeros(1), np.ones(1))
    np.testing.assert_array_equal(weights[0], np.arange(24) == 0)


def test_a_blend_is_the_weighted_sum_of_all_shapes() -> None:
    rng = np.random.default_rng(2)
    shapes = lenders(rng.normal(size=(3, 1000)).cumsum(axis=1), Granularity.HOUR, 30)
    weights, rows = rng.random((2, 24)), np.array([2, 0])
    expected = np.tensordot(weights, shapes.shapes(rows, 900, 1030), axes=2)
    np.testing.assert_allclose(shapes.blend(rows, weights, 900, 1030), expected, atol=1e-9)


def test_with_one_observation_only_nearness_counts() -> None:
    window = lenders(np.stack([DAY, FLAT]), Granularity.HOUR, 1).shapes(np.array([0, 1]), 5, 6)
    weights = belief(np.array([2.0]), window, np.log([3.0, 1.0]), np.ones(2))
    np.testing.assert_allclose(weights.sum(axis=1), [0.75, 0.25])


def test_a_year_is_lent_by_the_week() -> None:
    weeks = np.arange(120)
    shapes = lenders((0.3 * np.sin(2 * np.pi * weeks / 52.18))[None], Granularity.WEEK, 10)
    assert shapes.turns == 1
    np.testing.assert_allclose(
        shapes.shapes(np.array([0]), 120, 130)[0, 0], 0.3 * np.sin(2 * np.pi * np.arange(120, 130) / 52.18), atol=0.05
    )


def test_own_deviations_count_the_more_the_more_cycles_are_seen() -> None:
    week = np.array([0.4, 0, 0, 0, 0, 0, -0.4])
    one, many = (own_deviation(np.tile(week, cycles), 7, 7) for cycles in (1, 27))
    np.testing.assert_allclose(one, week / 4)
    np.testing.assert_allclose(many, 0.9 * week)
    assert not own_deviation(week[:5], 9, 7).any()
