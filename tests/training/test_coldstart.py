import numpy as np
import pytest

from demand.calendar import Granularity
from forecasting.family import enough
from tests.training.panels import panel
from training.coldstart import KIN, borrow
from training.recipe import Choice

OWN = Choice("ensemble", weights={"boosting": (0.75, 0.5), "profile": (0.25, 0.5)})
GROWN_UP = enough(Granularity.HOUR)


def at_age(count: int, choice: Choice = OWN) -> Choice:
    """A series of an age beside one that is grown up and can lend."""
    values = np.full((2, GROWN_UP + 50), np.nan)
    values[0, GROWN_UP + 50 - count :] = 5.0
    values[1] = 5.0
    return borrow([choice, OWN], panel(values))[0]


def test_all_is_borrowed_at_birth_ever_less_with_age_and_nothing_once_grown_up() -> None:
    shares = [at_age(age).weights.get(KIN, (0.0,))[0] for age in range(1, GROWN_UP + 2)]
    assert shares[0] == 1.0
    assert (np.diff(shares[:-1]) < 0).all()
    assert shares[GROWN_UP // 2] == pytest.approx(0.5, abs=0.01)
    assert shares[-2:] == [0.0, 0.0]


def test_what_is_not_borrowed_is_split_as_was_learned_in_every_stretch() -> None:
    young = at_age(GROWN_UP // 4 + 1)
    weights = np.array([young.weights[name] for name in ("boosting", "profile", KIN)])
    np.testing.assert_allclose(weights, [[0.1875, 0.125], [0.0625, 0.125], [0.75, 0.75]])


def test_a_series_that_is_grown_up_and_one_without_any_value_are_left_as_they_are() -> None:
    assert at_age(GROWN_UP) == at_age(0) == OWN


def test_a_single_model_that_shares_with_kin_is_an_ensemble() -> None:
    alone = Choice("seasonal_naive", weights={"seasonal_naive": (1.0,)})
    assert at_age(5, alone).model == "ensemble"
    assert at_age(GROWN_UP, alone).model == "seasonal_naive"


def test_where_all_are_young_nobody_has_anything_to_lend_but_to_those_who_cannot_tell_their_growth() -> None:
    months = np.full((2, 6), 100.0)
    months[1, :4] = np.nan
    six, two = borrow([OWN, OWN], panel(months, Granularity.MONTH))
    assert KIN not in six.weights
    assert two.weights[KIN][0] > 0
