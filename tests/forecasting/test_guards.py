import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from demand.series import SeriesKey
from forecasting.guards import guarded
from forecasting.quantiles import QuantileForecast

NAN = np.nan
LEVELS = (0.05, 0.5, 0.95)
HISTORY = np.tile([10.0, 20.0], 50)


def panel(history: FloatArray) -> Panel:
    start = pd.Timestamp("2024-01-01", tz="UTC")
    return Panel((SeriesKey(),), ("accelerators",), Granularity.HOUR, start, history[None])


def forecast(*quantiles: float, steps: int = 4) -> QuantileForecast:
    return QuantileForecast(LEVELS, np.tile(np.array(quantiles), (1, steps, 1)))


FALLBACK = forecast(9.0, 15.0, 21.0)


def guard(made: QuantileForecast, history: FloatArray = HISTORY) -> tuple[FloatArray, dict[int, str]]:
    safe, reasons = guarded(made, panel(history), FALLBACK)
    return safe.values, reasons


@pytest.mark.parametrize("quantiles", [(10, 15, 20), (0, 0, 0), (15, 40, 70), (12, 12, 12)])
def test_what_can_be_believed_is_left_alone(quantiles: tuple[float, float, float]) -> None:
    values, reasons = guard(forecast(*quantiles))
    np.testing.assert_array_equal(values, forecast(*quantiles).values)
    assert reasons == {}


def test_a_median_two_ranges_above_the_history_is_replaced() -> None:
    values, reasons = guard(forecast(10, 41, 45))
    np.testing.assert_array_equal(values, FALLBACK.values)
    assert "reaches 45" in reasons[0]


def test_upper_quantiles_more_than_five_ranges_above_the_history_are_cut_off_there_with_a_note() -> None:
    safe, reasons = guarded(forecast(10, 20, 1e9), panel(HISTORY), FALLBACK)
    np.testing.assert_allclose(safe.values, forecast(10, 20, 70).values)
    assert reasons == {}
    assert "cut off at 70" in safe.notes[0]


def test_long_horizons_may_go_further() -> None:
    far = forecast(10, 45, 60, steps=400)
    safe, reasons = guarded(far, panel(HISTORY), forecast(9, 15, 21, steps=400))
    assert reasons == {}
    np.testing.assert_array_equal(safe.values, far.values)


def test_a_straight_line_may_go_on_for_three_times_its_history() -> None:
    line = np.arange(100.0)
    ahead = np.arange(100.0, 400.0)
    made = QuantileForecast(LEVELS, np.stack([ahead - 1, ahead, ahead + 1], axis=-1)[None])
    assert guarded(made, panel(line), forecast(9, 15, 21, steps=300))[1] == {}


@pytest.mark.parametrize("bad", [NAN, np.inf])
def test_what_is_not_finite_is_replaced(bad: float) -> None:
    values, reasons = guard(forecast(10.0, 15.0, bad))
    np.testing.assert_array_equal(values, FALLBACK.values)
    assert "not finite" in reasons[0]


def test_the_reason_of_a_failure_is_kept() -> None:
    failed = QuantileForecast(LEVELS, np.full((1, 4, 3), NAN), {0: "too short"})
    values, reasons = guard(failed)
    np.testing.assert_array_equal(values, FALLBACK.values)
    assert reasons == {0: "too short"}


def test_crossing_and_negative_quantiles_are_put_right() -> None:
    values, reasons = guard(forecast(18.0, -3.0, 12.0))
    np.testing.assert_array_equal(values[0, 0], [0.0, 12.0, 18.0])
    assert reasons == {}


def test_where_history_never_varied_the_fallback_is_the_limit() -> None:
    constant = np.full(100, 10.0)
    assert guard(forecast(10, 10, 10), constant)[1] == {}
    assert guard(forecast(9, 14, 20), constant)[1] == {}
    assert list(guard(forecast(9, 16, 20), constant)[1]) == [0]


def test_only_a_row_that_the_fallback_cannot_do_either_stays_a_failure() -> None:
    nothing = QuantileForecast(LEVELS, np.full((1, 4, 3), NAN), {0: "no observation"})
    safe, reasons = guarded(nothing, panel(np.full(100, NAN)), nothing)
    assert safe.failures == {0: "no observation"}
    assert np.isnan(safe.values).all()
    assert list(reasons) == [0]


def test_a_few_months_of_history_do_not_bound_the_growth_of_a_year() -> None:
    start = pd.Timestamp("2025-01-01", tz="UTC")
    short = Panel((SeriesKey(),), ("accelerators",), Granularity.MONTH, start, np.array([[100.0, 101, 102, 103, 104]]))
    naive = forecast(90.0, 104.0, 118.0, steps=6)
    half_a_year = 104 * np.expm1(6 * 730.5 / 8766)
    assert guarded(forecast(90, 104 + 1.9 * half_a_year, 104 + 4.9 * half_a_year, steps=6), short, naive)[1] == {}
    assert list(guarded(forecast(90, 104 + 2.1 * half_a_year, 450, steps=6), short, naive)[1]) == [0]
    assert list(guarded(forecast(90, 104, 104 + 5.1 * half_a_year, steps=6), short, naive)[0].notes) == [0]
