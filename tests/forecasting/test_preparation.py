import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from forecasting.preparation import SHORT_GAP, fill_gaps, prepare

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


def filled_step_by_step(values: list[float], season: int) -> list[float]:
    """The definition, read aloud: a line between neighbours, and in long gaps what was there one season earlier."""
    result, step = list(values), 0
    while step < len(values):
        if not np.isnan(values[step]):
            step += 1
            continue
        end = next(at for at in range(step, len(values)) if not np.isnan(values[at]))
        before, length = values[step - 1], end - step
        for at in range(step, end):
            line = before + (values[end] - before) * (at - step + 1) / (length + 1)
            result[at] = result[at - season] if length > SHORT_GAP and at >= season else line
        step = end
    return result


known_or_not = st.lists(st.one_of(st.just(NAN), st.just(NAN), st.floats(0, 100)), max_size=60)


@given(known_or_not, st.integers(1, 26))
def test_gaps_are_filled_as_by_a_loop_over_steps(inner: list[float], season: int) -> None:
    values = [3.0, *inner, 8.0]
    made = fill_gaps(np.array(values), season)
    np.testing.assert_allclose(made, filled_step_by_step(values, season), rtol=1e-9, atol=1e-9)


def test_a_gap_of_many_seasons_repeats_the_last_known_one() -> None:
    week = np.random.default_rng(1).random(168)
    row = np.concatenate([np.tile(week, 2), np.full(5 * 168 + 11, NAN), [0.5]])
    np.testing.assert_array_equal(fill_gaps(row, 168)[: 7 * 168], np.tile(week, 7))


def test_filling_leaves_the_input_alone_and_needs_no_gap() -> None:
    row = np.array([1.0, NAN, 3.0])
    fill_gaps(row, 2)
    assert np.isnan(row[1])
    np.testing.assert_array_equal(fill_gaps(np.array([4.0]), 24), [4.0])
