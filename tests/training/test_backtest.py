import numpy as np
import pytest

from demand.history import FloatArray, Panel
from forecasting.quantiles import DECILES
from forecasting.seasonal_naive import SeasonalNaive
from tests.training.models import Constant, Crashing, FleetMean
from tests.training.panels import daily_shape, panel
from training.backtest import Backtest, Windows, backtest
from training.fitting import pool
from training.pipeline import silent


def run(history: Panel, *models: Constant | Crashing | SeasonalNaive, windows: Windows) -> Backtest:
    """Each model, and the naive that all are measured against, on every series."""
    trials = dict.fromkeys(
        (*models, *([] if SeasonalNaive() in models else [SeasonalNaive()])), range(history.n_series)
    )
    with pool(1) as on:
        return backtest(trials, history, windows, 0, on, silent)


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
    np.testing.assert_allclose(result.losses[0], expected)


def test_a_model_sees_nothing_of_what_it_is_scored_on() -> None:
    values = daily_shape(1, days=10, seed=2)
    changed = values.copy()
    changed[0, 192:] += 1000.0
    windows = Windows(horizon=24, origins=3)
    before = run(panel(values), SeasonalNaive(), windows=windows)
    after = run(panel(changed), SeasonalNaive(), windows=windows)
    assert (before.errors[0, 0, :24] == after.errors[0, 0, :24]).all()
    assert (before.errors[0, 0, 24:] != after.errors[0, 0, 24:]).all()


def test_errors_are_actual_minus_median_with_the_newest_last() -> None:
    values = daily_shape(1, days=10, seed=3)
    result = run(panel(values), Constant("flat", 100.0), windows=Windows(horizon=24, origins=2))
    np.testing.assert_allclose(result.errors[0, 0], values[0, -48:] - 100.0)


def test_coverage_is_the_share_of_actuals_between_the_outer_deciles() -> None:
    values = daily_shape(1, days=10, seed=4)
    result = run(panel(values), Constant("flat", 100.0, half_width=25.0), windows=Windows(horizon=24, origins=2))
    inside = np.abs(values[0, -48:] - 100.0) <= 20.0
    assert result.coverage[0, 0] == pytest.approx(inside.mean())


def test_a_model_is_not_tried_where_it_lacks_the_history_it_asks_for() -> None:
    values = daily_shape(2, days=10, seed=5)
    values[1, :180] = np.nan
    result = run(panel(values), Constant("needy", 100.0, minimum=30), windows=Windows(horizon=24, origins=2))
    assert np.isfinite(result.losses[0, 0]).all()
    assert np.isnan(result.losses[0, 1]).tolist() == [True, False]


def test_a_model_that_crashes_has_no_score_and_the_others_keep_theirs() -> None:
    values = daily_shape(1, days=10, seed=6)
    result = run(panel(values), Crashing(), Constant("flat", 100.0), windows=Windows(horizon=24, origins=2))
    assert np.isnan(result.losses[0]).all()
    assert np.isfinite(result.losses[1]).all()


def test_missing_actuals_are_not_scored() -> None:
    values = daily_shape(1, days=10, seed=7)
    holed = values.copy()
    holed[0, -3:] = np.nan
    windows = Windows(horizon=24, origins=1)
    result = run(panel(holed), Constant("flat", 100.0), windows=windows)
    scale = np.nanmean(np.abs(holed[0, 24:] - holed[0, :-24]))
    miss = values[0, 216:237, None] - (100.0 + 2 * np.array(DECILES) - 1)
    by_hand = 2 * np.where(miss >= 0, np.array(DECILES) * miss, (np.array(DECILES) - 1) * miss).mean() / scale
    assert result.losses[0, 0, 0] == pytest.approx(by_hand)


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


def test_progress_counts_up_to_all_of_the_work() -> None:
    told: list[tuple[str, int, int]] = []
    history = panel(daily_shape(20, days=10, seed=8))
    with pool(1) as on:
        backtest(
            dict.fromkeys([SeasonalNaive(), Constant("b", 2.0)], range(20)),
            history,
            Windows(24, 2),
            0,
            on,
            lambda phase, done, total: told.append((phase, done, total)),
        )
    assert [done for _, done, _ in told] == list(range(told[-1][2] + 1))
    assert {phase for phase, _, _ in told} == {"backtest"}


def test_models_are_given_the_context_of_the_granularity_and_no_more() -> None:
    values = np.concatenate([np.full((1, 400), 1000.0), np.full((1, 1344 + 48), 5.0)], axis=1)
    with pool(1) as on:
        trials = {FleetMean(): range(1), SeasonalNaive(): range(1)}
        result = backtest(trials, panel(values), Windows(24, 2), 0, on, silent)
    assert (result.errors[0] == 0.0).all()


def test_a_model_is_tried_on_the_series_it_is_asked_for_only() -> None:
    values = daily_shape(3, days=10, seed=9)
    with pool(1) as on:
        trials = {Constant("flat", 100.0): [1], SeasonalNaive(): range(3)}
        result = backtest(trials, panel(values), Windows(24, 2), 0, on, silent)
    assert np.isfinite(result.losses).all(axis=2).tolist() == [[False, True, False], [True, True, True]]
