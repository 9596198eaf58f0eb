"""Models that are simple enough to know what they must forecast, and models that misbehave."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from demand.history import Panel
from forecasting.quantiles import QuantileForecast


@dataclass(frozen=True)
class Constant:
    """Forecasts one level with a band around it, whatever came before; with a budget, in a process of its own."""

    name: str
    level: float
    half_width: float = 1.0
    minimum: int = 1
    budget_seconds: float | None = None
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
class Faulty:
    """Goes wrong at histories whose last value lies above a limit, and says 100 of all others."""

    name: str
    above: float = -1.0
    budget_seconds: float | None = None
    minimum: int = 1
    across_series: ClassVar[bool] = False
    description: ClassVar[str] = "A model for tests."

    def minimum_history(self, panel: Panel) -> int:
        return self.minimum

    def fit(self, history: Panel, *, seed: int) -> FittedConstant:
        if (history.values[:, -1] > self.above).any():
            return self.go_wrong(history)
        return FittedConstant(Constant(self.name, 100.0), history)

    def go_wrong(self, history: Panel) -> FittedConstant:
        raise RuntimeError("the matrix is singular")


Crashing = Faulty


@dataclass(frozen=True)
class Hanging(Faulty):
    """Never comes back."""

    def go_wrong(self, history: Panel) -> FittedConstant:
        time.sleep(3600)
        raise AssertionError("an hour is over")


@dataclass(frozen=True)
class Dying(Faulty):
    """Takes its process with it."""

    def go_wrong(self, history: Panel) -> FittedConstant:
        os._exit(7)


@dataclass(frozen=True)
class FittedBoundless(FittedConstant):
    wrong: npt.NDArray[np.bool_]
    level: float

    def predict(self, horizon: int, levels: Sequence[float]) -> QuantileForecast:
        values = super().predict(horizon, levels).values
        values[self.wrong] = self.level
        return QuantileForecast(tuple(levels), values)


@dataclass(frozen=True)
class Boundless(Faulty):
    """Says what is no number, or what is beyond belief."""

    level: float = np.nan

    def go_wrong(self, history: Panel) -> FittedConstant:
        return FittedBoundless(Constant(self.name, 100.0), history, history.values[:, -1] > self.above, self.level)


@dataclass(frozen=True)
class FleetMean:
    """Forecasts the mean level of all series it was shown, so it betrays what it was shown."""

    name: str = "fleet_mean"
    budget_seconds: ClassVar[float | None] = None
    across_series: ClassVar[bool] = True
    description: ClassVar[str] = "A model for tests."

    def minimum_history(self, panel: Panel) -> int:
        return 1

    def fit(self, history: Panel, *, seed: int) -> "FittedConstant":
        return FittedConstant(Constant(self.name, float(np.nanmean(history.values)), 0.0), history)


@dataclass(frozen=True)
class Following:
    """Learns nothing and says the last value at each stop, so it betrays where it stood."""

    name: str = "following"
    budget_seconds: ClassVar[float | None] = None
    across_series: ClassVar[bool] = False
    description: ClassVar[str] = "A model for tests."

    def minimum_history(self, panel: Panel) -> int:
        return 1

    def fit(self, history: Panel, *, seed: int) -> FittedConstant:
        return FittedConstant(Constant(self.name, float(history.values[0, -1]), 0.0), history)

    def roll(
        self, history: Panel, stops: Sequence[int], horizon: int, levels: Sequence[float], *, seed: int
    ) -> list[QuantileForecast]:
        shape = (history.n_series, horizon, len(levels))
        return [
            QuantileForecast(
                tuple(levels), np.broadcast_to(history.values[:, stop - 1, None, None], shape).astype(float)
            )
            for stop in stops
        ]
