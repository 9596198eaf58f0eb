"""The seasonal naive: what was one season ago comes again. Every other model is measured against it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from demand.history import FloatArray, Panel
from forecasting.quantiles import QuantileForecast, check_levels, proper


@dataclass(frozen=True)
class SeasonalNaive:
    """Repeats the last season, with Gaussian intervals (Hyndman and Athanasopoulos, FPP3, section 5.5).

    The standard deviation is the root mean square of the seasonal differences, and grows with the square root of the
    number of seasons between a forecast and the observation it repeats. A series too short for any seasonal
    difference says nothing of how it varies; its standard deviation is its mean level, or one if that is zero.

    Attributes:
        name: the name of the model.
        season: buckets after which a value comes again; the naive season of the panel's granularity if not given.
    """

    budget_seconds: ClassVar[float | None] = None
    across_series: ClassVar[bool] = False

    name: str = "seasonal_naive"
    season: int | None = None

    @property
    def description(self) -> str:
        """What the model does, in a sentence."""
        season = "the last season" if self.season is None else f"what was {self.season} buckets ago"
        return f"Repeats {season}, with Gaussian intervals."

    def minimum_history(self, panel: Panel) -> int:  # noqa: ARG002 - the rhythm does not matter
        """One observation; but for a season of its own more than one season, or there would be nothing to repeat."""
        return 1 if self.season is None else self.season + 1

    def fit(self, history: Panel, *, seed: int) -> "FittedSeasonalNaive":  # noqa: ARG002 - nothing is drawn
        """Find what will be repeated, and how far it was off in the past."""
        season = self.season or history.granularity.rhythm.naive_season
        return FittedSeasonalNaive(season, history.n_steps, _sources(history.values, season), history.values)


@dataclass(frozen=True)
class FittedSeasonalNaive:
    """The last season of every series.

    Attributes:
        season: buckets after which a value comes again.
        n_steps: buckets of history.
        sources: position in the history of what is repeated at each place of the season, counted from the end of the
            history on; -1 where the series has no observation at all. Shape (n_series, season).
        history: shape (n_series, n_steps).
    """

    season: int
    n_steps: int
    sources: npt.NDArray[np.int64]
    history: FloatArray

    def predict(self, horizon: int, levels: Sequence[float]) -> QuantileForecast:
        """Quantiles of the `horizon` buckets after the history."""
        ordered = check_levels(levels)
        middle, spread = self.gaussian(horizon)
        values = proper(middle[..., None] + spread[..., None] * ndtri(np.asarray(ordered)))
        empty = np.flatnonzero(self.sources[:, 0] < 0)
        return QuantileForecast(ordered, values, {int(row): "the series has no observation" for row in empty})

    def gaussian(self, horizon: int) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation before anything is cut off at zero, each of shape (n_series, horizon)."""
        steps = np.arange(horizon)
        source = self.sources[:, steps % self.season]
        middle = np.where(source < 0, np.nan, np.take_along_axis(self.history, np.maximum(source, 0), axis=1))
        seasons_ago = np.ceil((self.n_steps + steps - source) / self.season)
        return middle, difference_rms(self.history, self.season)[:, None] * np.sqrt(seasons_ago)


def difference_rms(history: FloatArray, season: int) -> FloatArray:
    """Root mean square of the known seasonal differences, shape (n_series,); a mean level, or one, if there is none."""
    differences = history[:, season:] - history[:, :-season] if history.shape[1] > season else history[:, :0]
    count = (~np.isnan(differences)).sum(axis=1)
    rms = np.sqrt(np.nansum(differences**2, axis=1) / np.maximum(count, 1))
    level = np.nansum(history, axis=1) / np.maximum((~np.isnan(history)).sum(axis=1), 1)
    return np.where(count > 0, rms, np.where(level > 0, level, 1.0))


def _sources(history: FloatArray, season: int) -> npt.NDArray[np.int64]:
    n_steps = history.shape[1]
    positions = np.where(np.isnan(history), -1, np.arange(n_steps))
    padding = -n_steps % season
    aligned = np.pad(positions, ((0, 0), (padding, 0)), constant_values=-1).reshape(len(history), -1, season)
    latest = aligned.max(axis=1, initial=-1)
    newest = positions.max(axis=1, initial=-1)[:, None]
    return np.asarray(np.where(latest < 0, newest, latest))
