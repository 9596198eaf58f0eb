"""AutoGluon-TimeSeries without weights from a hub; it is not in the lock, and left out where it is not installed."""

from tempfile import TemporaryDirectory

import pandas as pd
from autogluon.timeseries import TimeSeriesDataFrame, TimeSeriesPredictor

from benchmarks.exchange import FloatArray
from benchmarks.peers.series import Series

SECONDS = 120
"""Time for a fit, as in the published reference."""


def autogluon(series: Series) -> FloatArray:
    """Its preset of high quality, without the pretrained models."""
    frequency = {"hour": "h", "week": "7D"}[series.granularity]
    dates = pd.date_range(series.start, periods=len(series.values), freq=frequency)
    known = pd.DataFrame({"item_id": "series", "timestamp": dates, "target": series.values})
    history = TimeSeriesDataFrame.from_data_frame(known)
    with TemporaryDirectory() as folder:
        predictor = TimeSeriesPredictor(
            prediction_length=series.horizon,
            freq=frequency,
            quantile_levels=list(series.levels),
            eval_metric="WQL",
            path=folder,
            verbosity=0,
        )
        predictor.fit(
            history,
            presets="high_quality",
            time_limit=SECONDS,
            excluded_model_types=["Chronos", "Chronos2", "Toto"],
            random_seed=series.seed,
        )
        return predictor.predict(history)[[str(level) for level in series.levels]].to_numpy()
