import numpy as np
import pytest

from demand.history import FloatArray
from training.backtest import Backtest
from training.choosing import choose, relative_losses


def scored(losses: list[FloatArray], naive: FloatArray) -> Backtest:
    names = tuple(f"m{number}" for number in range(len(losses)))
    shape = (len(losses), len(naive))
    table = np.stack(losses)
    return Backtest(names, table, naive, np.full(shape, 0.8), np.zeros((*shape, 4)))


def test_a_single_series_gets_the_model_with_the_lowest_mean_loss() -> None:
    past = scored([np.array([[1.0, 3.0]]), np.array([[4.0, 4.0]])], np.ones((1, 2)))
    (choice,) = choose(past, fallback="naive")
    assert choice.model == "m0"
    assert choice.scores == {"m0": 2.0, "m1": 4.0}
    assert choice.naive_score == 1.0


def test_a_model_that_was_lucky_on_one_series_does_not_win_against_what_all_the_others_show() -> None:
    naive = np.ones((10, 1))
    steady, erratic = np.full((10, 1), 0.7), np.full((10, 1), 1.5)
    erratic[0] = 0.6
    choices = choose(scored([steady, erratic], naive), fallback="naive")
    assert [choice.model for choice in choices] == ["m0"] * 10
    assert choices[0].scores == {"m0": pytest.approx(0.7), "m1": pytest.approx(0.6)}


def test_the_same_luck_over_many_origins_is_believed() -> None:
    naive = np.ones((10, 40))
    steady, erratic = np.full((10, 40), 0.7), np.full((10, 40), 1.5)
    erratic[0] = 0.5
    choices = choose(scored([steady, erratic], naive), fallback="naive")
    assert [choice.model for choice in choices] == ["m1"] + ["m0"] * 9


def test_a_model_tried_only_where_it_was_easy_gains_nothing_by_that() -> None:
    naive = np.array([[9.0, 1.0]])
    everywhere, easy_only = np.array([[4.5, 0.5]]), np.array([[np.nan, 0.6]])
    (choice,) = choose(scored([everywhere, easy_only], naive), fallback="naive")
    assert choice.model == "m0"
    assert choice.scores == {"m0": pytest.approx(2.5), "m1": pytest.approx(3.0)}


def test_without_any_comparison_the_fallback_is_used_and_says_so() -> None:
    nothing = np.full((1, 2), np.nan)
    (choice,) = choose(scored([nothing], nothing), fallback="seasonal_naive")
    assert choice.model == "seasonal_naive"
    assert choice.score is None
    assert "too short" in choice.warnings[0]


def test_a_history_that_no_model_could_forecast_is_not_called_short() -> None:
    (choice,) = choose(scored([np.full((1, 2), np.nan)], np.ones((1, 2))), fallback="seasonal_naive")
    assert "no model could forecast its past" in choice.warnings[0]


def test_a_history_without_any_window_uses_the_fallback() -> None:
    (choice,) = choose(scored([np.empty((1, 0))], np.empty((1, 0))), fallback="seasonal_naive")
    assert choice.model == "seasonal_naive"


def test_on_a_series_that_the_naive_forecasts_perfectly_only_a_perfect_model_is_as_good() -> None:
    naive = np.zeros((1, 2))
    past = scored([np.array([[0.1, 0.1]]), np.array([[0.0, 0.0]])], naive)
    assert relative_losses(past).ravel().tolist() == [np.inf, 1.0]
    assert choose(past, fallback="naive")[0].model == "m1"
