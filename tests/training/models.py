"""Models that are simple enough to know what they must forecast."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from demand.history import Panel
from forecasting.quantiles import QuantileForecast


@dataclass(frozen=True)
class Constant:
    """Forecasts one level with a band around it, whatever came before; fails where a history holds the level -1."""

    name: str
    level: float
    half_width: float = 1.0
    minimum: int = 1
    across_series: ClassVar[bool] = False
    description: ClassVar[str] = "A model for tests."

    def minimum_history(self, panel: Panel) -> int:
        return self.minimum

    def fit(self, history: Panel, *, seed: int) -> "FittedConstant":
        return FittedConstant(self, history)


@dataclass(frozen=True)
class FittedConstant:
    model: Constant
    history: Panel

    def predict(self, horizon: int, levels: Sequence[float]) -> QuantileForecast:
        line = self.model.level + self.model.half_width * (2 * np.asarray(levels) - 1)
        values = np.broadcast_to(line, (self.history.n_series, horizon, len(levels))).copy()
        return QuantileForecast(tuple(levels), values)


@dataclass(frozen=True)
class Crashing:
    """Raises for every history."""

    name: str = "crashing"
    across_series: ClassVar[bool] = False
    description: ClassVar[str] = "A model for tests."

    def minimum_history(self, panel: Panel) -> int:
        return 1

    def fit(self, history: Panel, *, seed: int) -> "FittedConstant":
        raise RuntimeError("the matrix is singular")


@dataclass(frozen=True)
class FleetMean:
    """Forecasts the mean level of all series it was shown, so it betrays what it was shown."""

    name: str = "fleet_mean"
    across_series: ClassVar[bool] = True
    description: ClassVar[str] = "A model for tests."

    def minimum_history(self, panel: Panel) -> int:
        return 1

    def fit(self, history: Panel, *, seed: int) -> "FittedConstant":
        return FittedConstant(Constant(self.name, float(np.nanmean(history.values)), 0.0), history)
