from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.series import SeriesKey
from forecasting.dependence import ErrorMemory
from forecasting.quantiles import GRID
from service.store.forecasts import PublishedForecast
from service.store.series import StoredSeries
from service.stretches import stretches_of
from training.recipe import Choice, PastErrors, Recipe

START = pd.Timestamp("2025-01-06", tz="UTC")
WEIGHTS = {"profile": (0.5, 0.2), "theta": (0.3, 0.8), "ces": (0.2, 0.0)}
WIDTHS = {"lower": (0.9, 1.0), "upper": (1.2, 1.0)}
ERRORS = (PastErrors(24, 96, 1.0, -5.0, 6.0), PastErrors(48, 90, 2.0, -7.0, 9.0))


def published(choice: Choice, members: Mapping[str, np.ndarray], horizon: int = 100) -> PublishedForecast:
    series = StoredSeries(1, SeriesKey(), "accelerators", Granularity.HOUR)
    recipe = Recipe(Granularity.HOUR, horizon, GRID, 0, None, tuple(WEIGHTS), (), {})
    memory = ErrorMemory(np.zeros(3, dtype=np.float32), 0.0)
    values = np.ones((horizon, len(GRID)))
    now = datetime(2025, 1, 6, tzinfo=UTC)
    return PublishedForecast(series, "run", recipe, choice, START, now, START, GRID, values, memory, members)


def members(*names: str) -> dict[str, np.ndarray]:
    return {name: np.ones((100, 3)) for name in names}


ENSEMBLE = Choice("ensemble", weights=WEIGHTS, widths=WIDTHS, errors=ERRORS)


def test_stretches_follow_each_other_to_the_end_of_the_horizon() -> None:
    forecast = published(ENSEMBLE, members(*WEIGHTS))
    for steps, ends in ((100, [24, 72, 100]), (73, [24, 72, 73]), (72, [24, 72]), (1, [1])):
        along = stretches_of(forecast, steps)
        assert [each.last for each in along] == ends
        assert [each.first for each in along] == [1, *(end + 1 for end in ends[:-1])]
        assert sum(each.leads for each in along) == steps


def test_the_last_learned_weights_and_widths_go_on_and_a_model_without_weight_is_left_away() -> None:
    first, second, third = stretches_of(published(ENSEMBLE, members(*WEIGHTS)), 100)
    assert first.weights == {"profile": 0.5, "theta": 0.3, "ces": 0.2}
    assert list(second.weights) == ["theta", "profile"]
    assert (third.weights, third.lower, third.upper) == (second.weights, second.lower, second.upper)


def test_a_dropped_member_leaves_its_weight_to_the_others() -> None:
    first, second, _ = stretches_of(published(ENSEMBLE, members("profile", "ces")), 100)
    assert first.weights == pytest.approx({"profile": 5 / 7, "ces": 2 / 7})
    assert second.weights == {"profile": 1.0}


def test_past_errors_stand_at_the_stretch_that_they_were_made_in() -> None:
    along = stretches_of(published(ENSEMBLE, members(*WEIGHTS)), 100)
    assert [each.errors for each in along] == [*ERRORS, None]
    week = Choice("ensemble", errors=(PastErrors(72, 1, 0.0, 0.0, 0.0), PastErrors(168, 2, 0.0, 0.0, 0.0)))
    assert [each.errors and each.errors.until for each in stretches_of(published(week, {}), 100)] == [None, 72, 168]


def test_a_choice_of_one_model_from_before_there_were_weights_is_all_of_it() -> None:
    along = stretches_of(published(Choice("theta", {"theta": 0.6}), {}), 100)
    assert [each.weights for each in along] == [{"theta": 1.0}] * 3
    assert {(each.lower, each.upper, each.widths) for each in along} == {
        (None, None, "the band is as the model gave it: nothing was corrected")
    }


def test_a_forecast_of_the_fallback_has_neither_the_weights_nor_the_widths_of_the_ensemble() -> None:
    choice = replace(ENSEMBLE, served_by="seasonal_naive", fallback_reason="theta was dropped from this forecast: x")
    first, *_ = stretches_of(published(choice, members("theta")), 100)
    assert first.weights == {"seasonal_naive": 1.0}
    assert (first.lower, first.upper, first.errors) == (None, None, None)


@pytest.mark.parametrize(
    ("lower", "upper", "errors", "words"),
    [
        (0.9, 1.2, ERRORS, "below the median the band is 10 % narrower than the models said and above it 20 % wider"),
        (1.5, 1.5, ERRORS, "the band is 50 % wider than the models said, so that"),
        (
            1.001,
            0.999,
            ERRORS,
            "the band is as wide as the models said: in the past it held as many outcomes as it promised",
        ),
        (1.25, 1.25, (), "25 % wider than the models said, as none of their past forecasts could be checked"),
        (1.25, 1.25, ERRORS, "25 % wider than the models said, so that"),
    ],
)
def test_widths_are_told_in_words(lower: float, upper: float, errors: tuple[PastErrors, ...], words: str) -> None:
    choice = replace(ENSEMBLE, widths={"lower": (lower,), "upper": (upper,)}, errors=errors)
    assert words in stretches_of(published(choice, members("profile")), 10)[0].widths
