"""Weights against a general optimiser, averages made by hand, and series whose best mixture is known."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import ndtri

from demand.history import FloatArray
from forecasting import ensemble
from forecasting.ensemble import IntArray, Learned, Trials, combine, influence, learn
from forecasting.quantiles import DECILES

SCORES = ndtri(np.array(DECILES))
ALONE = np.zeros(1, dtype=np.int64)


@pytest.fixture
def unbounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models as far apart as some of these would not count in full."""
    monkeypatch.setattr("forecasting.ensemble.REACH", 1e9)


def trials(actual: FloatArray, middles: FloatArray, origins: int, spread: float = 1.0) -> Trials:
    """Gaussian forecasts around middles of shape (n_models, n_series, n_steps), all of one stretch."""
    n_steps = actual.shape[1]
    quantiles = np.maximum(middles[..., None] + spread * SCORES, 0.0)
    origin = np.repeat(np.arange(origins), n_steps // origins)
    return Trials(quantiles, actual, DECILES, origin, np.zeros(n_steps, dtype=np.int64))


def noisy(n_series: int, origins: int, biases: tuple[float, ...], steps: int = 24, seed: int = 1) -> Trials:
    """Series around 100 with standard noise, and a model per bias."""
    actual = 100 + np.random.default_rng(seed).normal(size=(n_series, origins * steps))
    middles = np.full((len(biases), *actual.shape), 100.0) + np.array(biases)[:, None, None]
    return trials(actual, middles, origins)


def weights_of(learned: Learned, row: int = 0) -> FloatArray:
    return learned.weights[:, row, 0]


def pinball(actual: FloatArray, quantiles: FloatArray) -> FloatArray:
    """Mean loss over steps and levels, written out."""
    total = 0.0
    for at, level in enumerate(DECILES):
        error = actual - quantiles[:, at]
        total += np.where(error >= 0, level * error, (level - 1) * error).mean()
    return total / len(DECILES)


def optimum(tried: Trials, prior: FloatArray, origins: float, row: int = 0) -> FloatArray:
    """Weights of one series by a general optimiser over the logits."""

    def objective(logits: FloatArray) -> float:
        weights = np.exp(logits - np.logaddexp.reduce(logits))
        mixed = np.einsum("m,mnl->nl", weights, tried.quantiles[:, row])
        logs = [
            np.log(pinball(tried.actual[row, here], mixed[here]))
            for here in (tried.origin == each for each in range(tried.origins))
        ]
        distance = (weights * np.log(weights / prior)).sum()
        return float(np.mean(logs) + origins / tried.origins * distance)

    found = minimize(objective, np.log(prior), method="Nelder-Mead", options={"maxiter": 4000, "fatol": 1e-10})
    return np.asarray(np.exp(found.x - np.logaddexp.reduce(found.x)))


@pytest.fixture
def _without_later_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what all series teach together counts; later steps stay where it led."""
    for name in ("KIND_ORIGINS", "OWN_ORIGINS"):
        monkeypatch.setattr(ensemble, name, 1e9)
    monkeypatch.setattr(ensemble, "LEAST_WEIGHT", 0.0)


@pytest.mark.usefixtures("_without_later_steps")
@pytest.mark.parametrize("origins", [1, 2, 4, 12])
@pytest.mark.parametrize("strength", [0.5, 8.0])
def test_weights_minimise_the_log_loss_and_the_distance_from_the_prior(
    origins: int, strength: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ensemble, "PRIOR_ORIGINS", strength)
    tried, prior = noisy(1, origins, (1.5, -0.6, 0.4)), np.array([0.2, 0.5, 0.3])
    np.testing.assert_allclose(weights_of(learn(tried, prior, ALONE)), optimum(tried, prior, strength), atol=0.05)


@pytest.mark.usefixtures("_without_later_steps")
def test_the_distance_is_minimised_where_it_counts_for_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ensemble, "PRIOR_ORIGINS", 1000.0)
    tried, prior = noisy(1, 1, (3.0, 0.0)), np.array([0.9, 0.1])
    np.testing.assert_allclose(weights_of(learn(tried, prior, ALONE)), prior, atol=0.01)


def test_weights_lie_on_the_simplex_and_small_ones_are_dropped() -> None:
    learned = learn(noisy(5, 3, (0.0, 1.0, 2.0, 9.0)), np.array([1.0, 4.0, 2.0, 1.0]), np.arange(5) % 2)
    np.testing.assert_allclose(learned.weights.sum(axis=0), 1.0)
    assert ((learned.weights == 0) | (learned.weights >= ensemble.LEAST_WEIGHT)).all()
    assert (learned.weights[3] == 0).all()


def test_a_model_that_is_clearly_best_gets_nearly_all_weight_in_spite_of_the_prior() -> None:
    learned = learn(noisy(3, 12, (3.0, 3.0, 0.0)), np.array([8.0, 8.0, 1.0]), np.zeros(3, dtype=np.int64))
    assert (learned.weights[2] > 0.9).all()


def test_one_origin_leaves_weights_near_the_prior() -> None:
    prior = np.array([0.3, 0.7])
    assert abs(weights_of(learn(noisy(1, 1, (0.0, 0.3)), prior, ALONE))[1] - 0.7) < 0.1


@pytest.mark.usefixtures("unbounded")
def test_without_any_outcome_the_prior_stands() -> None:
    tried = noisy(2, 2, (0.0, 5.0, 1.0))
    unknown = Trials(tried.quantiles, np.full_like(tried.actual, np.nan), DECILES, tried.origin, tried.stretch)
    learned = learn(unknown, np.array([1.0, 2.0, 7.0]), np.zeros(2, dtype=np.int64))
    np.testing.assert_allclose(learned.weights[..., 0], [[0.1] * 2, [0.2] * 2, [0.7] * 2])
    np.testing.assert_allclose(learned.blind, combine(learned.weights, tried.quantiles, tried.stretch))


@pytest.mark.parametrize(("origins", "own"), [(2, False), (20, True)])
def test_a_series_unlike_its_kind_has_its_own_weights_once_it_has_many_origins(origins: int, own: bool) -> None:
    tried = noisy(20, origins, (0.0, 1.5), steps=6)
    tried.quantiles[:, 0] = tried.quantiles[::-1, 0].copy()
    learned = learn(tried, np.ones(2), np.zeros(20, dtype=np.int64))
    assert (learned.weights[0, 1:] > 0.6).all()
    assert (weights_of(learned)[1] > 0.7) == own


def test_a_kind_of_series_is_weighed_apart() -> None:
    tried, kinds = noisy(20, 2, (0.0, 1.5), steps=6), np.repeat([0, 1], 10)
    tried.quantiles[:, :10] = tried.quantiles[::-1, :10].copy()
    learned = learn(tried, np.ones(2), kinds)
    together = learn(tried, np.ones(2), np.zeros(20, dtype=np.int64))
    assert learned.weights[1, :10].min() > 0.6
    assert learned.weights[0, 10:].min() > 0.6
    assert learned.weights[1, :10].mean() > together.weights[1, :10].mean() + 0.05


def test_a_stretch_of_the_horizon_is_weighed_apart() -> None:
    tried = noisy(8, 8, (0.0, 2.0))
    late = np.tile(np.arange(24) >= 12, 8)
    tried.quantiles[:, :, late] = tried.quantiles[::-1][:, :, late].copy()
    split = Trials(tried.quantiles, tried.actual, DECILES, tried.origin, late.astype(np.int64))
    weights = learn(split, np.ones(2), np.zeros(8, dtype=np.int64)).weights
    assert weights.shape == (2, 8, 2)
    assert (weights[0, :, 0] > 0.7).all()
    assert (weights[1, :, 1] > 0.7).all()


def test_what_is_said_of_an_origin_does_not_know_its_outcomes() -> None:
    tried = noisy(3, 4, (0.0, 1.0, -1.0))
    here = tried.origin == 2
    changed = tried.actual.copy()
    changed[:, here] = np.array([[400.0], [0.0], [np.nan]])
    other = Trials(tried.quantiles, changed, DECILES, tried.origin, tried.stretch)
    kinds = np.array([0, 1, 1])
    before, after = (learn(each, np.ones(3), kinds) for each in (tried, other))
    np.testing.assert_array_equal(before.blind[:, here], after.blind[:, here])
    assert not np.array_equal(before.blind[:, ~here], after.blind[:, ~here])
    assert not np.array_equal(before.weights, after.weights)


@pytest.mark.usefixtures("unbounded")
def test_the_only_origin_is_said_with_the_weights_of_the_prior() -> None:
    tried, prior = noisy(2, 1, (0.0, 3.0)), np.array([0.25, 0.75])
    blind = learn(tried, prior, np.zeros(2, dtype=np.int64)).blind
    np.testing.assert_allclose(blind, 0.25 * tried.quantiles[0] + 0.75 * tried.quantiles[1])


def test_a_model_that_was_not_tried_on_a_series_has_no_weight_there() -> None:
    tried = noisy(4, 3, (1.0, 0.0, 0.5))
    tried.quantiles[1, 2] = np.nan
    tried.quantiles[1:, 3] = np.nan
    learned = learn(tried, np.ones(3), np.zeros(4, dtype=np.int64))
    assert learned.weights[1, 2, 0] == 0
    assert learned.weights[:, 3, 0].tolist() == [1, 0, 0]
    np.testing.assert_allclose(learned.weights.sum(axis=0), 1.0)
    assert np.isfinite(learned.blind).all()


@pytest.mark.parametrize("level", [0.0, 7.25, 1e6, 1e12])
def test_a_series_that_never_varied_gets_weights_and_leaves_the_others_alone(level: float) -> None:
    tried = noisy(3, 3, (0.0, 0.0, 1.0))
    tried.actual[0] = level
    tried.quantiles[:2, 0] = level
    tried.quantiles[2, 0] = level + 1.0
    learned = learn(tried, np.ones(3), np.zeros(3, dtype=np.int64))
    np.testing.assert_allclose(learned.weights.sum(axis=0), 1.0)
    assert learned.weights[0, 0, 0] > 0.3
    assert (learned.weights[2] < 0.3).all()


def test_what_is_as_good_as_zero_is_zero() -> None:
    tried = noisy(2, 3, (0.0, 0.0, 1.0))
    tried.actual[0] = 0.0
    tried.quantiles[:, 0] = np.array([0.0, 1e-308, 1e-309])[:, None, None]
    weights = learn(tried, np.ones(3), np.zeros(2, dtype=np.int64)).weights
    np.testing.assert_allclose(weights.sum(axis=0), 1.0)


@pytest.mark.parametrize("factor", [1e-12, 1e12])
def test_the_unit_of_demand_does_not_matter(factor: float) -> None:
    tried = noisy(3, 3, (0.0, 1.0, -0.5))
    scaled = Trials(tried.quantiles * factor, tried.actual * factor, DECILES, tried.origin, tried.stretch)
    one, other = (learn(each, np.ones(3), np.zeros(3, dtype=np.int64)).weights for each in (tried, scaled))
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_models_that_say_the_same_share_as_the_prior_says() -> None:
    learned = learn(noisy(2, 5, (0.5, 0.5)), np.array([1.0, 3.0]), np.zeros(2, dtype=np.int64))
    np.testing.assert_allclose(learned.weights[:, :, 0], [[0.25] * 2, [0.75] * 2], atol=1e-9)


def test_missing_outcomes_teach_nothing() -> None:
    tried = noisy(2, 4, (0.0, 1.0))
    tried.actual[0, ::3] = np.nan
    other = Trials(tried.quantiles.copy(), tried.actual, DECILES, tried.origin, tried.stretch)
    other.quantiles[1, 0, ::3] += 50.0
    one, two = (learn(each, np.ones(2), np.zeros(2, dtype=np.int64)).weights for each in (tried, other))
    np.testing.assert_allclose(one, two, atol=1e-12)


def test_many_steps_are_thinned_out_and_every_origin_is_still_heard() -> None:
    tried = noisy(1, 4, (0.0, 1.0), steps=168)
    thinned = tried.thinned()
    assert len(thinned.origin) == 168
    assert np.bincount(thinned.origin).tolist() == [42] * 4
    assert noisy(1, 4, (0.0, 1.0)).thinned().actual.shape == (1, 96)


def by_hand(weights: FloatArray, quantiles: FloatArray, stretch: IntArray) -> FloatArray:
    result = np.full(quantiles.shape[1:], np.nan)
    for row in range(quantiles.shape[1]):
        able = [each for each in range(len(quantiles)) if not np.isnan(quantiles[each, row]).any()]
        for step in range(quantiles.shape[2]):
            at = min(stretch[step], weights.shape[2] - 1)
            total = sum(weights[each, row, at] for each in able)
            if total > 0:
                parts = [weights[each, row, at] / total * quantiles[each, row, step] for each in able]
                result[row, step] = np.sum(parts, axis=0)
    return result


def test_an_average_is_what_it_is_by_hand_and_a_member_without_forecast_leaves_its_weight_to_the_others() -> None:
    generator = np.random.default_rng(4)
    quantiles = np.sort(generator.random((3, 4, 6, 9)), axis=-1)
    quantiles[1, 1] = np.nan
    quantiles[:, 2] = np.nan
    quantiles[0, 3] = np.nan
    weights = generator.dirichlet(np.ones(3), size=(4, 2)).transpose(2, 0, 1)
    weights[:, 3] = np.array([1.0, 0.0, 0.0])[:, None]
    stretch = np.array([0, 0, 1, 1, 2, 3])
    made = combine(weights, quantiles, stretch)
    np.testing.assert_allclose(made, by_hand(weights, quantiles, stretch))
    assert np.isnan(made[2:]).all()
    assert (np.diff(made[:2], axis=-1) >= 0).all()


def test_what_a_model_far_off_adds_to_the_average_is_bounded_and_near_ones_count_in_full() -> None:
    heavy = np.tile([9.0, 10.0, 11.0], (1, 4, 1))
    near, wide, missing = heavy + 1.0, 10 + 1e4 * (heavy - 10), np.full_like(heavy, np.nan)
    weights = np.array([0.8, 0.1, 0.1, 0.0])[:, None, None]
    kept = influence(weights, np.stack([heavy, near, wide, missing]))
    spread = 2 / 3
    np.testing.assert_allclose(kept[:3, 0], [1.0, 1.0, ensemble.REACH * spread / ((1e4 - 1) * spread)])
    averaged = combine(weights * kept[..., None], np.stack([heavy, near, wide, missing]), np.zeros(4, dtype=int))
    assert np.ptp(averaged[0, 0]) < 2 * np.ptp(heavy[0, 0])


def test_a_model_that_knows_a_series_has_come_to_rest_is_not_spoilt_by_one_that_does_not() -> None:
    rest = np.full((1, 4, 3), 7.0)
    kept = influence(np.array([0.9, 0.1])[:, None, None], np.stack([rest, rest + np.array([-5.0, 0.0, 5.0])]))
    np.testing.assert_array_equal(kept[:, 0], [1.0, 0.0])
