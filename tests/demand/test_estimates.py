import numpy as np
import pytest
from scipy.stats import norm

from demand.errors import Invalid
from demand.estimates import Estimate

SCORES = norm.ppf([0.1, 0.5, 0.9])


def test_an_estimate_has_the_quantiles_that_it_is_given_by() -> None:
    assert Estimate(2, 3, 7).at(SCORES) == pytest.approx([2, 3, 7])


@pytest.mark.parametrize("least", [0, 1, -5])
def test_a_quantity_above_a_bound_has_the_quantiles_that_it_is_given_by(least: float) -> None:
    assert Estimate(1.1, 1.32, 1.54).above(least, SCORES) == pytest.approx([1.1, 1.32, 1.54])


def test_a_quantity_above_a_bound_never_reaches_it() -> None:
    scores = np.linspace(-6, 6, 1001)
    values = Estimate(1.1, 1.32, 1.54).above(1, scores)
    assert values.min() > 1
    assert (np.diff(values) > 0).all()


def test_a_quantity_that_may_be_the_bound_itself_is_never_less() -> None:
    values = Estimate(0, 0.5, 1).above(0, np.array([-6.0, 0.0, SCORES[2]]))
    assert values == pytest.approx([0, 0.5, 1])


def test_numbers_out_of_order_are_refused() -> None:
    with pytest.raises(Invalid, match="ascending"):
        Estimate(2, 1, 3)
