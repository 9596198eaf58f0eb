"""Joint sample paths rebuilt from what training published."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from demand.calendar import Granularity, buckets, number
from demand.errors import Invalid
from demand.paths import DemandPaths
from demand.series import SeriesKey
from forecasting.dependence import SHARED_SEED
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
        lineages: what each of the forecasts is reconciled with; nothing where they are not given.
    """

    granularity: Granularity
    start: pd.Timestamp
    horizon: int
    forecasts: tuple[PublishedForecast, ...]
    left_out: tuple[LeftOut, ...]
    lineages: tuple[Lineage, ...] = ()

    @property
    def index(self) -> pd.DatetimeIndex:
        """The starts of all buckets."""
        return buckets(self.start, self.horizon, self.granularity)


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


def paths(view: Window, n_paths: int, groups: Sequence[Hashable]) -> DemandPaths:
    """Joint sample paths of groups of series, summed path by path.

    Path i of one series belongs to path i of every other, and the same question always gets the same paths.

    Args:
        view: the window.
        n_paths: how many paths.
        groups: the label of the group of each forecast of the window.

    Returns:
        One row per distinct label, in order of first appearance.
    """
    end = buckets(view.start, view.horizon + 1, view.granularity)[-1]
    lineages = view.lineages or tuple(lineage(forecast, view.granularity) for forecast in view.forecasts)
    draws = drawing(lineages, end, n_paths, SHARED_SEED)
    labels = tuple(dict.fromkeys(groups))
    values = np.zeros((len(labels), n_paths, view.horizon))
    for forecast, own, group in zip(view.forecasts, lineages, groups, strict=True):
        before = number(view.start, view.granularity) - number(forecast.start, view.granularity)
        drawn = draws.paths(own.links, own_seed(forecast.series.key))
        values[labels.index(group)] += drawn[:, before : before + view.horizon]
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
