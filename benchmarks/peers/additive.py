"""Prophet with its defaults."""

import numpy as np
import pandas as pd
from prophet import Prophet

from benchmarks.exchange import FloatArray
from benchmarks.peers.series import Series


def prophet(series: Series) -> FloatArray:
    """Trend with changepoints and seasons, as Prophet finds them; quantiles of its own draws."""
    frequency = {"hour": "h", "week": "7D"}[series.granularity]
    dates = pd.date_range(series.start, periods=len(series.values) + series.horizon, freq=frequency)
    known = pd.DataFrame({"ds": dates[: len(series.values)], "y": series.values})
    np.random.seed(series.seed)  # noqa: NPY002 - Prophet draws from the global generator
    model = Prophet().fit(known, seed=series.seed)
    drawn = model.predictive_samples(pd.DataFrame({"ds": dates[len(series.values) :]}))["yhat"]
    return np.quantile(drawn, series.levels, axis=1).T
