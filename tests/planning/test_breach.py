from itertools import product
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demand.errors import Invalid
from planning.breach import first_breach


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_walk_breaches_first_as_the_hitting_time_theorem_says(level: int) -> None:
    n_steps = 10
    walks = np.cumsum(list(product((-1, 1), repeat=n_steps)), axis=1)[None]
    found = first_breach(walks >= level)
    hits = [
        level / n * comb(n, (n + level) // 2) / 2**n if (n + level) % 2 == 0 and n >= level else 0.0
        for n in range(1, n_steps + 1)
    ]
    np.testing.assert_allclose(found.chance_by()[0], np.cumsum(hits))
    assert found.never[0] == pytest.approx(1 - sum(hits))


def test_a_random_walk_with_normal_steps_breaches_as_it_does_step_by_step() -> None:
    n_paths, limit = 40_000, 1.5
    walks = np.cumsum(np.random.default_rng(4).normal(0.1, 0.6, (1, n_paths, 4)), axis=2)
    grid = np.linspace(-8, limit, 4001)
    width = grid[1] - grid[0]
    alive = np.exp(-0.5 * ((grid - 0.1) / 0.6) ** 2) / (0.6 * np.sqrt(2 * np.pi))
    kernel = np.exp(-0.5 * ((np.arange(-4000, 4001) * width - 0.1) / 0.6) ** 2) / (0.6 * np.sqrt(2 * np.pi))
    survival = []
    for _ in range(4):
        weights = np.full(len(grid), width)
        weights[[0, -1]] /= 2
        survival.append(float((alive * weights).sum()))
        alive = np.convolve(alive * weights, kernel)[4000:8001]
    expected = 1 - np.array(survival)
    error = 4 * np.sqrt(expected * (1 - expected) / n_paths)
    assert (np.abs(first_breach(walks > limit).chance_by()[0] - expected) < error).all()


@given(st.lists(st.lists(st.booleans(), min_size=6, max_size=6), min_size=1, max_size=5), st.integers(1, 8))
@settings(max_examples=60, deadline=None)
def test_a_sustained_breach_is_the_first_run_that_is_long_enough(rows: list[list[bool]], sustained: int) -> None:
    found = first_breach(np.array([rows]), sustained)
    texts = ["".join("x" if short else "." for short in row) for row in rows]
    expected = [text.find("x" * sustained) if "x" * sustained in text else 6 for text in texts]
    assert found.first[0].tolist() == expected


def test_a_breach_lasts_for_a_step_at_least() -> None:
    with pytest.raises(Invalid, match="lasts for 0 steps"):
        first_breach(np.ones((1, 1, 1), dtype=bool), 0)
