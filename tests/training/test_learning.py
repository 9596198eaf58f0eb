from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from demand.series import SeriesKey, Workload
from forecasting.calibration import UNCHECKED, Outcomes, calibrate
from forecasting.quantiles import DECILES
from tests.training.panels import START, panel
from training.backtest import Backtest, Windows
from training.learning import kinds_of, learn, relative_scores, unlearned

MODELS = ("seasonal_naive", "good", "bad")
WINDOWS = Windows(horizon=80, origins=4)
PRIOR = np.array([0.2, 0.4, 0.4])


def bands(level: FloatArray, width: float) -> FloatArray:
    """Gaussian deciles around a level."""
    return np.asarray(level[..., None] + width * norm.ppf(DECILES))


def past(n_series: int = 5, seed: int = 1) -> Backtest:
    """Noise of width 5 around 100, which `good` knows, `bad` is 30 below and the naive 10 below."""
    rng = np.random.default_rng(seed)
    actual = 100 + 5 * rng.normal(size=(n_series, WINDOWS.steps))
    level = np.full(actual.shape, 100.0)
    deciles = np.stack([bands(level - 10, 5.0), bands(level, 5.0), bands(level - 30, 5.0)])
    able = np.ones((3, n_series), dtype=bool)
    return Backtest(MODELS, WINDOWS, Granularity.HOUR, deciles, actual, np.full(n_series, 5.0), able, {})


def fleet(n_series: int) -> Panel:
    return panel(np.full((n_series, 400), 100.0))


def naive_only(made: Backtest) -> Backtest:
    return replace(made, models=MODELS[:1], deciles=made.deciles[:1], able=made.able[:1])


def test_weights_lie_on_the_simplex_in_every_stretch_and_prefer_who_was_right() -> None:
    for choice in learn(past(), PRIOR, fleet(5)).choices:
        weights = np.array(list(choice.weights.values()))
        assert weights.shape[1] == 3
        assert (weights >= 0).all()
        np.testing.assert_allclose(weights.sum(axis=0), 1.0)
        assert next(iter(choice.mean_weights())) == "good"
        assert choice.mean_weights()["good"] > 0.7


def test_the_ensemble_and_every_model_are_scored_and_the_naive_is_what_they_are_measured_against() -> None:
    made = past()
    choice = learn(made, PRIOR, fleet(5)).choices[2]
    assert {name: pytest.approx(score) for name, score in choice.scores.items() if name != "ensemble"} == {
        name: made.losses[at, 2].mean() for at, name in enumerate(MODELS)
    }
    assert choice.naive_score == choice.scores["seasonal_naive"]
    assert 0.98 * choice.scores["good"] < choice.scores["ensemble"] < choice.scores["seasonal_naive"]
    assert choice.score == choice.scores["ensemble"]


def test_coverage_and_score_are_of_bands_that_did_not_know_the_outcome() -> None:
    made = naive_only(past(n_series=40))
    choices = learn(made, np.ones(1), fleet(40)).choices
    trials, corrected = made.trials(), np.empty_like(made.deciles[0])
    for origin in range(4):
        here = trials.origin == origin
        others = Outcomes.of(made.deciles[0][:, ~here], DECILES, made.actual[:, ~here], trials.stretch[~here])
        corrected[:, here] = calibrate(others, 3).applied(made.deciles[0][:, here], DECILES, trials.stretch[here])
    blind = ((made.actual >= corrected[..., 0]) & (made.actual <= corrected[..., -1])).mean(axis=1)
    assert [choice.coverage_80 for choice in choices] == pytest.approx(blind.tolist())
    assert [choice.score for choice in choices] == pytest.approx(made.loss(corrected).mean(axis=1).tolist())
    everything = Outcomes.of(made.deciles[0], DECILES, made.actual, trials.stretch)
    known = calibrate(everything, 4).applied(made.deciles[0], DECILES, trials.stretch)
    seen = ((made.actual >= known[..., 0]) & (made.actual <= known[..., -1])).mean(axis=1)
    assert seen.mean() > blind.mean(), "bands that know the outcome hold more of it"
    assert choices[0].widths["upper"] == pytest.approx(calibrate(everything, 4).upper[0].tolist())


def test_an_outcome_changes_nothing_of_the_weights_it_is_forecast_with() -> None:
    made = past()
    actual = made.actual.copy()
    actual[:, -80:] += 30.0
    moved = learn(replace(made, actual=actual), PRIOR, fleet(5)).errors - learn(made, PRIOR, fleet(5)).errors
    band = 2 * 5 * norm.ppf(0.9)
    np.testing.assert_allclose(moved[:, -80:], 30 / band)
    assert np.abs(moved[:, :-80]).max() > 0.01, "the weights of the other origins know it"


def test_past_errors_of_each_stretch_are_told_in_the_unit_of_demand() -> None:
    made = naive_only(past())
    (first, second, third) = learn(made, np.ones(1), fleet(5)).choices[3].errors
    errors = (made.actual[3] - 90.0).reshape(4, 80)
    for told, cut in ((first, errors[:, :24]), (second, errors[:, 24:72]), (third, errors[:, 72:])):
        assert told.count == cut.size
        assert told.bias == pytest.approx(cut.mean())
        assert (told.low, told.high) == pytest.approx(tuple(np.quantile(cut, [0.1, 0.9])))
    assert (first.until, second.until, third.until) == (24, 72, 80)


def test_errors_are_remembered_in_units_of_the_band_and_not_where_nothing_is_known() -> None:
    made = naive_only(past())
    actual = made.actual.copy()
    actual[1, 7] = np.nan
    errors = learn(replace(made, actual=actual), np.ones(1), fleet(5)).errors
    band = 2 * 5 * norm.ppf(0.9)
    np.testing.assert_allclose(errors, (actual - 90.0) / band)
    assert np.argwhere(np.isnan(errors)).tolist() == [[1, 7]]


def test_a_model_that_failed_is_left_out_of_that_series_by_name() -> None:
    made = replace(past(), failures={("good", 2): "it took longer than its 30 s"})
    choices = learn(made, PRIOR, fleet(5)).choices
    assert choices[2].warnings == ("good was left out: it took longer than its 30 s",)
    assert "good" not in choices[2].weights
    assert all("good" in choice.weights and choice.warnings == () for choice in (*choices[:2], *choices[3:]))


def test_a_series_without_any_outcome_has_the_weights_of_others_and_says_so() -> None:
    made = past()
    actual, deciles = made.actual.copy(), made.deciles.copy()
    actual[4] = np.nan
    deciles[:, 4] = np.nan
    lesson = learn(replace(made, actual=actual, deciles=deciles), PRIOR, fleet(5))
    lonely = lesson.choices[4]
    assert "nothing of the series' own past could be compared" in lonely.warnings[0]
    assert (lonely.naive_score, lonely.coverage_80, lonely.score, lonely.errors) == (None, None, None, ())
    assert next(iter(lonely.mean_weights())) == "good"
    assert np.isnan(lesson.errors[4]).all()


def test_without_any_window_the_usual_weights_are_used_with_wider_intervals_and_it_is_said() -> None:
    choices = unlearned(MODELS, np.array([1.0, 3.0, 4.0]), fleet(2))
    assert len(choices) == 2
    assert choices[0].weights == {"seasonal_naive": (0.125,), "good": (0.375,), "bad": (0.5,)}
    assert choices[0].widths == {"lower": (UNCHECKED,), "upper": (UNCHECKED,)}
    assert UNCHECKED > 1
    assert "too short to compare models" in choices[0].warnings[0]
    assert (choices[0].score, choices[0].coverage_80) == (None, None)


def test_series_of_one_workload_are_a_kind_where_there_are_a_few() -> None:
    workloads = [Workload.TRAINING] * 3 + [Workload.INFERENCE] * 2 + [Workload.UNATTRIBUTED] * 4
    keys = tuple(SeriesKey(workload=workload, tenant=str(at)) for at, workload in enumerate(workloads))
    made = Panel(keys, ("accelerators",) * 9, Granularity.HOUR, START, np.zeros((9, 5)))
    assert kinds_of(made).tolist() == [0, 0, 0, 1, 1, 2, 2, 2, 2]


def test_a_model_that_was_tried_at_the_easy_origins_only_gains_nothing_by_that() -> None:
    losses = np.array([[4.0, 2.0, 2.0], [2.0, 1.0, 1.0], [np.nan, 1.0, 1.0], [np.nan, np.nan, np.nan]])
    scores = relative_scores(losses)
    assert scores[:3] == pytest.approx([8 / 3, 4 / 3, 4 / 3])
    assert np.isnan(scores[3])


def test_origins_at_which_the_first_model_was_perfect_do_not_spoil_the_comparison() -> None:
    assert relative_scores(np.array([[1.0, 0.0], [np.nan, 0.5]])) == pytest.approx([0.5, 0.5])


def test_learning_the_same_gives_the_same() -> None:
    first, second = (learn(past(), PRIOR, fleet(5)) for _ in range(2))
    assert first.choices == second.choices
    assert first.errors.tobytes() == second.errors.tobytes()
