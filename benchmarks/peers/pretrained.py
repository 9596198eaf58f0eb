"""Fracast-0, a small pretrained network, with the weights that come in its package."""

from functools import cache

import numpy as np
import torch
from fracast import FracastModel

from benchmarks.exchange import FloatArray
from benchmarks.peers.series import Series

torch.set_num_threads(1)


@cache
def _model() -> FracastModel:
    return FracastModel.from_pretrained()


def fracast(series: Series) -> FloatArray:
    """Its deciles; what lies beyond 48 buckets it forecasts from its own medians."""
    places = [_model().quantiles.index(round(level, 6)) for level in series.levels]
    return np.asarray(_model().forecast(series.values, horizon=series.horizon), dtype=float)[:, places]
