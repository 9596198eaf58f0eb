"""Utilization of forecasts of which nothing is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from demand.calendar import Granularity, buckets, number
from demand.history import FloatArray
from demand.limits import Limit
from demand.series import SeriesKey
from forecasting.dependence import RankTemplate
from forecasting.quantiles import GRID
from service.rationing import Request, rationing
from training.pipeline import own_seed
from training.ports import SeriesForecast

N_PATHS = 500
SEED = 0


def utilization(
    forecasts: Mapping[int, SeriesForecast],
    identity: Sequence[tuple[SeriesKey, str]],
    granularity: Granularity,
    limits: Sequence[Limit],
) -> dict[int, SeriesForecast]:
    """What can be in use of the demand that is forecast, from joint paths of the series that share limits.

    Series whose forecasts begin at different buckets share nothing.

    Args:
        forecasts: demand, by series.
        identity: key and unit of every series.
        granularity: the width of the buckets.
        limits: what bounds them.
    """
    cut: dict[int, SeriesForecast] = {}
    for start in dict.fromkeys(forecast.start for forecast in forecasts.values()):
        together = {row: forecast for row, forecast in forecasts.items() if forecast.start == start}
        steps = max(len(forecast.quantiles) for forecast in together.values())
        first = number(start, granularity)
        template = RankTemplate.draw(SEED, N_PATHS, range(first, first + steps), granularity.rhythm.memory)
        draws = {row: partial(_draw, template, f, identity[row][0], first) for row, f in together.items()}
        requests = [Request(row, *identity[row], f.choice.latent, draws[row]) for row, f in together.items()]
        left = rationing(requests, limits, buckets(start, steps, granularity))
        for row, forecast in together.items():
            if left.touches(row):
                paths = left.cut(row, draws[row]())
                quantiles = np.quantile(paths, GRID, axis=0, method="hazen").T
                forecast = replace(forecast, quantiles=quantiles)  # noqa: PLW2901 - the same forecast, cut
            cut[row] = forecast
    return cut


def _draw(template: RankTemplate, forecast: SeriesForecast, key: SeriesKey, first: int) -> FloatArray:
    return template.paths(forecast.quantiles, GRID, forecast.memory, own_seed(key), first)
