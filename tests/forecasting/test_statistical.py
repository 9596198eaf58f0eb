from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from statsforecast.models import AutoETS

from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from demand.series import SeriesKey
from forecasting.statistical import Statistical


class Gaussian:
    """Stands in for a statsforecast model: a normal distribution whose mean is the last value."""

    def forecast(self, y: FloatArray, h: int, level: list[float]) -> dict[str, Any]:
        bands = {band: norm.ppf(0.5 + band / 200) for band in level}
        lows = {f"lo-{band}": np.full(h, y[-1] - 0.1 * score) for band, score in bands.items()}
        return (
            lows
            | {f"hi-{band}": np.full(h, y[-1] + 0.1 * score) for band, score in bands.items()}
            | {"mean": np.full(h, y[-1])}
        )


def panel(values: FloatArray) -> Panel:
    keys = tuple(SeriesKey(tenant=str(row)) for row in range(len(values)))
    start = pd.Timestamp("2024-01-01", tz="UTC")
    return Panel(keys, ("accelerators",) * len(values), Granularity.HOUR, start, values)


@pytest.mark.parametrize("levels", [(0.5,), (0.1, 0.2), (0.01, 0.025, 0.3, 0.5, 0.7, 0.95, 0.99)])
def test_bands_become_quantiles(levels: tuple[float, ...]) -> None:
    result = Statistical("gaussian", Gaussian, 1).fit(panel(np.full((1, 5), 40.0)), seed=1).predict(3, levels)
    np.testing.assert_allclose(result.values[0], np.tile(40 * (1 + 0.1 * norm.ppf(levels)), (3, 1)))


def test_a_library_model_is_given_the_series_in_units_of_its_mean() -> None:
    values = 1e9 * (3 + np.random.default_rng(2).random(80))
    result = Statistical("ets", lambda: AutoETS(season_length=1), 8).fit(panel(values[None]), seed=1).predict(4, [0.9])
    direct = AutoETS(season_length=1).forecast(y=values / values.mean(), h=4, level=[80])["hi-80"]
    np.testing.assert_allclose(result.values[0, :, 0], direct * values.mean())


def test_every_series_has_an_estimator_of_its_own() -> None:
    built = []

    def build() -> Gaussian:
        built.append(Gaussian())
        return built[-1]

    Statistical("gaussian", build, 1).fit(panel(np.ones((3, 5))), seed=1).predict(3, [0.5])
    assert len(built) == 3
