"""Which models are tried at which granularity, and how much each is believed before anything is known."""

from enum import StrEnum
from functools import partial

from demand.calendar import Granularity
from demand.errors import NotFound
from forecasting.additive_trend import AdditiveTrend
from forecasting.boosting import GlobalBoosting
from forecasting.forecaster import Forecaster
from forecasting.growth import PooledGrowth
from forecasting.kinship import Kinship
from forecasting.persistence import Persistence
from forecasting.profile import Profile
from forecasting.seasonal_naive import SeasonalNaive
from forecasting.statistical import Statistical, build


class Preset(StrEnum):
    """How much is tried: `fast` in milliseconds a series, `balanced` in tenths of a second, `best` in seconds."""

    FAST = "fast"
    BALANCED = "balanced"
    BEST = "best"


PRIOR = {
    "seasonal_naive": 0.02,
    "weekly_naive": 0.03,
    "yearly_naive": 0.03,
    "persistence": 0.2,
    "profile": 0.15,
    "boosting": 0.8,
    "theta": 0.05,
    "ces": 0.05,
    "ets": 0.05,
    "arima": 0.05,
    "mstl": 0.05,
    "prophet": 0.02,
    "growth": 0.4,
    "kin": 0.02,
}
"""Weight of each model before anything is known of a series, relative to the others that are tried. They say what the
models deserved on windows that end before those that are scored (docs/decisions/0008)."""

_DESCRIPTIONS = {
    "theta": "Dynamic optimised theta: exponential smoothing of a series with its curvature changed.",
    "ces": "Complex exponential smoothing: level and potential in one complex number, without a fixed trend.",
    "ets": "Exponential smoothing of error, trend and season, chosen by information criterion.",
    "arima": "Autoregression of differences with moving averages, chosen by information criterion.",
    "mstl": "Several seasons taken apart by local regression, with exponential smoothing of what is left.",
}

_FEW = 8
"""Observations from which the classical models fit without a season; fewer leave no degree of freedom to AutoETS."""


def catalogue(granularity: Granularity, preset: Preset = Preset.BEST) -> tuple[Forecaster, ...]:
    """The models for one granularity, the seasonal naive first; `best` has all of them."""
    return tuple(each for each in _CATALOGUES[granularity] if preset in _presets(each, granularity))


def model(name: str, granularity: Granularity) -> Forecaster:
    """The model of this name.

    Raises:
        NotFound: there is none at this granularity.
    """
    known = {candidate.name: candidate for candidate in catalogue(granularity)}
    if name not in known:
        raise NotFound(f"there is no model {name!r} for the granularity {granularity}; there are {', '.join(known)}")
    return known[name]


def _presets(model: Forecaster, granularity: Granularity) -> set[Preset]:
    if model.budget_seconds is None and model.name != "boosting":
        return set(Preset)
    quick_enough = model.name == "boosting" or (
        granularity is not Granularity.HOUR and model.name in _QUICK_WHEN_COARSE
    )
    return {Preset.BALANCED, Preset.BEST} if quick_enough else {Preset.BEST}


_QUICK_WHEN_COARSE = {"theta", "ets"}
"""Third-party models that are fitted in hundredths of a second where histories have hundreds of buckets at most."""


def _classical(name: str, estimator: str, season: int) -> Statistical:
    minimum = max(2 * season + 2, _FEW) if season > 1 else _FEW
    return Statistical(name, partial(build, estimator, season), minimum, _DESCRIPTIONS[name])


def _mstl(*seasons: int) -> Statistical:
    return Statistical("mstl", partial(build, "MSTL", list(seasons)), 2 * max(seasons) + 1, _DESCRIPTIONS["mstl"])


def _smoothing(season: int) -> tuple[Statistical, ...]:
    return (
        _classical("theta", "DynamicOptimizedTheta", season),
        _classical("ces", "AutoCES", season),
        _classical("ets", "AutoETS", season),
    )


_EVERYWHERE = (Persistence(), Profile(), GlobalBoosting(), AdditiveTrend(), Kinship())

_CATALOGUES: dict[Granularity, tuple[Forecaster, ...]] = {
    Granularity.HOUR: (
        SeasonalNaive(),
        SeasonalNaive("weekly_naive", season=168),
        *_EVERYWHERE,
        *_smoothing(24),
        _mstl(24, 168),
    ),
    Granularity.DAY: (
        SeasonalNaive(),
        SeasonalNaive("yearly_naive", season=364),
        *_EVERYWHERE,
        *_smoothing(7),
        _mstl(7, 365),
        PooledGrowth(),
    ),
    Granularity.WEEK: (
        SeasonalNaive(),
        SeasonalNaive("yearly_naive", season=52),
        *_EVERYWHERE,
        *_smoothing(1),
        _classical("arima", "AutoARIMA", 1),
        _mstl(52),
        PooledGrowth(),
    ),
    Granularity.MONTH: (
        SeasonalNaive(),
        *_EVERYWHERE,
        *_smoothing(12),
        _classical("arima", "AutoARIMA", 12),
        PooledGrowth(),
    ),
}
