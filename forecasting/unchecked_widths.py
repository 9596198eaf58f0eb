"""Widths at leads that no past forecast could be compared at: wider, as nothing speaks for less."""

import numpy as np

from forecasting.calibration import UNCHECKED, Calibration


def widened_where_unchecked(known: Calibration, n_stretches: int) -> Calibration:
    """Factors for as many stretches, those that nothing is known of wider than the last one that is.

    Args:
        known: of the stretches that could be compared.
        n_stretches: how many are compared where there is enough history.
    """
    missing = n_stretches - known.lower.shape[1]
    if missing <= 0:
        return known
    lower, upper = (
        np.hstack([side, np.repeat(UNCHECKED * np.maximum(side[:, -1:], 1.0), missing, axis=1)])
        for side in (known.lower, known.upper)
    )
    return Calibration(lower, upper)
