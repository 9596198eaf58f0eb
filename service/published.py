"""Joint sample paths rebuilt from what training published."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pandas as pd

from demand.calendar import Granularity, buckets, number
from demand.errors import Invalid
from demand.history import FloatArray
from demand.paths import DemandPaths
from demand.series import SeriesKey
from forecasting.dependence import SHARED_SEED
from service.rationing import NOTHING, Rationing
from service.reconciled import Lineage, drawing, lineage
from service.store.forecasts import PublishedForecast
from training.pipeline import own_seed


@dataclass(frozen=True)
class LeftOut:
    """A series that is selected but not part of the answer."""

    key: SeriesKey
    reason: str


@dataclass(frozen=True)
class Window:
    """The part of the published forecasts that answers a question.

    Attributes:
        granularity: width of the buckets.
        start: the first bucket: the newest start of all forecasts, so that nothing already observed is forecast.
        horizon: how many buckets.
        forecasts: those that cover the window.
        left_out: selected series that are no part of it, with the reason.
        lineages: what forecasts are reconciled with, by the id of their series; nothing where it is not given.
        as_of: the instant at which they were served, None for the present.
    """

    granularity: Granularity
    start: pd.Timestamp
    horizon: int
    forecasts: tuple[PublishedForecast, ...]
    left_out: tuple[LeftOut, ...]
    lineages: Mapping[int, Lineage] = field(default_factory=dict)
    as_of: datetime | None = None

    @property
    def index(self) -> pd.DatetimeIndex:
        """The starts of all buckets."""
        return buckets(self.start, self.horizon, self.granularity)

    def lineage(self, forecast: PublishedForecast) -> Lineage:
        """What a forecast of this granularity is reconciled with."""
        return self.lineages.get(forecast.series.id) or lineage(forecast, self.granularity)


def window(
    forecasts: Sequence[PublishedForecast], granularity: Granularity, horizon: int | None, until: pd.Timestamp | None
) -> Window:
    """The window that a question asks for.

    Args:
        forecasts: what is published for the selection, at least one.
        granularity: width of the buckets.
        horizon: buckets ahead, None to go by `until`.
        until: the end of the window, exclusive; all that is published where neither is given.

    Raises:
        Invalid: the window is empty or reaches beyond what is published.
    """
    start = max(forecast.start for forecast in forecasts)
    reasons = [_why_not(forecast, start, granularity) for forecast in forecasts]
    kept = [forecast for forecast, reason in zip(forecasts, reasons, strict=True) if not reason]
    left = [LeftOut(f.series.key, reason) for f, reason in zip(forecasts, reasons, strict=True) if reason]
    shortest = min(kept, key=lambda forecast: _stop(forecast, granularity))
    reach = _stop(shortest, granularity) - number(start, granularity)
    asked = horizon or (reach if until is None else _steps_until(start, until, granularity))
    if asked > reach:
        raise Invalid(
            f"a horizon of {asked} reaches beyond what is published: {reach} {granularity}s from {start.isoformat()}, "
            f"where the forecast of series {shortest.series.id} ({shortest.series.key}) ends; ask for at most {reach}, "
            "or start a run that reaches further with POST /v1/training-runs"
        )
    return Window(granularity, start, asked, tuple(kept), tuple(left))


def draws(
    view: Window, n_paths: int, forecasts: Sequence[PublishedForecast]
) -> Callable[[PublishedForecast], FloatArray]:
    """What draws the joint sample paths of each of the forecasts in the window, shape (n_paths, n_steps)."""
    end = buckets(view.start, view.horizon + 1, view.granularity)[-1]
    shared = drawing([view.lineage(forecast) for forecast in forecasts], end, n_paths, SHARED_SEED)

    def draw(forecast: PublishedForecast) -> FloatArray:
        before = number(view.start, view.granularity) - number(forecast.start, view.granularity)
        drawn = shared.paths(view.lineage(forecast).links, own_seed(forecast.series.key))
        return drawn[:, before : before + view.horizon]

    return draw


def covers(forecast: PublishedForecast, view: Window) -> bool:
    """Whether a forecast that was not selected reaches over the whole window."""
    stop = number(view.start, view.granularity) + view.horizon
    begins = forecast.start <= view.start and not _why_not(forecast, view.start, view.granularity)
    return begins and _stop(forecast, view.granularity) >= stop


Change = Callable[[PublishedForecast, FloatArray], FloatArray]
"""What is done to the paths of one series, shape (n_paths, n_steps), before they are summed."""


def unchanged(_: PublishedForecast, drawn: FloatArray) -> FloatArray:
    """Paths as they are."""
    return drawn


def paths(
    view: Window,
    n_paths: int,
    groups: Sequence[Hashable],
    rationing: Rationing = NOTHING,
    change: Change = unchanged,
) -> DemandPaths:
    """Joint sample paths of groups of series, summed path by path.

    Path i of one series belongs to path i of every other, and the same question always gets the same paths.

    Args:
        view: the window.
        n_paths: how many paths.
        groups: the label of the group of each forecast of the window.
        rationing: what limits leave of the demand of each series; all of it if not given.
        change: what is done to each series after that, such as turning it into another unit.

    Returns:
        One row per distinct label, in order of first appearance.
    """
    draw = draws(view, n_paths, view.forecasts)
    labels = tuple(dict.fromkeys(groups))
    values = np.zeros((len(labels), n_paths, view.horizon))
    for forecast, group in zip(view.forecasts, groups, strict=True):
        values[labels.index(group)] += change(forecast, rationing.cut(forecast.series.id, draw(forecast)))
    return DemandPaths(labels, view.granularity, view.start, values)


def _why_not(forecast: PublishedForecast, start: pd.Timestamp, granularity: Granularity) -> str:
    """Why a forecast is no part of a window that starts here; empty if it is."""
    behind = number(start, granularity) - number(forecast.start, granularity)
    if behind > granularity.rhythm.lateness:
        return (
            f"its history ends before {forecast.start.isoformat()}, long before that of the newest series selected "
            f"({start.isoformat()}); select it apart to see its forecast"
        )
    if granularity is Granularity.WEEK and forecast.start.weekday() != start.weekday():
        weekday = forecast.start.day_name()
        return f"its weeks start on {weekday} and those of the answer on {start.day_name()}; select it apart"
    if _stop(forecast, granularity) <= number(start, granularity):
        return f"its forecast ends before {start.isoformat()}; start a run that reaches further"
    return ""


def _stop(forecast: PublishedForecast, granularity: Granularity) -> int:
    return number(forecast.start, granularity) + len(forecast.quantiles)


def _steps_until(start: pd.Timestamp, until: pd.Timestamp, granularity: Granularity) -> int:
    """How many buckets begin before this instant."""
    if until <= start:
        raise Invalid(f"until={until.isoformat()} is not after {start.isoformat()}, where the forecast begins")
    limit = granularity.rhythm.horizon_limit
    return sum(bucket < until for bucket in buckets(start, limit + 1, granularity))
