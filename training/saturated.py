"""What the reader of a forecast is told of a saturation."""

from dataclasses import replace

import numpy as np

from demand.saturation import Saturation
from forecasting.additive_trend import AdditiveTrend
from forecasting.growth import PooledGrowth
from training.recipe import Choice

BOUNDED = (PooledGrowth().name, AdditiveTrend().name)
"""The models whose growth ends at a cap."""


def told(choice: Choice, saturation: Saturation, row: int) -> Choice:
    """The choice of one series with a remark on where its growth ends, if anything is known of that.

    Args:
        choice: what was learned of the series.
        saturation: of all series.
        row: the position of the series.
    """
    remarks = []
    cap, outgrown = float(saturation.caps[row]), float(saturation.outgrown[row])
    if np.isfinite(cap):
        remarks.append(_ending(choice, cap))
    if np.isfinite(outgrown):
        remarks.append(
            f"the saturation of {outgrown:g} is ignored, as the history has outgrown it; store a higher one instead"
        )
    return replace(choice, remarks=(*choice.remarks, *remarks)) if remarks else choice


def _ending(choice: Choice, cap: float) -> str:
    bounded = [name for name in BOUNDED if any(choice.weights.get(name, ())) or choice.model == name]
    if choice.served_by is not None or not bounded:
        return f"growth saturates at {cap:g}, but no model of this forecast makes use of that"
    return f"growth saturates at {cap:g} in {' and '.join(bounded)}"
