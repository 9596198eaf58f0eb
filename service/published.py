"""Joint sample paths rebuilt from what training published."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from demand.calendar import Granularity, buckets, number
from demand.errors import Invalid
from demand.paths import DemandPaths
from demand.series import SeriesKey
from forecasting.dependence import RankTemplate
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
        left_out: selected series whose history ended long before.
    """

    granularity: Granularity
    start: pd.Timestamp
    horizon: int
    forecasts: tuple[PublishedForecast, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def index(self) -> pd.DatetimeIndex:
        """The starts of all buckets."""
        return buckets(self.start, self.horizon, self.granularity)


def current(
    forecasts: Sequence[PublishedForecast], granularity: Granularity
) -> tuple[list[PublishedForecast], list[LeftOut]]:
    """The forecasts whose history reaches about as far as the newest, and the series whose history ended before."""
    newest = max(forecast.start for forecast in forecasts)
    patience = pd.Timedelta(hours=granularity.rhythm.lateness * granularity.rhythm.hours)
    kept, left = [], []
    for forecast in forecasts:
        if forecast.start >= newest - patience:
            kept.append(forecast)
        else:
            reason = (
                f"its history ends before {forecast.start.isoformat()}, long before that of the newest series selected "
                f"({newest.isoformat()}); select it apart to see its forecast"
            )
            left.append(LeftOut(forecast.series.key, reason))
    return kept, left


def window(
    forecasts: Sequence[PublishedForecast], granularity: Granularity, horizon: int | None, until: pd.Timestamp | None
) -> Window:
    """The window that a question asks for.

    Args:
        forecasts: what is published for the selection, at least one.
        granularity: width of the buckets.
        horizon: buckets ahead, None to go by `until`.
        until: the end of the window, exclusive.

    Raises:
        Invalid: the window is empty or reaches beyond what is published.
    """
    kept, left = current(forecasts, granularity)
    start = max(forecast.start for forecast in kept)
    reach = min(_stop(forecast, granularity) for forecast in kept) - number(start, granularity)
    if until is not None:
        horizon = _steps_until(start, until, granularity)
    asked = horizon if horizon is not None else reach
    if asked > reach:
        raise Invalid(
            f"a horizon of {asked} reaches beyond what is published: {reach} {granularity}s from {start.isoformat()}; "
            f"ask for at most {reach}, or refresh the forecasts with POST /v1/training-runs"
        )
    return Window(granularity, start, asked, tuple(kept), tuple(left))


def paths(view: Window, n_paths: int) -> DemandPaths:
    """Joint sample paths of every series of the window, labelled by `SeriesKey`.

    Path i of one series belongs to path i of every other, and the same question always gets the same paths.
    """
    first = min(number(forecast.start, view.granularity) for forecast in view.forecasts)
    stop = number(view.start, view.granularity) + view.horizon
    templates = {
        seed: RankTemplate.draw(seed, n_paths, first, stop - first)
        for seed in {forecast.recipe.seed for forecast in view.forecasts}
    }
    values = np.empty((len(view.forecasts), n_paths, view.horizon))
    for row, forecast in enumerate(view.forecasts):
        start = number(forecast.start, view.granularity)
        drawn = templates[forecast.recipe.seed].paths(
            forecast.quantiles[: stop - start], forecast.levels, forecast.memory, own_seed(forecast.series.key), start
        )
        values[row] = drawn[:, -view.horizon :]
    return DemandPaths(tuple(forecast.series.key for forecast in view.forecasts), view.granularity, view.start, values)


def _stop(forecast: PublishedForecast, granularity: Granularity) -> int:
    return number(forecast.start, granularity) + len(forecast.quantiles)


def _steps_until(start: pd.Timestamp, until: pd.Timestamp, granularity: Granularity) -> int:
    if until <= start:
        raise Invalid(f"until={until.isoformat()} is not after {start.isoformat()}, where the forecast begins")
    last = number(until - pd.Timedelta(1, "ns"), granularity)
    return last - number(start, granularity) + 1
