import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity, number
from demand.history import FloatArray, Panel
from forecasting.calibration import FOLLOWING, UNCHECKED
from forecasting.dependence import ErrorMemory
from forecasting.quantiles import GRID
from tests.training.panels import START, panel
from training.following import brought_up, remembered
from training.ports import IssuedForecast, Known
from training.recipe import Choice

MODELS = ("seasonal_naive", "profile", "boosting", "kin")
SIZE = Granularity.HOUR.rhythm.memory
LEARNED = Choice(
    "ensemble",
    {"ensemble": 0.5, "boosting": 0.6},
    1.0,
    0.8,
    weights={"boosting": (0.75, 0.5, 0.25), "profile": (0.25, 0.5, 0.75)},
    widths={"lower": (1.0, 1.1, 1.2), "upper": (0.9, 1.0, 1.3)},
)


def hours(count: float) -> pd.Timedelta:
    return pd.Timedelta(hours=count)


def issued(start: pd.Timestamp, steps: int = 168) -> IssuedForecast:
    """Quantiles that are a hundred times their probability, so that 10 and 90 are the outer ones."""
    return IssuedForecast(start, np.tile(100 * np.array(GRID), (steps, 1)))


def memory(filled: float = np.nan) -> ErrorMemory:
    return ErrorMemory(np.full(SIZE, filled, dtype=np.float32), 0.5)


def follow(known: Known | None, values: FloatArray) -> tuple[Choice, ErrorMemory]:
    """The choice and memory of one series of this history, which starts at START."""
    (choice,), (kept,) = brought_up(panel(values[None]), [known], MODELS)
    return choice, kept


def test_weights_scores_and_reasons_are_kept() -> None:
    choice, _ = follow(Known(LEARNED, memory(), (issued(START + hours(48)),)), np.full(48, 50.0))
    assert choice == LEARNED


def test_widths_move_by_what_came_true_since_as_adaptive_conformal_inference_would_move_them() -> None:
    values = np.full(72, 50.0)
    values[50:55], values[60] = 95.0, 5.0
    choice, _ = follow(Known(LEARNED, memory(), (issued(START + hours(48)),)), values)
    assert choice.widths["upper"][0] == pytest.approx(0.9 * np.exp(FOLLOWING * (5 - 0.1 * 24)))
    assert choice.widths["lower"][0] == pytest.approx(1.0 * np.exp(FOLLOWING * (1 - 0.1 * 24)))
    assert choice.widths["upper"][1:] == LEARNED.widths["upper"][1:]
    assert choice.widths["lower"][1:] == LEARNED.widths["lower"][1:]


def test_older_forecasts_tell_of_the_later_stretches_what_came_true_since_the_newest() -> None:
    values = np.full(72, 50.0)
    values[:48] = 95.0  # known when the newest was made, so it counts no more
    values[70:] = 95.0
    newest = START + hours(48)
    known = Known(LEARNED, memory(), (issued(newest), issued(newest - hours(30)), issued(newest - hours(100))))
    choice, _ = follow(known, values)
    step = np.exp(FOLLOWING * (2 - 0.1 * 24))
    assert choice.widths["upper"] == pytest.approx([0.9 * step, 1.0 * step, 1.3 * step])


def test_missing_outcomes_move_nothing() -> None:
    values = np.full(72, np.nan)
    values[:48] = 50.0
    choice, kept = follow(Known(LEARNED, memory(), (issued(START + hours(48)),)), values)
    assert choice.widths == LEARNED.widths
    assert np.isnan(kept.scores).all()


def test_a_history_that_ends_before_the_newest_forecast_begins_moves_nothing() -> None:
    choice, _ = follow(Known(LEARNED, memory(), (issued(START + hours(90)),)), np.full(48, 95.0))
    assert choice.widths == LEARNED.widths


def test_memory_is_extended_by_the_normal_scores_of_what_came_true_at_their_own_places() -> None:
    values = np.full(52, 50.0)
    values[48:] = [95.0, 50.0, np.nan, 2.5]
    newest = START + hours(48)
    _, kept = follow(Known(LEARNED, memory(9.0), (issued(newest),)), values)
    places = (number(newest, Granularity.HOUR) + np.arange(4)) % SIZE
    np.testing.assert_allclose(kept.scores[places], [1.6448536, 0.0, 9.0, -1.9599640], atol=1e-5)
    assert (np.delete(kept.scores, places) == 9.0).all()
    assert kept.persistence == 0.5


def test_more_outcomes_than_are_remembered_leave_the_newest() -> None:
    values = np.full(400, 50.0)
    values[-1] = 95.0
    _, kept = follow(Known(LEARNED, memory(), (issued(START, 400),)), values)
    last = (number(START, Granularity.HOUR) + 399) % SIZE
    assert kept.scores[last] == pytest.approx(1.6448536, abs=1e-5)
    assert (np.delete(kept.scores, last) == 0.0).all()


def test_a_model_that_left_the_catalogue_leaves_its_weight_to_the_others() -> None:
    known = Known(
        Choice(
            "ensemble", weights={"oracle": (0.8, 0.5, 1.0), "boosting": (0.1, 0.5, 0.0), "profile": (0.1, 0.0, 0.0)}
        ),
        memory(),
        (),
    )
    choice, _ = follow(known, np.full(48, 50.0))
    assert list(choice.weights) == ["boosting", "profile"]
    assert choice.weights["boosting"] == pytest.approx([0.5, 1.0, 6 / 7])
    assert choice.weights["profile"] == pytest.approx([0.5, 0.0, 1 / 7])
    assert choice.warnings == ("oracle is no longer in the catalogue, so its weight is shared by the others",)
    again, _ = follow(Known(choice, memory(), ()), np.full(48, 50.0))
    assert again == choice


def test_a_choice_from_before_there_were_weights_is_all_of_its_model() -> None:
    old = Choice.from_json({"model": "profile", "scores": {"profile": 0.5}, "naive_score": 1.0, "coverage_80": 0.7})
    choice, _ = follow(Known(old, memory(), (issued(START + hours(24)),)), np.full(48, 50.0))
    assert (choice.model, choice.weights, choice.warnings) == ("profile", {"profile": (1.0,)}, ())
    assert choice.score == 0.5


def test_what_was_said_of_the_last_forecast_is_not_said_again() -> None:
    failed = Choice(
        "ensemble", weights={"profile": (1.0,)}, served_by="seasonal_naive", fallback_reason="no", remarks=("so",)
    )
    choice, _ = follow(Known(failed, memory(), ()), np.full(48, 50.0))
    assert (choice.served_by, choice.fallback_reason, choice.remarks, choice.notes) == (None, "", (), ())


def two(*known: Known | None) -> tuple[Choice, ...]:
    history: Panel = panel(np.full((len(known), 48), 50.0))
    return brought_up(history, list(known), MODELS)[0]


def test_a_new_series_has_the_mean_weights_of_the_fleet_wider_intervals_and_says_so() -> None:
    other = Choice("ensemble", weights={"boosting": (1.0,)}, widths={"lower": (1.0,), "upper": (1.0,)})
    new = two(Known(LEARNED, memory(), ()), None, Known(other, memory(), ()))[1]
    assert new.weights == {"boosting": (pytest.approx(0.75),), "profile": (pytest.approx(0.25),)}
    assert new.widths == {"lower": (UNCHECKED,), "upper": (UNCHECKED,)}
    assert "new since the last retraining" in new.warnings[0]
    assert (new.model, new.score, new.coverage_80) == ("ensemble", None, None)


def test_a_new_series_in_a_fleet_that_knows_nothing_is_forecast_by_the_naive() -> None:
    (new,) = two(None)
    assert (new.model, new.weights) == ("seasonal_naive", {"seasonal_naive": (1.0,)})


def test_a_series_whose_models_have_all_gone_is_treated_as_new_and_says_which() -> None:
    gone = Choice("ensemble", weights={"oracle": (0.5,), "seer": (0.5,)})
    choice = two(Known(LEARNED, memory(), ()), Known(gone, memory(1.0), ()))[1]
    assert choice.weights["boosting"] == (pytest.approx(0.5),)
    assert "oracle, seer is no longer in the catalogue" in choice.warnings[0]


def test_what_was_borrowed_from_kin_is_not_carried_on_and_one_that_had_nothing_else_is_treated_as_new() -> None:
    young = Choice("ensemble", weights={"boosting": (0.3, 0.3), "profile": (0.1, 0.1), "kin": (0.6, 0.6)})
    newborn = Choice("ensemble", weights={"seasonal_naive": (0.0,), "kin": (1.0,)})
    first, second = two(Known(young, memory(), ()), Known(newborn, memory(), ()))
    assert first.weights == {"boosting": pytest.approx((0.75, 0.75)), "profile": pytest.approx((0.25, 0.25))}
    assert first.warnings == ()
    assert second.weights == {"boosting": (pytest.approx(0.75),), "profile": (pytest.approx(0.25),)}
    assert "too young at the last retraining" in second.warnings[0]


def test_the_errors_of_the_backtest_are_remembered_at_the_places_of_their_buckets() -> None:
    history = panel(np.zeros((1, 48)))
    errors = np.array([[np.nan, 3.0, 1.0, 2.0]])
    (kept,) = remembered(errors, history)
    places = (number(history.end, Granularity.HOUR) - np.arange(4, 0, -1)) % SIZE
    np.testing.assert_array_equal(np.isnan(kept.scores[places]), [True, False, False, False])
    assert list(np.argsort(kept.scores[places[1:]])) == [1, 2, 0]
    assert np.isnan(kept.scores).sum() == SIZE - 3
