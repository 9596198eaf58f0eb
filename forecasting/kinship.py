"""Cold start: a young series borrows its shape and its growth from its nearest kin, and its doubts from theirs.

The rule is the same for all: shape from kin, level from the last own observations. How it errs is rehearsed on kin:
they are cut to the age of the young series at several moments of their past, and forecast by the rule. Their typical
error is the growth that is borrowed, with the ramp after a launch where kin were launched in view; its size makes the
band.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import ClassVar

import numpy as np
from scipy.special import stdtrit

from demand.history import FloatArray, Panel
from forecasting.family import WINDOW, Family, enough, family_of
from forecasting.kin import told
from forecasting.quantiles import QuantileForecast, check_levels, proper
from forecasting.rehearsal import TAIL, Rule, Youth, level_of, rehearse

AGES = (1, 2, 3, 6, 12, 24, 48, 72, 120, 168, 336)
"""Ages that are rehearsed; a series is forecast with the errors of the next lower one."""

STEADY = 8
"""Observations from which a series that never varied is taken to be constant."""

ALONE = "history is short and no kin has more of it: the last level goes on, with a wide band"


@dataclass(frozen=True)
class Kinship:
    """Shape and growth from kin, level from the series itself.

    Attributes:
        name: the name of the model.
    """

    budget_seconds: ClassVar[float | None] = None
    across_series: ClassVar[bool] = True
    description: ClassVar[str] = "Shape and growth of the nearest kin at the level of the series itself."

    name: str = "kin"

    def minimum_history(self, panel: Panel) -> int:  # noqa: ARG002 - the same at any rhythm
        """One observation."""
        return 1

    def fit(self, history: Panel, *, seed: int) -> "FittedKinship":  # noqa: ARG002 - nothing is drawn
        """Remember the history; what is borrowed depends on how far ahead is asked for."""
        return FittedKinship(history)


@dataclass(frozen=True)
class FittedKinship:
    """The history that is forecast from."""

    history: Panel

    def predict(self, horizon: int, levels: Sequence[float]) -> QuantileForecast:
        """Quantiles of the `horizon` buckets after the history; the notes say what was borrowed from whom."""
        ordered = check_levels(levels)
        alive = np.isfinite(self.history.values).any(axis=1)
        failures = {int(row): "the series has no observation" for row in np.flatnonzero(~alive)}
        values = np.full((self.history.n_series, horizon, len(ordered)), np.nan)
        if not alive.any():
            return QuantileForecast(ordered, values, failures)
        family = family_of(self.history, horizon)
        rules = lru_cache(maxsize=None)(partial(rehearse, family))
        scores = stdtrit(TAIL, np.asarray(ordered))
        notes: dict[int, str] = {}
        for row in np.flatnonzero(alive).tolist():
            values[row], note = _forecast(family, row, rules, scores)
            notes |= {row: note} if note else {}
        values[alive] = proper(family.space.back(values)[alive])
        return QuantileForecast(ordered, values, failures, notes)


def _forecast(family: Family, row: int, rules: Callable[[Youth], Rule], scores: FloatArray) -> tuple[FloatArray, str]:
    """Quantiles in the stabilised space, shape (horizon, n_levels), and what the reader should know."""
    history = family.history
    known = family.values[row][np.isfinite(family.values[row])]
    if len(known) >= STEADY and np.ptp(known) < 1e-9:
        return np.full((family.horizon, len(scores)), known[-1]), ""
    stop, window = int(family.last[row]) + 1, WINDOW[history.granularity]
    kin, priors = family.kin(row)
    first = max(int(family.first[row]), stop - window)
    view = family.view(row, (first, stop), (kin, priors), history.n_steps + family.horizon)
    age = max(age for age in AGES if age <= min(len(known), window))
    rule = rules(Youth(history.keys[row].workload, age, family.alone_in_its_region(row)))
    leads = len(view.ahead)
    middle = level_of(view.rest, rule.span) + view.ahead + rule.drift[:leads]
    size = rule.size[:leads] * rule.unrest(view)
    quantiles = (middle[:, None] + size[:, None] * scores)[-family.horizon :]
    if len(known) >= enough(history.granularity):
        return quantiles, ""
    return quantiles, told(history.keys, kin, view.shares) if len(kin) else ALONE
