"""Young series: the less history a series has of its own, the more its forecast is borrowed from its kin."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from demand.history import Panel
from forecasting.family import enough
from forecasting.kinship import Kinship
from training.learning import ENSEMBLE
from training.recipe import Choice

KIN = Kinship().name

OF_ITS_OWN = 3
"""Observations from which growth can be told, so that a series does better alone than with kin as young as itself."""


def borrow(choices: Sequence[Choice], panel: Panel) -> tuple[Choice, ...]:
    """The choices with a share for kin that fades as a series grows up.

    It is all at birth and nothing from `forecasting.family.enough` observations on. It is not learned: the rolling
    origins of a young series lie where it was younger still. Where all series are young, nobody has anything to lend.
    """
    grown_up = enough(panel.granularity)
    known = (~np.isnan(panel.values)).sum(axis=1)
    until = grown_up if (known >= grown_up).any() else OF_ITS_OWN
    return tuple(
        choice if count == 0 or count >= until else _sharing(choice, 1 - (count - 1) / grown_up)
        for choice, count in zip(choices, known.tolist(), strict=True)
    )


def _sharing(choice: Choice, share: float) -> Choice:
    stretches = max((len(each) for each in choice.weights.values()), default=1)
    own = {name: tuple((1 - share) * weight for weight in each) for name, each in choice.weights.items() if name != KIN}
    return replace(choice, model=ENSEMBLE, weights={**own, KIN: (share,) * stretches})
