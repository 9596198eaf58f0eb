import numpy as np

from planning.estimates import Estimate, normal_draws
from planning.scenarios.dice import Dice, number_name
from tests.planning.scenarios.making import moment

SIZE = Estimate(1, 2, 4)


def test_a_number_is_drawn_by_its_name_and_nothing_else() -> None:
    drawn = Dice(5, 1000).draw("x", "size", SIZE)
    np.testing.assert_array_equal(drawn, SIZE.at(normal_draws(5, "event/x/size", 1000)))
    assert (drawn != Dice(5, 1000).draw("y", "size", SIZE)).all()
    assert (drawn != Dice(6, 1000).draw("x", "size", SIZE)).all()


def test_its_quantiles_are_those_of_the_estimate() -> None:
    drawn = Dice(1, 200_000).draw("x", "size", SIZE)
    np.testing.assert_allclose(np.quantile(drawn, [0.1, 0.5, 0.9]), [1, 2, 4], atol=0.03)


def test_what_is_known_is_the_same_in_every_path() -> None:
    assert Dice(1, 3).draw("x", "size", Estimate.certain(2)).tolist() == [2, 2, 2]


def test_still_dice_show_the_middle_except_where_pinned() -> None:
    dice = Dice(1, 2, {number_name("x", "size"): 1.2815515655446004}, still=True)
    np.testing.assert_allclose(dice.draw("x", "size", SIZE), [4, 4])
    assert dice.draw("x", "other", SIZE).tolist() == [2, 2]


def test_a_date_is_drawn_around_its_day() -> None:
    assert Dice(1, 2, still=True).days("x", "at", moment("1970-01-11", -5, 2, 9)).tolist() == [12, 12]
    drawn = Dice(1, 100_000).days("x", "at", moment("1970-01-11", -5, 2, 9))
    np.testing.assert_allclose(np.quantile(drawn, [0.1, 0.9]), [5, 19], atol=0.1)
