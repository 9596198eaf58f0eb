import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import gamma, kstest

from forecasting.dependence import SHARED, UNKNOWN_PERSISTENCE, ErrorMemory, RankTemplate, error_memory, normal_scores
from forecasting.quantiles import GRID

N_PATHS = 400
MEMORY = 336
SEASON = 24
FIRST = 1000


def gaussian_quantiles(n_steps: int, mean: float = 100.0, deviation: float = 10.0) -> np.ndarray:
    return np.tile(mean + deviation * ndtri(np.array(GRID)), (n_steps, 1))


def autoregression(persistence: float, length: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    series = np.zeros(length)
    for step in range(1, length):
        series[step] = persistence * series[step - 1] + rng.normal()
    return series


def remember(errors: np.ndarray, end: int = FIRST) -> ErrorMemory:
    return error_memory(errors, end, MEMORY, SEASON)


def draw(memory: ErrorMemory, own_seed: int = 1, n_steps: int = 48, first: int = FIRST) -> np.ndarray:
    template = RankTemplate.draw(5, N_PATHS, range(first, first + n_steps), MEMORY)
    return template.paths(gaussian_quantiles(n_steps), GRID, memory, own_seed, first)


def test_reordering_keeps_every_marginal_exactly() -> None:
    paths = draw(remember(autoregression(0.8, MEMORY, seed=1)))
    middle = 100 + 10 * ndtri((np.arange(N_PATHS) + 0.5) / N_PATHS)
    np.testing.assert_allclose(np.sort(paths, axis=0), np.tile(middle[:, None], 48), atol=0.1)


def test_errors_that_last_make_paths_that_last() -> None:
    lasting, fleeting = (draw(remember(autoregression(p, MEMORY, seed=2))) for p in (0.95, 0.0))
    correlation = [np.corrcoef(paths[:, :-1].ravel(), paths[:, 1:].ravel())[0, 1] for paths in (lasting, fleeting)]
    assert correlation[0] > 0.85
    assert correlation[1] < SHARED + 0.1
    assert lasting.mean(axis=1).std() > 1.5 * fleeting.mean(axis=1).std()


def test_series_that_erred_together_move_together_and_others_do_not() -> None:
    rng = np.random.default_rng(3)
    common = rng.normal(size=MEMORY)
    one = draw(remember(common + 0.3 * rng.normal(size=MEMORY)), own_seed=1)
    two = draw(remember(common + 0.3 * rng.normal(size=MEMORY)), own_seed=2)
    other = draw(remember(rng.normal(size=MEMORY)), own_seed=3)
    assert np.corrcoef(one[:, 10], two[:, 10])[0, 1] > 0.7
    assert abs(np.corrcoef(one[:, 10], other[:, 10])[0, 1] - SHARED) < 0.2
    assert np.corrcoef(one[:, 10], draw(remember(-common), own_seed=4)[:, 10])[0, 1] < -0.4


def test_the_same_question_gets_the_same_bytes() -> None:
    memory = remember(autoregression(0.5, MEMORY, seed=4))
    assert draw(memory).tobytes() == draw(memory).tobytes()


def test_a_longer_horizon_begins_with_the_paths_of_a_shorter_one() -> None:
    memory = remember(autoregression(0.5, MEMORY, seed=5))
    assert (draw(memory, n_steps=48)[:, :24] == draw(memory, n_steps=24)).all()


def test_the_dates_of_a_bucket_do_not_depend_on_where_the_template_begins() -> None:
    early = RankTemplate.draw(5, N_PATHS, range(1000, 1048), MEMORY)
    late = RankTemplate.draw(5, N_PATHS, range(1024, 1048), MEMORY)
    assert (early.dates[:, 24:] == late.dates).all()


@pytest.mark.parametrize("length", [84, 112, 336])
def test_series_that_erred_alike_move_alike_however_short_their_memories(length: int) -> None:
    errors = np.random.default_rng(8).normal(size=length)
    one, two = draw(remember(errors), own_seed=1), draw(remember(errors), own_seed=2)
    assert np.corrcoef(one[:, 10], two[:, 10])[0, 1] > 0.95


def test_forecasts_that_start_at_different_buckets_stay_joint() -> None:
    errors = np.random.default_rng(9).normal(size=MEMORY + 24)
    template = RankTemplate.draw(5, N_PATHS, range(FIRST, FIRST + 48), MEMORY)
    early = template.paths(gaussian_quantiles(48), GRID, remember(errors[:-24], FIRST), 1, FIRST)
    late = template.paths(gaussian_quantiles(24), GRID, remember(errors, FIRST + 24), 2, FIRST + 24)
    assert np.corrcoef(early[:, 30], late[:, 6])[0, 1] > 0.8


def test_what_is_not_remembered_is_drawn_independently_but_for_what_all_have_in_common() -> None:
    nothing = remember(np.full(5, np.nan))
    assert nothing.persistence == UNKNOWN_PERSISTENCE
    one, two = draw(nothing, own_seed=1), draw(nothing, own_seed=2)
    assert abs(np.corrcoef(one.ravel(), two.ravel())[0, 1] - SHARED) < 0.05


def test_only_the_last_errors_are_remembered() -> None:
    errors = autoregression(0.3, MEMORY, seed=6)
    longer = np.concatenate([np.full(50, 1e6), errors])
    assert (remember(longer).scores == remember(errors).scores).all()


def test_scores_are_the_normal_scores_of_the_ranks_at_the_places_of_their_buckets() -> None:
    memory = error_memory(np.array([3.0, -1.0, 10.0, np.nan]), end=102, size=5, season=2)
    at = {bucket: memory.scores[bucket % 5] for bucket in range(98, 102)}
    assert [at[98], at[99], at[100]] == pytest.approx(ndtri([0.5, 1 / 6, 5 / 6]), abs=1e-6)
    assert np.isnan([at[101], memory.scores[97 % 5]]).all()


def test_errors_that_never_vary_are_remembered_without_persistence() -> None:
    memory = remember(np.zeros(100))
    assert memory.persistence == 0.0
    assert np.isfinite(draw(memory)).all()


LEVELS = tuple(np.arange(1, 100) / 100)


def test_the_score_of_an_outcome_of_a_gaussian_forecast_is_its_distance_in_deviations() -> None:
    actual = np.array([100.0, 93.1, 112.3, 118.0])
    quantiles = np.tile(100 + 10 * ndtri(np.array(LEVELS)), (4, 1))
    np.testing.assert_allclose(normal_scores(actual, quantiles, LEVELS), (actual - 100) / 10)


def test_outcomes_of_true_forecasts_have_standard_normal_scores() -> None:
    actual = np.random.default_rng(1).gamma(2.0, 3.0, 20_000)
    quantiles = np.tile(gamma(2.0, scale=3.0).ppf(LEVELS), (len(actual), 1))
    scores = normal_scores(actual, quantiles, LEVELS)
    assert kstest(scores[np.abs(scores) < 2.3], "norm").statistic < 0.02
    assert abs(scores.mean()) < 0.02


def test_a_score_does_not_leave_the_levels_and_is_unknown_where_the_outcome_is() -> None:
    quantiles = np.tile(ndtri(np.array(LEVELS)), (3, 1))
    scores = normal_scores(np.array([-9.0, 9.0, np.nan]), quantiles, LEVELS)
    np.testing.assert_allclose(scores[:2], ndtri([0.01, 0.99]))
    assert np.isnan(scores[2])


@pytest.mark.parametrize(
    ("row", "outcome", "level"),
    [
        ([0, 0, 0, 0, 0, 1, 2, 3, 4], 0.0, 0.3),
        ([1, 2, 3, 3, 3, 4, 5, 6, 7], 3.0, 0.4),
        ([1, 2, 3, 4, 5, 6, 9, 9, 9], 9.0, 0.8),
        ([7, 7, 7, 7, 7, 7, 7, 7, 7], 7.0, 0.5),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9], 2.0, 0.2),
        ([7, 7, 7, 7, 7, 7, 7, 7, 7], 6.9, 0.1),
    ],
)
def test_where_quantiles_coincide_with_the_outcome_the_middle_one_is_told(
    row: list[float], outcome: float, level: float
) -> None:
    scores = normal_scores(np.array([outcome]), np.array([row], dtype=float), tuple(np.arange(1, 10) / 10))
    np.testing.assert_allclose(scores, ndtri(level))


def test_no_outcome_has_no_score() -> None:
    assert normal_scores(np.zeros(0), np.zeros((0, 99)), LEVELS).shape == (0,)


def test_an_error_of_the_level_is_seen_to_last_through_the_noise_around_it() -> None:
    level = autoregression(0.99, MEMORY, seed=21) / np.sqrt(1 / (1 - 0.99**2))
    noisy = level + 0.5 * np.random.default_rng(22).normal(size=MEMORY)
    assert remember(noisy).persistence > 0.95 > np.corrcoef(noisy[1:], noisy[:-1])[0, 1]


def test_errors_that_are_noise_alone_are_not_taken_to_last_by_chance() -> None:
    kept = [remember(np.random.default_rng(seed).normal(size=MEMORY)).persistence for seed in range(200)]
    assert max(kept) < 0.25


def test_all_series_have_a_small_course_in_common() -> None:
    paths = [draw(remember(np.random.default_rng(seed).normal(size=MEMORY)), own_seed=seed) for seed in range(6)]
    between = [np.corrcoef(one.ravel(), two.ravel())[0, 1] for at, one in enumerate(paths) for two in paths[:at]]
    assert abs(np.mean(between) - SHARED) < 0.05
