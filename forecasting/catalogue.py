"""Which models are tried at which granularity."""

from collections.abc import Callable
from functools import partial
from typing import Any

from statsforecast.models import MSTL, AutoARIMA, AutoCES, AutoETS, DynamicOptimizedTheta

from demand.calendar import Granularity
from demand.errors import NotFound
from forecasting.additive_trend import AdditiveTrend
from forecasting.boosting import GlobalBoosting
from forecasting.forecaster import Forecaster
from forecasting.growth import PooledGrowth
from forecasting.kinship import Kinship
from forecasting.seasonal_naive import SeasonalNaive
from forecasting.statistical import Statistical

_DESCRIPTIONS = {
    "theta": "Dynamic optimised theta: exponential smoothing of a series with its curvature changed.",
    "ces": "Complex exponential smoothing: level and potential in one complex number, without a fixed trend.",
    "ets": "Exponential smoothing of error, trend and season, chosen by information criterion.",
    "arima": "Autoregression of differences with moving averages, chosen by information criterion.",
    "mstl": "Several seasons taken apart by local regression, with exponential smoothing of what is left.",
}

_FEW = 8
"""Observations from which the classical models fit without a season; fewer leave no degree of freedom to AutoETS."""


def catalogue(granularity: Granularity) -> tuple[Forecaster, ...]:
    """The models for one granularity, the seasonal naive first."""
    return _CATALOGUES[granularity]


def model(name: str, granularity: Granularity) -> Forecaster:
    """The model of this name.

    Raises:
        NotFound: there is none at this granularity.
    """
    known = {candidate.name: candidate for candidate in catalogue(granularity)}
    if name not in known:
        raise NotFound(f"there is no model {name!r} for the granularity {granularity}; there are {', '.join(known)}")
    return known[name]


def _classical(name: str, build: Callable[..., Any], season: int) -> Statistical:
    minimum = max(2 * season + 2, _FEW) if season > 1 else _FEW
    return Statistical(name, partial(build, season_length=season), minimum, _DESCRIPTIONS[name])


def _pair(season: int) -> tuple[Statistical, ...]:
    return (
        _classical("theta", DynamicOptimizedTheta, season),
        _classical("ces", AutoCES, season),
    )


def _trio(season: int) -> tuple[Statistical, ...]:
    return (*_pair(season), _classical("ets", AutoETS, season))


def _mstl(*seasons: int) -> Statistical:
    return Statistical("mstl", partial(MSTL, season_length=list(seasons)), 2 * max(seasons) + 1, _DESCRIPTIONS["mstl"])


_CATALOGUES: dict[Granularity, tuple[Forecaster, ...]] = {
    Granularity.HOUR: (
        SeasonalNaive(),
        SeasonalNaive("weekly_naive", season=168),
        AdditiveTrend(),
        GlobalBoosting(),
        # Without ETS: it took two fifths of the time, and was not once chosen.
        *_pair(24),
        _mstl(24, 168),
        Kinship(),
    ),
    Granularity.DAY: (
        SeasonalNaive(),
        AdditiveTrend(),
        GlobalBoosting(),
        *_trio(7),
        _mstl(7, 365),
        PooledGrowth(),
        Kinship(),
    ),
    Granularity.WEEK: (
        SeasonalNaive(),
        AdditiveTrend(),
        GlobalBoosting(),
        *_trio(1),
        _classical("arima", AutoARIMA, 1),
        _mstl(52),
        PooledGrowth(),
        Kinship(),
    ),
    Granularity.MONTH: (
        SeasonalNaive(),
        AdditiveTrend(),
        GlobalBoosting(),
        *_trio(12),
        _classical("arima", AutoARIMA, 12),
        PooledGrowth(),
        Kinship(),
    ),
}
