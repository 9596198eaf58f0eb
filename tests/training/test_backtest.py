import numpy as np
import pytest

from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from forecasting.forecaster import Forecaster
from forecasting.quantiles import DECILES
from forecasting.seasonal_naive import SeasonalNaive
from tests.training.models import Boundless, Constant, Crashing, FleetMean, Following
from tests.training.panels import daily_shape, panel
from training.backtest import Backtest, Windows, backtest, stretches
from training.fitting import NOT_FINITE, Workers
from training.pipeline import silent

NAIVE = SeasonalNaive()


def run(history: Panel, *models: Forecaster, windows: Windows) -> Backtest:
    """The naive that all are measured against, and each model."""
    with Workers(1) as workers:
        return backtest((NAIVE, *models), history, windows, 0, workers, silent)


def loss_by_hand(history: FloatArray, first: int, horizon: int, level: float) -> float:
    """Twice the mean pinball loss of a constant band of half-width 1, over the mean absolute daily difference."""
    scale = np.mean([abs(history[i] - history[i - 24]) for i in range(24, len(history))])
    losses = []
    for actual in history[first : first + horizon]:
        for decile in DECILES:
            quantile = level + 2 * decile - 1
            miss = actual - quantile
            losses.append(decile * miss if miss >= 0 else (decile - 1) * miss)
    return float(2 * np.mean(losses) / scale)


def test_every_origin_is_scored_as_it_would_be_by_hand() -> None:
    values = daily_shape(2, days=10, seed=1)
    result = run(panel(values), Constant("flat", 110.0), windows=Windows(horizon=24, origins=3))
    expected = [[loss_by_hand(row, first, 24, 110.0) for first in (168, 192, 216)] for row in values]
    np.testing.assert_allclose(result.losses[1], expected)
    assert result.models == ("seasonal_naive", "flat")


def test_a_model_sees_nothing_of_what_it_is_scored_on() -> None:
    values = daily_shape(1, days=10, seed=2)
    changed = values.copy()
    changed[0, 192:] += 1000.0
    windows = Windows(horizon=24, origins=3)
    before, after = run(panel(values), windows=windows), run(panel(changed), windows=windows)
    assert (before.deciles[0, 0, :48] == after.deciles[0, 0, :48]).all()
    assert (before.deciles[0, 0, 48:] != after.deciles[0, 0, 48:]).all()


def test_a_rolling_model_stands_where_the_others_are_fitted_anew() -> None:
    values = daily_shape(2, days=70, seed=3)
    result = run(panel(values), Following(), windows=Windows(horizon=24, origins=3))
    last = values[:, [70 * 24 - 73, 70 * 24 - 49, 70 * 24 - 25]]
    np.testing.assert_array_equal(result.deciles[1, :, ::24, 0], last)
    np.testing.assert_array_equal(result.actual, values[:, -72:])


def test_a_model_is_not_tried_where_it_lacks_the_history_it_asks_for() -> None:
    values = daily_shape(2, days=10, seed=5)
    values[1, :180] = np.nan
    needy, hopeless = Constant("needy", 100.0, minimum=30), Constant("hopeless", 100.0, minimum=1000)
    result = run(panel(values), needy, hopeless, windows=Windows(horizon=24, origins=2))
    assert np.isfinite(result.losses[1, 0]).all()
    assert np.isnan(result.losses[1, 1]).tolist() == [True, False]
    assert np.isnan(result.losses[2]).all()
    assert result.able.tolist() == [[True, True], [True, True], [False, False]]


def test_a_model_too_young_at_an_early_origin_counts_as_the_naive_there_and_one_too_young_now_does_not_count() -> None:
    values = daily_shape(2, days=10, seed=5)
    values[1, :180] = np.nan
    needy, hopeless = Constant("needy", 100.0, minimum=30), Constant("hopeless", 100.0, minimum=1000)
    result = run(panel(values), needy, hopeless, windows=Windows(horizon=24, origins=2))
    trials = result.trials()
    assert trials.tried.tolist() == [[True, True], [True, True], [False, False]]
    np.testing.assert_array_equal(trials.quantiles[1, 1, :24], result.deciles[0, 1, :24])
    np.testing.assert_array_equal(trials.quantiles[1, 1, 24:], result.deciles[1, 1, 24:])
    np.testing.assert_array_equal(trials.quantiles[1, 0], result.deciles[1, 0])


def test_trials_know_the_origin_and_the_stretch_of_every_step() -> None:
    result = run(panel(daily_shape(1, days=30, seed=6)), windows=Windows(horizon=80, origins=2))
    trials = result.trials()
    assert trials.origin.tolist() == [0] * 80 + [1] * 80
    assert trials.stretch.tolist() == ([0] * 24 + [1] * 48 + [2] * 8) * 2


@pytest.mark.parametrize("granularity", list(Granularity))
def test_a_stretch_ends_at_its_lead(granularity: Granularity) -> None:
    first, second = granularity.rhythm.stretches
    found = stretches(granularity, second + 1)
    assert [found[lead - 1] for lead in (1, first, first + 1, second, second + 1)] == [0, 0, 1, 1, 2]


def test_what_the_naive_could_not_forecast_is_no_outcome_to_learn_from() -> None:
    values = daily_shape(2, days=10, seed=7)
    values[1, :216] = np.nan
    result = run(panel(values), windows=Windows(horizon=24, origins=2))
    np.testing.assert_array_equal(result.outcomes[0], values[0, -48:])
    assert np.isnan(result.outcomes[1]).all()
    assert np.isnan(result.trials().actual[1]).all()


def test_a_model_that_crashes_has_no_score_a_reason_and_no_part_in_the_trials() -> None:
    values = daily_shape(2, days=10, seed=6)
    values[0] = 50.0
    crashing = Crashing("crashing", above=90.0)
    result = run(panel(values), crashing, Constant("flat", 100.0), windows=Windows(horizon=24, origins=2))
    assert result.failures == {("crashing", 1): "RuntimeError: the matrix is singular"}
    assert np.isnan(result.losses[1]).all(axis=1).tolist() == [False, True]
    assert np.isfinite(result.losses[2]).all()
    assert result.trials().tried.tolist() == [[True, True], [True, False], [True, True]]


def test_a_model_that_says_no_number_once_has_no_part_in_the_trials() -> None:
    values = np.full((1, 240), 10.0)
    values[0, 215] = 99.0
    result = run(panel(values), Boundless("odd", 50.0, level=np.inf), windows=Windows(horizon=24, origins=2))
    assert result.failures == {("odd", 0): NOT_FINITE}
    assert result.trials().tried.tolist() == [[True], [False]]


def test_missing_actuals_are_not_scored() -> None:
    values = daily_shape(1, days=10, seed=7)
    holed = values.copy()
    holed[0, -3:] = np.nan
    windows = Windows(horizon=24, origins=1)
    result = run(panel(holed), Constant("flat", 100.0), windows=windows)
    scale = np.nanmean(np.abs(holed[0, 24:] - holed[0, :-24]))
    miss = values[0, 216:237, None] - (100.0 + 2 * np.array(DECILES) - 1)
    by_hand = 2 * np.where(miss >= 0, np.array(DECILES) * miss, (np.array(DECILES) - 1) * miss).mean() / scale
    assert result.losses[1, 0, 0] == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("n_steps", "horizon", "origins", "expected"),
    [
        (1000, 100, 4, Windows(100, 4)),
        (1000, 150, 4, Windows(150, 2)),
        (100, 50, 4, Windows(20, 2)),
        (4, 50, 4, Windows(0, 0)),
    ],
)
def test_windows_leave_most_of_the_history_to_learn_from(
    n_steps: int, horizon: int, origins: int, expected: Windows
) -> None:
    assert Windows.over(n_steps, horizon, origins) == expected


def test_a_panel_too_short_for_any_window_is_no_work() -> None:
    result = run(panel(np.array([[5.0, 6.0, 7.0]])), Constant("flat", 6.0), windows=Windows.over(3, 24, 4))
    assert result.deciles.shape == (2, 1, 0, 9)
    assert result.outcomes.shape == (1, 0)


def test_progress_counts_forecasts_up_to_all_of_them() -> None:
    told: list[tuple[str, int, int]] = []
    history = panel(daily_shape(10, days=10, seed=8))
    models = NAIVE, Constant("b", 2.0), Following(), Crashing("crashing", above=1e3)
    with Workers(1) as workers:
        backtest(models, history, Windows(24, 2), 0, workers, lambda *progress: told.append(progress))
    counts = [done for _, done, _ in told]
    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == (0, 4 * 10 * 2)
    assert {(phase, total) for phase, _, total in told} == {("backtest", 80)}


def test_models_are_given_the_context_of_the_granularity_and_no_more() -> None:
    values = np.concatenate([np.full((1, 400), 1000.0), np.full((1, 1344 + 48), 5.0)], axis=1)
    result = run(panel(values), FleetMean(), windows=Windows(24, 2))
    assert (result.deciles[1] == 5.0).all()
