import numpy as np
import pytest

from demand.errors import Invalid
from planning.estimates import Estimate, normal_draws, uniform_draws


def test_draws_have_the_quantiles_of_the_estimate() -> None:
    drawn = Estimate(10, 20, 60).at(normal_draws(3, "slip", 200_000))
    np.testing.assert_allclose(np.quantile(drawn, (0.1, 0.5, 0.9)), (10, 20, 60), rtol=0.02)


def test_a_symmetric_estimate_is_a_normal_distribution() -> None:
    drawn = Estimate(-1.2815515655446004, 0, 1.2815515655446004).at(np.array([-2.0, 0.5]))
    np.testing.assert_allclose(drawn, (-2.0, 0.5))


def test_draws_depend_on_seed_and_name_alone() -> None:
    first = normal_draws(1, "a", 5)
    np.testing.assert_array_equal(first, normal_draws(1, "a", 5))
    assert not np.array_equal(first, normal_draws(1, "b", 5))
    assert not np.array_equal(first, normal_draws(2, "a", 5))
    assert ((uniform_draws(1, "a", 99) > 0) & (uniform_draws(1, "a", 99) < 1)).all()


def test_what_is_certain_does_not_vary() -> None:
    assert Estimate.certain(7).is_certain
    assert (Estimate.certain(7).at(normal_draws(1, "a", 5)) == 7).all()


@pytest.mark.parametrize("numbers", [(2, 1, 3), (1, 3, 2), (float("nan"), 1, 2), (1, 2, float("inf"))])
def test_numbers_out_of_order_are_refused(numbers: tuple[float, float, float]) -> None:
    with pytest.raises(Invalid, match="ascending"):
        Estimate(*numbers)


def test_scores_are_the_inverse_of_values() -> None:
    estimate = Estimate(10, 20, 60)
    for value in (-5.0, 10.0, 20.0, 33.0, 100.0):
        assert estimate.at(np.array([estimate.score(value)]))[0] == pytest.approx(value)
    assert [Estimate.certain(7).score(value) for value in (6, 7, 8)] == [-np.inf, 0, np.inf]
    assert [Estimate(5, 7, 7).score(value) for value in (7, 8)] == [0, np.inf]
