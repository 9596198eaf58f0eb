from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demand.calendar import Granularity
from demand.errors import Invalid
from demand.history import Panel, panel_from_long
from demand.series import SeriesKey

START = pd.Timestamp("2025-01-30T05:00", tz="UTC")
RULES = {Granularity.DAY: "D", Granularity.WEEK: "W-MON", Granularity.MONTH: "MS"}
coarse = pytest.mark.parametrize("granularity", list(RULES))


def hourly(values: np.ndarray, start: pd.Timestamp = START) -> Panel:
    table = np.atleast_2d(np.asarray(values, dtype=float))
    keys = tuple(SeriesKey(tenant=str(row)) for row in range(len(table)))
    return Panel(keys, ("accelerators",) * len(table), Granularity.HOUR, start, table)


def whole_buckets(panel: Panel, granularity: Granularity) -> pd.DataFrame:
    """Means by pandas of the buckets that the panel covers in whole, half of it known."""
    frame = pd.DataFrame(panel.values.T, index=panel.index)
    resampler = frame.resample(RULES[granularity], closed="left", label="left")
    means, known = resampler.mean(), resampler.count()
    offset = pd.tseries.frequencies.to_offset(RULES[granularity])
    stops = pd.DatetimeIndex([start + offset for start in means.index])
    size = (stops - means.index) / pd.Timedelta(hours=1)
    inside = (means.index >= panel.start) & (stops <= panel.end)
    return means.where(known.ge(np.asarray(size)[:, None] / 2))[inside]


def test_a_panel_refuses_values_that_do_not_fit_its_keys() -> None:
    with pytest.raises(Invalid, match=r"2 keys and 1 units cannot hold values of shape \(1, 3\)"):
        Panel((SeriesKey(), SeriesKey(tenant="a")), ("mw",), Granularity.HOUR, START, np.zeros((1, 3)))


def test_a_panel_refuses_caps_that_do_not_fit_its_series() -> None:
    with pytest.raises(Invalid, match=r"a panel of 1 series cannot have caps of shape \(2,\); give one per series"):
        replace(hourly(np.arange(3)), caps=np.array([1.0, 2.0]))


def test_caps_stay_with_their_series_whatever_part_or_width_is_taken() -> None:
    panel = replace(hourly(np.ones((3, 72))), caps=np.array([5.0, np.nan, 7.0]))
    for part in (panel.between(5, 12), panel.last(4), panel.coarser(Granularity.DAY), panel.select([0, 1, 2])):
        np.testing.assert_array_equal(part.caps, [5.0, np.nan, 7.0])
    np.testing.assert_array_equal(panel.select([2, 0]).caps, [7.0, 5.0])
    assert hourly(np.arange(3)).select([0]).caps is None


def test_a_panel_knows_its_grid_and_where_a_forecast_begins() -> None:
    panel = hourly(np.arange(30))
    assert (panel.n_series, panel.n_steps) == (1, 30)
    assert panel.index[0] == START
    assert panel.end == START + pd.Timedelta(hours=30)


def test_a_stretch_keeps_each_value_with_its_time() -> None:
    panel = hourly(np.arange(48))
    stretch = panel.between(5, 12)
    assert stretch.values[0].tolist() == list(range(5, 12))
    assert stretch.start == START + pd.Timedelta(hours=5)


@pytest.mark.parametrize(("steps", "expected"), [(3, [7, 8, 9]), (10, list(range(10))), (99, list(range(10)))])
def test_the_last_steps_are_at_most_all_of_them(steps: int, expected: list[int]) -> None:
    panel = hourly(np.arange(10)).last(steps)
    assert panel.values[0].tolist() == expected
    assert panel.end == START + pd.Timedelta(hours=10)


def test_series_are_selected_in_the_order_asked_for() -> None:
    panel = hourly(np.arange(12).reshape(3, 4)).select([2, 0])
    assert [key.tenant for key in panel.keys] == ["2", "0"]
    assert panel.values[:, 0].tolist() == [8, 0]


@coarse
@given(hours=st.integers(0, 80 * 24), shift=st.integers(0, 800), missing=st.floats(0, 0.9), seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_coarser_buckets_are_the_means_of_the_whole_ones(
    granularity: Granularity, hours: int, shift: int, missing: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    values = rng.gamma(2, 10, (2, hours + 1))
    values[rng.random(values.shape) < missing] = np.nan
    panel = hourly(values, START + pd.Timedelta(hours=shift))

    result = panel.coarser(granularity)

    expected = whole_buckets(panel, granularity)
    assert result.n_steps == len(expected)
    assert result.granularity is granularity
    if len(expected):
        assert result.index.tolist() == expected.index.tolist()
        np.testing.assert_allclose(result.values, expected.to_numpy().T)


def test_a_coarse_bucket_is_known_where_half_of_it_is() -> None:
    values = np.ones(48)
    values[:12] = np.nan
    values[24:37] = np.nan
    daily = hourly(values, pd.Timestamp("2025-01-01", tz="UTC")).coarser(Granularity.DAY)
    np.testing.assert_array_equal(daily.values[0], [1.0, np.nan])


def test_the_same_granularity_is_the_same_panel() -> None:
    panel = hourly(np.arange(5))
    assert panel.coarser(Granularity.HOUR) is panel


def test_a_panel_is_never_told_in_finer_buckets() -> None:
    daily = hourly(np.ones(72), pd.Timestamp("2025-01-01", tz="UTC")).coarser(Granularity.DAY)
    with pytest.raises(Invalid, match="values per day cannot be told per hour"):
        daily.coarser(Granularity.HOUR)


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_a_panel_holds_each_observation_where_it_belongs(data: st.DataObject) -> None:
    cells = data.draw(st.dictionaries(st.tuples(st.integers(0, 2), st.integers(0, 500)), st.floats(0, 1e9), min_size=1))
    places = list(cells)
    rows = np.array([row for row, _ in places])
    moments = pd.DatetimeIndex([START + pd.Timedelta(hours=hour) for _, hour in places])

    panel = panel_from_long(
        [SeriesKey(tenant=name) for name in "abc"],
        ["mw"] * 3,
        Granularity.HOUR,
        (rows, moments, np.array(list(cells.values()))),
    )

    found = {
        (row, int((panel.index[step] - START) / pd.Timedelta(hours=1))): panel.values[row, step]
        for row, step in np.argwhere(~np.isnan(panel.values))
    }
    assert found == cells


def test_observations_off_the_common_grid_are_refused() -> None:
    moments = pd.DatetimeIndex(["2025-01-06", "2025-01-13", "2025-01-21"], tz="UTC")
    with pytest.raises(Invalid, match=r"2025-01-21T00:00:00\+00:00 is off the week grid that starts at 2025-01-06"):
        panel_from_long([SeriesKey()], ["mw"], Granularity.WEEK, (np.zeros(3, dtype=int), moments, np.ones(3)))


def test_a_history_needs_an_observation() -> None:
    nothing = (np.zeros(0, dtype=int), pd.DatetimeIndex([], tz="UTC"), np.zeros(0))
    with pytest.raises(Invalid, match="no observation"):
        panel_from_long([SeriesKey()], ["mw"], Granularity.HOUR, nothing)


def test_the_last_month_of_weeks_is_whole_when_the_next_week_begins_in_another() -> None:
    weeks = pd.date_range("2024-12-02", "2025-01-27", freq="7D", tz="UTC")
    panel = Panel((SeriesKey(),), ("mw",), Granularity.WEEK, weeks[0], np.arange(9.0)[None])
    months = panel.coarser(Granularity.MONTH)
    assert list(months.index) == [pd.Timestamp("2024-12-01", tz="UTC"), pd.Timestamp("2025-01-01", tz="UTC")]
    np.testing.assert_allclose(months.values, [[2.0, 6.5]])


def test_a_month_whose_first_week_is_missing_is_left_out() -> None:
    weeks = pd.date_range("2024-12-09", periods=8, freq="7D", tz="UTC")
    panel = Panel((SeriesKey(),), ("mw",), Granularity.WEEK, weeks[0], np.arange(8.0)[None])
    assert list(panel.coarser(Granularity.MONTH).index) == [pd.Timestamp("2025-01-01", tz="UTC")]
