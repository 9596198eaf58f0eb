"""Ridges against scikit-learn, and levels whose future is known."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge as Reference
from sklearn.linear_model import RidgeCV

from demand.history import FloatArray
from forecasting import level_ridge
from forecasting.level_ridge import FEWEST, STRENGTHS, Levels, level_paths, ridge


@pytest.fixture
def samples() -> tuple[FloatArray, FloatArray]:
    """Three series of very different size, 40 samples of 5 inputs."""
    generator = np.random.default_rng(1)
    inputs = generator.normal(size=(3, 40, 5))
    targets = np.einsum("snf,f->sn", inputs, [1.0, -0.5, 0.2, 0.0, 0.3]) + generator.normal(size=(3, 40))
    size = np.array([1.0, 1e-6, 1e6])[:, None]
    return inputs * size[..., None], targets * size


def unit(targets: FloatArray) -> float:
    return float(np.sqrt((targets**2).mean()))


@pytest.mark.parametrize("strength", [0.01, 1.0, 30.0, 1e4])
def test_a_single_strength_is_that_of_scikit_learn(
    strength: float, samples: tuple[FloatArray, FloatArray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(level_ridge, "STRENGTHS", np.array([strength]))
    inputs, targets = samples
    made = ridge(inputs, targets, np.ones(targets.shape))
    for row in range(3):
        reference = Reference(alpha=strength * unit(targets[row]) ** 2, fit_intercept=False)
        reference.fit(inputs[row], targets[row])
        np.testing.assert_allclose(made.coefficients[row], reference.coef_, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("strength", [0.01, 1.0, 30.0])
def test_leave_one_out_errors_are_those_of_fits_without_one_sample(
    strength: float, samples: tuple[FloatArray, FloatArray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(level_ridge, "STRENGTHS", np.array([strength]))
    inputs, targets = samples
    weights = np.random.default_rng(2).uniform(0.1, 1.0, targets.shape)
    made = ridge(inputs, targets, weights)
    for row in range(3):
        alpha = strength * (weights[row] * targets[row] ** 2).sum() / weights[row].sum()
        for out in range(0, 40, 7):
            kept = np.arange(40) != out
            reference = Reference(alpha=alpha, fit_intercept=False)
            reference.fit(inputs[row, kept], targets[row, kept], sample_weight=weights[row, kept])
            error = targets[row, out] - reference.predict(inputs[row, [out]])[0]
            np.testing.assert_allclose(made.errors[row, out], error, rtol=1e-7)


def test_the_average_over_strengths_is_close_to_the_best_of_them(samples: tuple[FloatArray, FloatArray]) -> None:
    inputs, targets = samples
    made = ridge(inputs, targets, np.ones(targets.shape))
    for row in range(3):
        reference = RidgeCV(alphas=STRENGTHS * unit(targets[row]) ** 2, fit_intercept=False)
        reference.fit(inputs[row], targets[row])
        np.testing.assert_allclose(made.coefficients[row], reference.coef_, atol=0.08)


def test_samples_without_weight_do_not_count(samples: tuple[FloatArray, FloatArray]) -> None:
    inputs, targets = samples
    weights = np.where(np.arange(40) < 10, 0.0, 1.0) * np.ones((3, 1))
    spoilt = np.where(np.arange(40) < 10, 1e9, targets)
    made, expected = ridge(inputs, spoilt, weights), ridge(inputs[:, 10:], targets[:, 10:], weights[:, 10:])
    np.testing.assert_allclose(made.coefficients, expected.coefficients, rtol=1e-9)


@pytest.mark.parametrize("case", ["no change at all", "no weight at all", "no input at all"])
def test_without_evidence_every_coefficient_is_zero(case: str, samples: tuple[FloatArray, FloatArray]) -> None:
    inputs, targets = samples
    weights = np.zeros(targets.shape) if case == "no weight at all" else np.ones(targets.shape)
    targets = np.zeros(targets.shape) if case == "no change at all" else targets
    inputs = np.zeros(inputs.shape) if case == "no input at all" else inputs
    made = ridge(inputs, targets, weights)
    np.testing.assert_array_equal(made.coefficients, 0.0)
    np.testing.assert_allclose(made.errors, targets)


def whole(values: FloatArray, cycle: int = 7) -> Levels:
    return Levels(values, np.ones(values.shape, dtype=bool), cycle)


def draws(ahead: int, paths: int = 2000, seed: int = 3) -> FloatArray:
    return np.random.default_rng(seed).random((ahead, paths))


def test_constant_levels_go_on_and_zero_stays_zero() -> None:
    made = level_paths(whole(np.array([[4.0] * 30, [0.0] * 30])), 5, draws(5))
    np.testing.assert_allclose(made[0], 4.0, rtol=1e-12)
    np.testing.assert_array_equal(made[1], 0.0)


def few_levels(changes: int, n_series: int = 1) -> FloatArray:
    return np.exp(np.cumsum(np.random.default_rng(4).normal(0, 0.1, (n_series, changes + 1)), axis=1))


@pytest.mark.parametrize("changes", [1, 3, FEWEST - 1])
def test_a_few_changes_make_a_random_walk_of_steps_as_likely_up_as_down(changes: int) -> None:
    past = whole(few_levels(changes), cycle=1)
    made = level_paths(past, 3, draws(3, 20_000))
    offset = 0.5 * np.average(past.values[0], weights=0.5 ** (np.arange(changes + 1)[::-1] / 5.0))
    logs, steps = np.log(made[0] + offset), np.diff(np.log(past.values[0] + offset))
    weights = 0.5 ** (np.arange(changes)[::-1] / 28.0)
    spread = np.sqrt(np.average(steps**2, weights=weights))
    walked = logs - np.log(past.values[0, -1] + offset)
    np.testing.assert_allclose(walked.mean(axis=0), 0.0, atol=0.03 * spread)
    np.testing.assert_allclose(walked.std(axis=0), spread * np.sqrt([1, 2, 3]), rtol=0.03)


def test_a_last_jump_does_not_carry_a_short_history_away() -> None:
    months = np.full((1, 8), 100.0) * (1 + 0.01 * np.sin(np.arange(8)))
    months[0, -1] = 125.0
    made = level_paths(whole(months, cycle=12), 24, draws(24))
    assert 100 < np.median(made[0, :, -1]) < 150
    assert (np.quantile(made[0, :, -1], 0.9) / np.quantile(made[0, :, -1], 0.1)) > 1.3


@pytest.mark.parametrize("n_periods", [4, 9, 16, 20, 30, 60])
@pytest.mark.parametrize("cycle", [1, 7, 12])
def test_no_history_sends_paths_beyond_any_plausible_level(n_periods: int, cycle: int) -> None:
    generator = np.random.default_rng(n_periods)
    levels = 100 * np.exp(generator.normal(0, 0.2, (100, n_periods)).cumsum(axis=1) * 0.3)
    made = level_paths(whole(levels, cycle), 60, draws(60, 100))
    assert np.isfinite(made.astype(np.float32)).all()
    range_ = np.ptp(np.log(levels + 50.0), axis=1)
    assert (np.log(made.max(axis=(1, 2)) / levels.max(axis=1)) < 7 * range_).all()


def test_a_spike_and_a_silence_stay_numbers() -> None:
    levels = np.ones((2, 40))
    levels[0, 20] = 1e9
    levels[1, 10:] = 1e-12
    made = level_paths(whole(levels), 30, draws(30, 200))
    assert np.isfinite(made.astype(np.float32)).all()
    assert (made >= 0).all()


def test_what_comes_again_every_cycle_is_expected_again() -> None:
    week = np.array([10, 10, 10, 10, 10, 4, 3.0])
    noise = np.exp(np.random.default_rng(5).normal(0, 0.02, 7 * 10))
    made = level_paths(whole((np.tile(week, 10) * noise)[None]), 7, draws(7))
    np.testing.assert_allclose(np.median(made[0], axis=0), week, rtol=0.1)


def test_steady_growth_goes_on() -> None:
    levels = 1.02 ** np.arange(60)[None]
    made = level_paths(whole(levels), 5, draws(5))
    np.testing.assert_allclose(np.median(made[0], axis=0), 1.02 ** np.arange(60, 65), rtol=0.03)


def test_a_longer_reach_begins_with_the_same_levels() -> None:
    past, uniforms = whole(few_levels(40, n_series=3)), draws(9, 50)
    np.testing.assert_array_equal(level_paths(past, 4, uniforms[:4]), level_paths(past, 9, uniforms)[..., :4])


def test_what_lies_before_the_beginning_does_not_count() -> None:
    levels = few_levels(40, n_series=2)
    known = np.ones(levels.shape, dtype=bool)
    known[0, :10] = False
    spoilt = np.where(known, levels, 1e6)
    one, other = (level_paths(Levels(each, known, 7), 5, draws(5, 50)) for each in (levels, spoilt))
    np.testing.assert_allclose(one, other)
