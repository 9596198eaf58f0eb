"""What the pipeline needs from the world, as protocols that adapters fulfil."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from demand.calendar import Granularity
from demand.covariates import Covariates
from demand.history import FloatArray, Panel
from demand.saturation import Saturation
from forecasting.dependence import ErrorMemory
from forecasting.reconciliation import Implied
from training.recipe import Choice


@dataclass(frozen=True)
class SeriesForecast:
    """The forecast of one stored series, ready to be published.

    Attributes:
        series_id: the stored series.
        start: the first forecast bucket, UTC.
        quantiles: at the levels of the recipe, shape (n_steps, n_levels).
        memory: past errors, for joint paths.
        choice: what was learned about the series.
        members: per model that took part its own quantiles at 0.1, 0.5 and 0.9, shape (n_steps, 3).
        implied: what it says of coarser buckets.
    """

    series_id: int
    start: pd.Timestamp
    quantiles: FloatArray
    memory: ErrorMemory
    choice: Choice
    members: Mapping[str, FloatArray] = field(default_factory=dict)
    implied: Mapping[Granularity, Implied] = field(default_factory=dict)


@dataclass(frozen=True)
class IssuedForecast:
    """A forecast that was published earlier.

    Attributes:
        start: its first bucket, UTC.
        quantiles: at `GRID`, shape (n_steps, n_levels).
    """

    start: pd.Timestamp
    quantiles: FloatArray


@dataclass(frozen=True)
class Known:
    """What is known of a series from its earlier forecasts.

    Attributes:
        choice: what was learned about it.
        memory: its past errors.
        issued: earlier forecasts, the newest first; at most one per stretch of the horizon, so that what came true
            since the newest one is compared with forecasts of every lead.
    """

    choice: Choice
    memory: ErrorMemory
    issued: tuple[IssuedForecast, ...]


@dataclass(frozen=True)
class Extent:
    """How far the stored history of one series reaches.

    Attributes:
        granularity: the grid of the series itself.
        first: the start of its first observed bucket, UTC.
        last: the start of its last observed bucket, UTC.
        observed: how many buckets are known.
    """

    granularity: Granularity
    first: pd.Timestamp
    last: pd.Timestamp
    observed: int


@dataclass(frozen=True)
class Partition:
    """Stored series that are trained together because their histories end at the same bucket.

    Attributes:
        series_ids: the stored series, ascending.
        granularity: width of the buckets they are forecast at.
        cut_off: the last bucket of history, UTC.
    """

    series_ids: tuple[int, ...]
    granularity: Granularity
    cut_off: pd.Timestamp


@dataclass(frozen=True)
class Bounds:
    """What is known to have held use down, or to end growth; arrays have the shape of the panel that they are about.

    Attributes:
        limited: which series share a known limit that holds use down, shape (n_series,).
        full: buckets at a known limit.
        over: buckets clearly above one.
        queued: what waited beside what was in use, NaN where nobody counted.
        saturation: where the growth of each series ends.
    """

    limited: npt.NDArray[np.bool_]
    full: npt.NDArray[np.bool_]
    over: npt.NDArray[np.bool_]
    queued: FloatArray
    saturation: Saturation

    @classmethod
    def none(cls, panel: Panel) -> "Bounds":
        """Nothing is known."""
        nowhere = np.zeros(panel.values.shape, dtype=bool)
        return cls(
            limited=np.zeros(panel.n_series, dtype=bool),
            full=nowhere,
            over=nowhere,
            queued=np.full(panel.values.shape, np.nan),
            saturation=Saturation.none(panel.n_series),
        )


class LimitSource(Protocol):
    """Where it is known what held use down."""

    def bounds(self, partition: "Partition", panel: Panel) -> Bounds:
        """What held down the history of a partition."""
        ...


class NoLimits:
    """Nothing is known of any limit; fulfils `LimitSource`."""

    def bounds(self, partition: "Partition", panel: Panel) -> Bounds:
        """Nothing."""
        del partition
        return Bounds.none(panel)


class HistorySource(Protocol):
    """Where history comes from."""

    def panel(self, partition: Partition, context: int) -> Panel:
        """The last `context` buckets up to the cut-off, one row per series in the order of the partition."""
        ...


class CovariateSource(Protocol):
    """Where regressors and events come from."""

    def covariates(self, partition: Partition) -> Covariates:
        """What is known beside the history of the partition, and maybe beside that of others."""
        ...


class ForecastSink(Protocol):
    """Where forecasts go."""

    def save(self, forecasts: Sequence[SeriesForecast], left_out: Mapping[int, str]) -> None:
        """Keep the forecasts, and why there is none of the series left out; saving the same again changes nothing."""
        ...


class Champions(Protocol):
    """What is known from earlier forecasts."""

    def known(self, partition: Partition) -> dict[int, Known]:
        """What was learned about each series of the partition that has a published forecast, and what was issued."""
        ...


class Progress(Protocol):
    """Who is told how far the work is."""

    def __call__(self, phase: str, done: int, total: int) -> None:
        """`done` of `total` pieces of the named phase are finished."""
        ...
