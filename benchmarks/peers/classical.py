"""Classical models as statsforecast has them, with the daily season by the hour and none by the week."""

from typing import Any

import numpy as np
from statsforecast.models import MSTL, AutoARIMA, AutoCES, AutoETS, DynamicOptimizedTheta

from benchmarks.exchange import FloatArray
from benchmarks.peers.series import Series


def ets(series: Series) -> FloatArray:
    """Exponential smoothing, its form chosen by information criterion."""
    return _quantiles(AutoETS(season_length=_season(series)), series)


def theta(series: Series) -> FloatArray:
    """Dynamic optimised theta."""
    return _quantiles(DynamicOptimizedTheta(season_length=_season(series)), series)


def ces(series: Series) -> FloatArray:
    """Complex exponential smoothing, its form chosen by information criterion."""
    return _quantiles(AutoCES(season_length=_season(series)), series)


def arima(series: Series) -> FloatArray:
    """ARIMA, its orders chosen by information criterion."""
    return _quantiles(AutoARIMA(season_length=_season(series)), series)


def mstl(series: Series) -> FloatArray:
    """Daily and weekly season taken apart by local regression; for hours only."""
    return _quantiles(MSTL(season_length=[24, 168]), series)


def _season(series: Series) -> int:
    return {"hour": 24, "week": 1}[series.granularity]


def _quantiles(model: Any, series: Series) -> FloatArray:
    """Quantiles from central bands; the point forecast is the median, as errors are Gaussian or symmetric here."""
    bands = [round(abs(2 * level - 1) * 100, 6) for level in series.levels]
    said = model.forecast(y=series.values, h=series.horizon, level=sorted({band for band in bands if band}))
    columns = [
        said[f"{'lo' if level < 0.5 else 'hi'}-{band}"] if band else said["mean"]
        for level, band in zip(series.levels, bands, strict=True)
    ]
    return np.stack(columns, axis=-1)
