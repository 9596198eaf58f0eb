import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from demand.errors import Invalid
from planning.crossover import crossover

LEVELS = (0.1, 0.5, 0.9)


def test_of_two_lognormal_demands_one_is_ahead_as_the_difference_of_their_logarithms_says() -> None:
    n_paths, means, deviations = 40_000, (6.2, 6.0), (0.3, 0.5)
    rng = np.random.default_rng(2)
    training, inference = (np.exp(rng.normal(m, s, (1, n_paths, 1))) for m, s in zip(means, deviations, strict=True))
    found = crossover(training, inference, LEVELS)
    difference = stats.norm(means[1] - means[0], np.hypot(*deviations))
    chance = difference.sf(0)
    assert abs(found.ahead[0, 0] - chance) < 4 * np.sqrt(chance * (1 - chance) / n_paths)
    assert found.passes.never[0] == pytest.approx(1 - found.ahead[0, 0])
    for at, level in enumerate(LEVELS):
        log_odds = difference.ppf(level)
        error = np.sqrt(level * (1 - level) / n_paths) / difference.pdf(log_odds)
        share = found.share_quantiles[0, 0, at]
        assert abs(np.log(share / (1 - share)) - log_odds) < 4 * error


def test_growth_at_a_sure_rate_crosses_at_a_date_with_a_normal_distribution() -> None:
    n_paths, n_steps, rate = 40_000, 40, 0.05
    lead = np.random.default_rng(3).normal(1.0, 0.3, n_paths)
    training = np.broadcast_to(np.exp(lead)[None, :, None], (1, n_paths, n_steps))
    inference = np.broadcast_to(np.exp(rate * np.arange(n_steps)), (1, n_paths, n_steps))
    found = crossover(training, inference, LEVELS).passes
    expected = stats.norm.cdf((rate * np.arange(n_steps) - 1.0) / 0.3)
    assert (np.abs(found.chance_by()[0] - expected) < 4 * np.sqrt(0.25 / n_paths)).all()
    assert found.never[0] == pytest.approx(1 - expected[-1], abs=4 * np.sqrt(0.25 / n_paths))
    assert found.quantiles((0.5,))[0, 0] in {20, 21}


@given(st.lists(st.lists(st.integers(0, 2), min_size=5, max_size=5), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_inference_has_passed_once_it_is_above_to_the_end(inference: list[list[int]]) -> None:
    levels = np.array([inference], dtype=float)
    found = crossover(np.ones_like(levels), levels, LEVELS).passes.first[0]
    expected = [min(step for step in range(6) if all(level > 1 for level in row[step:])) for row in inference]
    assert found.tolist() == expected


def test_the_share_is_told_where_there_is_demand() -> None:
    training = np.array([[[3.0, 0.0, 0.0], [1.0, 2.0, 0.0]]])
    found = crossover(training, np.array([[[1.0, 0.0, 0.0], [1.0, 6.0, 0.0]]]), (0.5,))
    np.testing.assert_allclose(found.share, [[0.375, 0.75, np.nan]])
    np.testing.assert_allclose(found.share_quantiles[..., 0], [[0.375, 0.75, np.nan]])


def test_paths_must_be_joint() -> None:
    with pytest.raises(Invalid, match="not joint"):
        crossover(np.ones((1, 2, 3)), np.ones((1, 3, 3)), LEVELS)
