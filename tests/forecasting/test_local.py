import numpy as np
import pandas as pd

from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from demand.series import SeriesKey
from forecasting.local import forecast_alone
from forecasting.preparation import Prepared

NAN = np.nan


def panel(*rows: list[float]) -> Panel:
    keys = tuple(SeriesKey(tenant=str(row)) for row in range(len(rows)))
    start = pd.Timestamp("2024-01-01", tz="UTC")
    return Panel(keys, ("accelerators",) * len(rows), Granularity.HOUR, start, np.array(rows))


def counting(series: Prepared, horizon: int, levels: tuple[float, ...]) -> FloatArray:
    """Step 1 after the last observation is 1, step 2 is 2 ..., the same at all levels."""
    steps = np.arange(1, horizon + 1) / series.scale
    return np.repeat(steps[:, None], len(levels), axis=1)


def test_steps_are_counted_from_the_end_of_the_panel_not_of_the_series() -> None:
    result = forecast_alone(panel([1, 2, 3], [1, NAN, NAN]), 2, [0.5], 1, counting)
    np.testing.assert_allclose(result.values[..., 0], [[1, 2], [3, 4]])


def test_a_series_that_fails_is_named_and_the_others_go_on() -> None:
    def picky(series: Prepared, horizon: int, levels: tuple[float, ...]) -> FloatArray:
        if len(series.values) == 2:
            raise ZeroDivisionError("no residuals")
        return counting(series, horizon, levels)

    result = forecast_alone(panel([1, 2, 3], [NAN, 1, 2]), 2, [0.5], 1, picky)
    assert list(result.failures) == [1]
    assert "ZeroDivisionError: no residuals" in result.failures[1]
    assert np.isnan(result.values[1]).all()
    assert np.isfinite(result.values[0]).all()


def test_too_few_observations_are_named_with_both_numbers() -> None:
    result = forecast_alone(panel([NAN, 1, 2], [NAN, NAN, NAN]), 2, [0.5], 3, counting)
    assert "2 observed values are fewer than the 3" in result.failures[0]
    assert 1 in result.failures


def test_a_result_that_is_not_finite_is_a_failure() -> None:
    def infinite(series: Prepared, horizon: int, levels: tuple[float, ...]) -> FloatArray:
        return np.full((horizon, len(levels)), np.inf)

    assert "not finite" in forecast_alone(panel([1, 2, 3]), 2, [0.5], 1, infinite).failures[0]


def test_negative_and_crossing_quantiles_are_put_right() -> None:
    def crossing(series: Prepared, horizon: int, levels: tuple[float, ...]) -> FloatArray:
        return np.tile([3.0, -1.0, 2.0], (horizon, 1)) / series.scale

    result = forecast_alone(panel([1, 2, 3]), 1, [0.9, 0.1, 0.5], 1, crossing)
    assert result.levels == (0.1, 0.5, 0.9)
    np.testing.assert_allclose(result.values[0, 0], [0, 2, 3])
