import numpy as np

from demand.calendar import Granularity
from demand.history import FloatArray
from tests.training.panels import panel
from training.coldstart import KIN, borrow
from training.recipe import Choice

OWN = Choice("ensemble", weights={"growth": (1.0,)})


def shares(values: FloatArray) -> list[float]:
    """How much of each series is borrowed from its kin."""
    choices = borrow([OWN] * len(values), panel(values, Granularity.MONTH))
    return [choice.weights.get(KIN, (0.0,))[0] for choice in choices]


def known_for(counts: list[int]) -> FloatArray:
    values = np.full((len(counts), max(counts)), np.nan)
    for row, count in enumerate(counts):
        values[row, len(values[row]) - count :] = 100
    return values


def test_a_young_series_borrows_the_more_the_younger_it_is() -> None:
    np.testing.assert_allclose(shares(known_for([20, 1, 5, 8])), [0, 1, 0.5, 0])


def test_where_all_are_young_nobody_has_anything_to_lend() -> None:
    assert shares(known_for([6, 5, 3])) == [0, 0, 0]
    assert shares(known_for([6, 2]))[1] > 0
