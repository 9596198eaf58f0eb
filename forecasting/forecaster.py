"""What every model is: something that learns from a panel and then forecasts it."""

from collections.abc import Sequence
from typing import Protocol

from demand.history import Panel
from forecasting.quantiles import QuantileForecast


class FittedForecaster(Protocol):
    """A model that has learned from a history."""

    def predict(self, horizon: int, levels: Sequence[float]) -> QuantileForecast:
        """Quantiles of the `horizon` buckets after the history, for every series of it, in its order."""
        ...


class Forecaster(Protocol):
    """A model before it has learned; it only holds its parameters."""

    @property
    def name(self) -> str:
        """The name of the model in recipes and answers."""
        ...

    @property
    def description(self) -> str:
        """What the model does, in a sentence for whoever reads its forecasts."""
        ...

    @property
    def across_series(self) -> bool:
        """Whether series learn from each other, so that a panel must not be split to fit it piece by piece."""
        ...

    @property
    def budget_seconds(self) -> float | None:
        """What fitting and forecasting one series may take; None for our own models, whose time is known."""
        ...

    def minimum_history(self, panel: Panel) -> int:
        """How many observed buckets a series of this rhythm needs before the model is worth fitting."""
        ...

    def fit(self, history: Panel, *, seed: int) -> FittedForecaster:
        """Learn from a history; a series may have gaps and may end in missing values."""
        ...
