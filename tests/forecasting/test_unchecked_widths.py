import numpy as np

from forecasting.calibration import UNCHECKED, Calibration
from forecasting.unchecked_widths import widened_where_unchecked


def test_stretches_that_were_never_compared_are_wider_than_the_last_that_was() -> None:
    known = Calibration(np.array([[0.8, 0.9], [1.0, 1.4]]), np.array([[1.1, 1.2], [0.5, 0.5]]))
    wider = widened_where_unchecked(known, 4)
    np.testing.assert_allclose(wider.lower, [[0.8, 0.9, UNCHECKED, UNCHECKED], [1.0, 1.4, 1.75, 1.75]])
    np.testing.assert_allclose(wider.upper, [[1.1, 1.2, 1.5, 1.5], [0.5, 0.5, UNCHECKED, UNCHECKED]])


def test_where_all_stretches_were_compared_nothing_changes() -> None:
    known = Calibration(np.ones((2, 3)), np.ones((2, 3)))
    assert widened_where_unchecked(known, 3) is known
    assert widened_where_unchecked(known, 2) is known
