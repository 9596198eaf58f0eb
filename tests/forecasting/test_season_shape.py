import numpy as np
import pytest

from demand.calendar import Granularity
from forecasting.season_shape import cyclic_shape, repeated, short_seasons, short_shape, year_of, yearly_shape

RNG = np.random.default_rng(8)
WEEK = np.array([0.3, 0.2, 0.1, 0.0, -0.1, -0.2, -0.3])


def test_a_shape_that_comes_again_is_found_beside_a_trend() -> None:
    steps = np.arange(12 * 7 + 3)
    values = (WEEK[steps % 7] + 0.01 * steps)[None]
    np.testing.assert_allclose(short_shape(values, 7)[0], WEEK[np.arange(len(steps), len(steps) + 7) % 7], atol=1e-3)


def test_of_noise_little_is_left() -> None:
    noise = RNG.normal(size=(200, 84))
    assert np.mean(short_shape(noise, 7) ** 2) < 0.35 * np.mean(noise.reshape(200, 12, 7).mean(axis=1) ** 2)


@pytest.mark.parametrize("n_steps", [0, 5, 13])
def test_there_is_no_shape_before_two_cycles(n_steps: int) -> None:
    np.testing.assert_array_equal(short_shape(RNG.normal(size=(2, n_steps)), 7), np.zeros((2, 7)))


def test_gaps_do_not_hide_a_shape() -> None:
    steps = np.arange(84)
    values = np.where(RNG.random((1, 84)) < 0.15, np.nan, WEEK[steps % 7][None])
    np.testing.assert_allclose(short_shape(values, 7)[0], WEEK, atol=0.06)


def test_a_week_of_hours_is_the_day_and_what_each_weekday_adds() -> None:
    hours = np.arange(4 * 168)
    values = (np.sin(2 * np.pi * hours / 24) + 0.5 * (hours % 168 >= 120))[None]
    shape = cyclic_shape(values, (24, 168))
    assert np.corrcoef(shape[0], values[0, :168])[0, 1] > 0.99
    np.testing.assert_array_equal(repeated(shape, np.array([-168, 0, 168])), np.repeat(shape[:, :1], 3, axis=1))


def test_a_year_is_found_from_two_years_on() -> None:
    weeks = np.arange(110)
    wave = 0.3 * np.sin(2 * np.pi * weeks / 52.18)
    past, ahead = yearly_shape((wave[:106] + 0.002 * weeks[:106])[None], 52.18, 4)
    np.testing.assert_allclose(past[0], wave[:106], atol=0.05)
    np.testing.assert_allclose(ahead[0], wave[106:], atol=0.05)
    assert not yearly_shape(wave[None, :100], 52.18, 4)[1].any()


def test_a_random_walk_has_no_year() -> None:
    walks = RNG.normal(size=(100, 48)).cumsum(axis=1)
    past, _ = yearly_shape(walks, 12, 0)
    assert np.median(past.std(axis=1) / walks.std(axis=1)) < 0.15


def test_seasons_are_those_of_the_granularity() -> None:
    assert {each: (short_seasons(each), year_of(each)) for each in Granularity} == {
        Granularity.HOUR: ((24, 168), None),
        Granularity.DAY: ((7,), 365.25),
        Granularity.WEEK: ((), 52.18),
        Granularity.MONTH: ((), 12),
    }
