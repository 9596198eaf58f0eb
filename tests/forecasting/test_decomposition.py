from itertools import pairwise

import numpy as np
import pytest

from demand.calendar import Granularity
from forecasting.decomposition import SEASONS, Decomposition, decompose, history_before

HOUR, DAY, WEEK, MONTH = Granularity


def sine(steps: np.ndarray, season: float) -> np.ndarray:
    return np.sin(2 * np.pi * steps / season)


def taken_apart(values: np.ndarray, granularity: Granularity, horizon: int) -> tuple[np.ndarray, Decomposition]:
    """The last `horizon` values and their parts, the others being history."""
    ahead = values[len(values) - horizon :]
    return ahead, decompose(ahead, values[: len(values) - horizon], granularity)


def total(parts: Decomposition) -> np.ndarray:
    return parts.trend + np.sum([*parts.seasonal.values(), parts.remainder], axis=0)


@pytest.mark.parametrize("granularity", list(Granularity))
@pytest.mark.parametrize(("horizon", "before"), [(1, 0), (1, 500), (30, 0), (30, 3), (60, 700)])
def test_the_parts_add_up_to_the_forecast(granularity: Granularity, horizon: int, before: int) -> None:
    rng = np.random.default_rng(horizon + before)
    values = rng.gamma(2.0, 50.0, horizon + before)
    ahead, parts = taken_apart(values, granularity, horizon)
    np.testing.assert_allclose(total(parts), ahead, rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize(("horizon", "before"), [(24, 672), (5, 672), (168, 0), (50, 0), (672, 672), (400, 13)])
def test_a_daily_wave_is_all_in_the_daily_part(horizon: int, before: int) -> None:
    steps = np.arange(horizon + before)
    _, parts = taken_apart(100 + 20 * sine(steps, 24), HOUR, horizon)
    np.testing.assert_allclose(parts.seasonal["daily"], 20 * sine(steps[before:], 24), atol=1e-9)
    np.testing.assert_allclose(parts.trend, 100, rtol=1e-12)
    np.testing.assert_allclose(parts.seasonal.get("weekly", 0.0), 0, atol=1e-9)
    np.testing.assert_allclose(parts.remainder, 0, atol=1e-9)


@pytest.mark.parametrize("granularity", list(Granularity))
@pytest.mark.parametrize(("horizon", "before"), [(1, 0), (1, 300), (26, 0), (60, 400)])
def test_a_line_is_all_in_the_trend(granularity: Granularity, horizon: int, before: int) -> None:
    line = 50 + 0.25 * np.arange(horizon + before)
    ahead, parts = taken_apart(line, granularity, horizon)
    np.testing.assert_allclose(parts.trend, ahead, rtol=1e-10)
    for part in (*parts.seasonal.values(), parts.remainder):
        np.testing.assert_allclose(part, 0, atol=1e-9)


def test_line_day_and_weekend_are_told_apart() -> None:
    steps = np.arange(840)
    weekend = np.where(steps // 24 % 7 >= 5, -5.0, 2.0)
    _, parts = taken_apart(200 + 0.1 * steps + 20 * sine(steps, 24) + weekend, HOUR, 168)
    np.testing.assert_allclose(parts.trend, 200 + 0.1 * steps[-168:], rtol=1e-10)
    np.testing.assert_allclose(parts.seasonal["daily"], 20 * sine(steps[-168:], 24), atol=1e-9)
    np.testing.assert_allclose(parts.seasonal["weekly"], weekend[-168:], atol=1e-9)


@pytest.mark.parametrize(("granularity", "season"), [(DAY, 7), (WEEK, 52), (MONTH, 12)])
def test_the_season_of_coarser_buckets_is_told_from_their_history(granularity: Granularity, season: int) -> None:
    steps = np.arange(history_before(granularity) + 6)
    _, parts = taken_apart(100 + 10 * sine(steps, season), granularity, 6)
    (part,) = parts.seasonal.values()
    np.testing.assert_allclose(part, 10 * sine(steps[-6:], season), atol=1e-9)


def test_seasons_that_are_not_held_twice_have_no_part() -> None:
    assert list(decompose(np.ones(47), np.empty(0), HOUR).seasonal) == []
    assert list(decompose(np.ones(48), np.empty(0), HOUR).seasonal) == ["daily"]
    assert list(decompose(np.ones(48), np.ones(288), HOUR).seasonal) == ["daily", "weekly"]
    assert list(decompose(np.ones(12), np.ones(11), MONTH).seasonal) == []


def test_gaps_in_the_history_are_bridged_and_what_is_before_it_is_ignored() -> None:
    steps = np.arange(700)
    values = 100 + 20 * sine(steps, 24)
    holed = values.copy()
    holed[:100], holed[300:360], holed[650:676] = np.nan, np.nan, np.nan
    parts = decompose(values[676:], holed[:676], HOUR)
    np.testing.assert_allclose(parts.seasonal["daily"], values[676:] - 100, atol=1e-9)
    nothing = decompose(values[676:], np.full(50, np.nan), HOUR)
    np.testing.assert_array_equal(nothing.trend, values[676:])


def test_a_forecast_that_leaves_the_usual_day_says_so_in_the_remainder() -> None:
    steps = np.arange(672 + 24)
    values = 100 + 20 * sine(steps, 24)
    values[-3] += 15
    _, parts = taken_apart(values, HOUR, 24)
    assert int(np.abs(parts.remainder).argmax()) == 21
    assert 12 < parts.remainder[21] < 15


def test_the_trend_follows_a_level_that_changes_where_the_forecast_begins() -> None:
    steps = np.arange(672 + 168)
    level = np.where(steps >= 672, 150.0, 100.0)
    _, parts = taken_apart(level + 20 * sine(steps, 24), HOUR, 168)
    np.testing.assert_allclose(parts.trend[24:], 150, atol=8)


def test_each_season_is_a_multiple_of_the_one_before() -> None:
    for seasons in SEASONS.values():
        lengths = list(seasons.values())
        assert all(longer % shorter == 0 for shorter, longer in pairwise(lengths))
