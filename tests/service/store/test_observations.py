import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import func, select

from demand.calendar import Granularity
from demand.errors import Invalid
from demand.series import Selection
from demand.tidy import Batch, OnError
from service.store.engine import Store
from service.store.ingest_report import REJECTIONS_KEPT, SERIES_KEPT, IngestRejected, IngestReport
from service.store.series import SeriesNotFound
from service.store.tables import INGEST, OBSERVATION, REVISION, SERIES

Ingest = Callable[..., IngestReport]

T0, T1, T2 = (f"2025-01-06T{hour:02d}:00:00Z" for hour in range(3))


def _counts(report: IngestReport) -> tuple[int, int, int, int]:
    return report.inserted, report.updated, report.unchanged, report.rejected


def _stored(store: Store) -> list[tuple[int, str, float]]:
    with store.read() as unit:
        return [
            (series.id, row.timestamp.isoformat(), row.value)
            for series in unit.series.find(Selection())
            for row in unit.observations.rows(series.id)
        ]


def _rows_in(store: Store) -> dict[str, int]:
    with store.engine.connect() as connection:
        tables = (SERIES, INGEST, OBSERVATION, REVISION)
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables
        }


def test_new_rows_are_inserted_and_the_same_rows_again_change_nothing(store: Store, ingest: Ingest) -> None:
    rows = [{"timestamp": T0, "value": 1}, {"timestamp": T1, "value": 2.5}]
    assert _counts(ingest(store, rows)) == (2, 0, 0, 0)
    assert _counts(ingest(store, rows)) == (0, 0, 2, 0)
    assert _stored(store) == [(1, "2025-01-06T00:00:00+00:00", 1.0), (1, "2025-01-06T01:00:00+00:00", 2.5)]


def test_a_changed_value_keeps_what_it_replaced(store_url: str, ingest: Ingest, noon: datetime) -> None:
    clock = iter([noon, noon + timedelta(hours=1), noon + timedelta(hours=2)])
    store = Store(store_url, clock=lambda: next(clock))
    for value in (1, 2, 3):
        report = ingest(store, [{"timestamp": T0, "value": value}])
    assert _counts(report) == (0, 1, 0, 0)
    with store.read() as unit:
        old = unit.observations.revisions(1, datetime(2025, 1, 6, tzinfo=UTC))
        (present,) = unit.observations.rows(1)
    assert [(each.value, each.recorded_at, each.replaced_at) for each in old] == [
        (1.0, noon, noon + timedelta(hours=1)),
        (2.0, noon + timedelta(hours=1), noon + timedelta(hours=2)),
    ]
    assert (present.value, present.recorded_at, present.replaced_at) == (3.0, noon + timedelta(hours=2), None)
    store.close()


def test_values_survive_to_the_last_bit(store: Store, hourly: Callable[..., int]) -> None:
    values = [0.1, 1 / 3, 1e-300, 999999999999999.9, 5e-324, 123456789.123456789]
    series_id = hourly(store, "a", values)
    with store.read() as unit:
        assert unit.observations.panel([series_id], Granularity.HOUR, as_of=None, last=None).values.tolist() == [values]
        assert [row.value for row in unit.observations.rows(series_id)] == values


def test_a_row_that_repeats_another_counts_as_unchanged(store: Store, ingest: Ingest) -> None:
    assert _counts(ingest(store, [{"timestamp": T0, "value": 1}, {"timestamp": T0, "value": "1.0"}])) == (1, 0, 1, 0)


def test_a_row_that_contradicts_another_names_its_line_and_both_values(
    store: Store, batch_of: Callable[..., Batch]
) -> None:
    first = batch_of([{"timestamp": T0, "value": 1}, {"timestamp": T1, "value": 2}], first_line=2)
    second = batch_of([{"timestamp": T1, "value": 2}, {"timestamp": T0, "value": 1.5}], first_line=4)
    with store.staging() as unit:
        report = unit.observations.ingest([first, second], source="test", on_error=OnError.SKIP)
    assert _counts(report) == (2, 0, 1, 1)
    (rejection,) = report.rejections
    assert (rejection.line, rejection.column, rejection.value) == (5, "value", "1.5")
    assert "1.0 in line 2" in rejection.reason
    assert [value for *_, value in _stored(store)] == [1.0, 2.0]


def test_a_request_with_one_bad_row_leaves_nothing_by_default(store: Store, ingest: Ingest) -> None:
    ingest(store, [{"timestamp": T0, "value": 1}])
    before = _rows_in(store), _stored(store)
    rows = [
        {"timestamp": T0, "value": 2},
        {"timestamp": T1, "value": -1},
        {"timestamp": T1, "value": 1, "tenant": "new"},
    ]
    with pytest.raises(
        IngestRejected, match=r"1 row was refused.*line 3, value: '-1' is negative.*on_error=skip"
    ) as caught:
        ingest(store, rows)
    assert _counts(caught.value.report) == (0, 0, 0, 1)
    assert caught.value.details[0]["line"] == 3
    assert (_rows_in(store), _stored(store)) == before


def test_a_refused_request_leaves_nothing_even_if_its_unit_of_work_goes_on(
    store: Store, batch_of: Callable[..., Batch]
) -> None:
    with store.staging() as unit:
        for value in ("x", 1.0):
            batch = batch_of([{"timestamp": T0, "value": value}])
            try:
                unit.observations.ingest([batch], source="test", on_error=OnError.ABORT)
            except IngestRejected:
                continue
    assert _rows_in(store) == {"series": 1, "ingest": 1, "observation": 1, "revision": 0}


def test_skipping_bad_rows_stores_the_others(store: Store, ingest: Ingest) -> None:
    rows = [{"timestamp": T0, "value": 1}, {"timestamp": "2025-01-06", "value": 1}, {"timestamp": T1, "value": "inf"}]
    report = ingest(store, rows, OnError.SKIP)
    assert _counts(report) == (1, 0, 0, 2)
    assert [(each.line, each.column) for each in report.rejections] == [(3, "timestamp"), (4, "value")]


def test_all_rejections_are_counted_and_the_first_are_listed(store: Store, ingest: Ingest) -> None:
    rows = [{"timestamp": T0, "value": -1} for _ in range(REJECTIONS_KEPT + 5)]
    report = ingest(store, rows, OnError.SKIP)
    assert report.rejected == REJECTIONS_KEPT + 5
    assert [each.line for each in report.rejections] == list(range(2, REJECTIONS_KEPT + 2))


def test_rejections_whose_reasons_a_batch_leaves_out_are_counted(store: Store, batch_of: Callable[..., Batch]) -> None:
    batch = batch_of([{"timestamp": T0, "value": 1}, {"timestamp": T1, "value": -1}])
    with store.staging() as unit:
        report = unit.observations.ingest([replace(batch, unexplained=7), batch], source="test", on_error=OnError.SKIP)
    assert (report.rejected, len(report.rejections)) == (9, 2)


def test_a_request_says_which_series_are_new_and_on_which_grid(store: Store, ingest: Ingest) -> None:
    ingest(store, [{"timestamp": T0, "value": 1, "tenant": "old"}])
    days = [
        {"timestamp": f"2025-01-0{day}T00:00:00Z", "value": 1, "tenant": tenant} for day in (6, 7, 9) for tenant in "ab"
    ]
    report = ingest(store, [{"timestamp": T0, "value": 1, "tenant": "old"}, {"timestamp": T0, "value": 1}, *days])
    assert report.new_counts == {Granularity.HOUR: 1, Granularity.DAY: 2}
    with store.read() as unit:
        assert list(report.new_series) == [unit.series.get(number) for number in (2, 3, 4)]
    assert [series.key.tenant for series in report.new_series] == ["", "a", "b"]
    again = ingest(store, days)
    assert (again.new_counts, again.new_series) == ({}, ())


def test_all_new_series_are_counted_and_the_first_are_listed(store: Store, ingest: Ingest) -> None:
    rows = [{"timestamp": T0, "value": 1, "tenant": str(number)} for number in range(SERIES_KEPT + 5)]
    report = ingest(store, rows)
    assert report.new_counts == {Granularity.HOUR: SERIES_KEPT + 5}
    assert len(report.new_series) == SERIES_KEPT


def test_a_series_has_one_unit_within_a_request(store: Store, ingest: Ingest) -> None:
    rows = [{"timestamp": T0, "value": 1, "unit": "megawatts"}, {"timestamp": T1, "value": 2, "unit": "accelerators"}]
    report = ingest(store, rows, OnError.SKIP)
    assert _counts(report) == (1, 0, 0, 1)
    assert (report.rejections[0].line, report.rejections[0].column) == (3, "unit")
    assert "megawatts as in line 2" in report.rejections[0].reason


def test_a_series_keeps_the_unit_it_is_stored_in(store: Store, ingest: Ingest) -> None:
    ingest(store, [{"timestamp": T0, "value": 1, "unit": "megawatts"}])
    rows = [{"timestamp": T1, "value": 2}, {"timestamp": T2, "value": 3, "unit": "megawatts"}]
    report = ingest(store, rows, OnError.SKIP)
    assert _counts(report) == (1, 0, 0, 1)
    assert "megawatts as stored" in report.rejections[0].reason
    assert [value for *_, value in _stored(store)] == [1.0, 3.0]


@pytest.mark.parametrize(
    ("timestamps", "expected"),
    [
        (pd.date_range("2025-01-06", periods=3, freq="h"), Granularity.HOUR),
        (pd.date_range("2025-01-06", periods=3, freq="D"), Granularity.DAY),
        (pd.date_range("2025-01-08", periods=3, freq="7D"), Granularity.WEEK),
        (pd.date_range("2025-01-01", periods=3, freq="MS"), Granularity.MONTH),
        (pd.date_range("2025-01-06", periods=2, freq="D"), Granularity.HOUR),
    ],
)
def test_a_new_series_is_stored_by_the_buckets_that_its_rows_show(
    store: Store, ingest: Ingest, timestamps: pd.DatetimeIndex, expected: Granularity
) -> None:
    rows = [{"timestamp": f"{each.isoformat()}Z", "value": 1} for each in timestamps]
    ingest(store, [*rows, rows[0]])
    with store.read() as unit:
        assert unit.series.get(1).granularity is expected


def test_the_granularity_of_the_request_is_that_of_its_new_series(store: Store, ingest: Ingest) -> None:
    ingest(store, [{"timestamp": "2025-01-01T00:00:00Z", "value": 1}], granularity=Granularity.MONTH)
    with store.read() as unit:
        assert unit.series.get(1).granularity is Granularity.MONTH


@pytest.mark.parametrize(
    ("granularity", "times"),
    [
        (Granularity.DAY, ("2025-01-06T00:00:00Z", "2025-01-07T05:00:00Z", "2025-01-09T00:00:00Z")),
        (Granularity.WEEK, ("2025-01-08T00:00:00Z", "2025-01-20T00:00:00Z", "2025-01-29T00:00:00Z")),
        (Granularity.MONTH, ("2025-01-01T00:00:00Z", "2025-03-02T00:00:00Z", "2025-04-01T00:00:00Z")),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_a_row_off_the_grid_of_its_series_is_refused(
    store: Store, ingest: Ingest, granularity: Granularity, times: tuple[str, str, str], at_once: bool
) -> None:
    rows = [{"timestamp": time, "value": value} for value, time in enumerate(times, start=1)]
    if at_once:
        report = ingest(store, rows, OnError.SKIP, granularity)
    else:
        ingest(store, rows[:1], granularity=granularity)
        report = ingest(store, rows[1:], OnError.SKIP)
    assert (report.inserted, report.rejected) == (2 if at_once else 1, 1)
    assert (report.rejections[0].column, report.rejections[0].line) == ("timestamp", 3 if at_once else 2)
    assert f"starts no {granularity}" in report.rejections[0].reason
    assert [value for *_, value in _stored(store)] == [1.0, 3.0]


def test_a_series_of_which_every_row_is_off_the_grid_is_not_created(store: Store, ingest: Ingest) -> None:
    rows = [{"timestamp": T1, "value": 1, "tenant": "odd"}, {"timestamp": T0, "value": 1}]
    report = ingest(store, rows, OnError.SKIP, Granularity.DAY)
    assert _counts(report) == (1, 0, 0, 1)
    assert _rows_in(store)["series"] == 1


def test_a_request_for_another_granularity_than_the_stored_one_is_refused(store: Store, ingest: Ingest) -> None:
    ingest(store, [{"timestamp": T0, "value": 1}], granularity=Granularity.HOUR)
    with pytest.raises(IngestRejected, match=r"is said to start a day, but its series .* is stored by the hour"):
        ingest(store, [{"timestamp": T0, "value": 1}], granularity=Granularity.DAY)


def test_recorded_instants_grow_even_if_the_clock_goes_back(store_url: str, ingest: Ingest, noon: datetime) -> None:
    clock = iter([noon, noon - timedelta(days=1), noon, noon + timedelta(microseconds=3)])
    store = Store(store_url, clock=lambda: next(clock))
    recorded = [ingest(store, [{"timestamp": T0, "value": value}]).recorded_at for value in range(4)]
    micro = timedelta(microseconds=1)
    assert recorded == [noon, noon + micro, noon + 2 * micro, noon + 3 * micro]
    with store.read() as unit:
        assert unit.observations.newest_recorded_at() == recorded[-1]
    store.close()


def test_nothing_has_been_recorded_in_an_empty_store(store: Store) -> None:
    with store.read() as unit:
        assert unit.observations.newest_recorded_at() is None
        assert unit.observations.extents([1]) == {}


def test_every_past_state_is_that_of_a_dictionary_at_the_time(store_url: str, ingest: Ingest, noon: datetime) -> None:
    draw = random.Random(7)
    clock = noon
    store = Store(store_url, clock=lambda: clock)
    model: dict[tuple[str, int], float] = {}
    states: list[tuple[datetime, dict[tuple[str, int], float]]] = [(noon - timedelta(days=400), {})]
    for _ in range(30):
        clock += timedelta(seconds=draw.choice([-3, 0, 5]))
        cells = {
            (draw.choice("abc"), draw.randrange(12)): float(draw.randrange(4)) for _ in range(draw.randrange(1, 15))
        }
        rows = [
            {"timestamp": f"2025-01-06T{hour:02d}:00:00Z", "tenant": tenant, "value": value}
            for (tenant, hour), value in cells.items()
        ]
        report = ingest(store, rows, granularity=Granularity.HOUR)
        assert report.inserted == len(cells.keys() - model.keys())
        assert report.updated == sum(cell in model and model[cell] != value for cell, value in cells.items())
        assert report.unchanged == sum(model.get(cell) == value for cell, value in cells.items())
        model = model | cells
        assert report.recorded_at is not None
        assert report.recorded_at > states[-1][0]
        states.append((report.recorded_at, model))
    for (instant, state), (following, _) in zip(states, [*states[1:], (noon + timedelta(days=400), {})], strict=True):
        for moment in (instant, following - timedelta(microseconds=1)):
            assert _read(store, moment) == state
    assert _read(store, None) == model
    store.close()


def _read(store: Store, as_of: datetime | None) -> dict[tuple[str, int], float]:
    """All values at an instant, read in each of the ways there are, which must agree."""
    with store.read() as unit:
        series = unit.series.find(Selection())
        ids = [each.id for each in series]
        cells = {
            (each.key.tenant, row.timestamp.hour): row.value
            for each in series
            for row in unit.observations.rows(each.id, as_of=as_of)
        }
        extents = unit.observations.extents(ids, as_of=as_of)
        assert sum(extent.observed for extent in extents.values()) == len(cells)
        if not cells:
            with pytest.raises(Invalid, match="none of these series had any observation"):
                unit.observations.panel(ids, Granularity.HOUR, as_of=as_of, last=None)
            return cells
        panel = unit.observations.panel(ids, Granularity.HOUR, as_of=as_of, last=None)
        last = unit.observations.panel(ids, Granularity.HOUR, as_of=as_of, last=3)
    hours = panel.index.hour
    known = np.argwhere(~np.isnan(panel.values))
    assert {(panel.keys[row].tenant, int(hours[step])): panel.values[row, step] for row, step in known} == cells
    np.testing.assert_array_equal(last.values, panel.values[:, -3:])
    assert last.end == panel.end == max(extent.last for extent in extents.values()) + pd.Timedelta(hours=1)
    return cells


def test_a_panel_has_the_rows_asked_for_in_their_order(store: Store, hourly: Callable[..., int]) -> None:
    ids = [hourly(store, tenant, values) for tenant, values in (("a", [1, 2]), ("b", [3]), ("c", [4, 5, 6]))]
    with store.read() as unit:
        panel = unit.observations.panel([ids[2], ids[0]], Granularity.HOUR, as_of=None, last=None)
        shorter = unit.observations.panel([ids[2], ids[0]], Granularity.HOUR, as_of=None, last=2)
    assert [key.tenant for key in panel.keys] == ["c", "a"]
    assert panel.start == pd.Timestamp("2025-01-06", tz="UTC")
    np.testing.assert_array_equal(panel.values, [[4, 5, 6], [1, 2, np.nan]])
    np.testing.assert_array_equal(shorter.values, [[5, 6], [2, np.nan]])


def test_a_coarser_panel_averages_and_joins_series_of_several_granularities(
    store: Store, ingest: Ingest, hourly: Callable[..., int]
) -> None:
    fine = hourly(store, "fine", range(72))
    days = [{"timestamp": f"2025-01-{day:02d}T00:00:00Z", "value": day, "tenant": "day"} for day in range(7, 11)]
    ingest(store, days, granularity=Granularity.DAY)
    with store.read() as unit:
        panel = unit.observations.panel([fine + 1, fine], Granularity.DAY, as_of=None, last=None)
        last = unit.observations.panel([fine], Granularity.DAY, as_of=None, last=2)
        with pytest.raises(Invalid, match="is stored by the day; ask for day or coarser"):
            unit.observations.panel([fine + 1], Granularity.HOUR, as_of=None, last=None)
    assert panel.start == pd.Timestamp("2025-01-06", tz="UTC")
    np.testing.assert_array_equal(panel.values, [[np.nan, 7, 8, 9, 10], [11.5, 35.5, 59.5, np.nan, np.nan]])
    np.testing.assert_array_equal(last.values, [[35.5, 59.5]])


def test_rows_are_paged_and_bounded_by_time(store: Store, hourly: Callable[..., int]) -> None:
    series_id = hourly(store, "a", range(10))

    def at(hour: float) -> datetime:
        return datetime(2025, 1, 6, tzinfo=UTC) + timedelta(hours=hour)

    with store.read() as unit:
        rows = unit.observations.rows
        assert [row.value for row in rows(series_id, start=at(3), end=at(6))] == [3, 4, 5]
        assert [row.value for row in rows(series_id, start=at(2.5), end=at(4.5))] == [3, 4]
        first = rows(series_id, limit=4)
        assert [row.value for row in rows(series_id, limit=4, after=first[-1].timestamp)] == [4, 5, 6, 7]
        with pytest.raises(Invalid, match="has no UTC offset"):
            rows(series_id, start=datetime(2025, 1, 6))  # noqa: DTZ001
        with pytest.raises(SeriesNotFound, match="series 99 is not stored; list what is with GET /v1/series"):
            rows(99)


def test_no_row_is_left_without_its_series_or_its_ingest(store: Store, hourly: Callable[..., int]) -> None:
    for values in ([1, 2, 3], [1, 5], [7, 7, 7, 7]):
        hourly(store, "a", values)
    ids = {SERIES: "series_id", INGEST: "ingest_id"}
    with store.engine.connect() as connection:
        for table in (OBSERVATION, REVISION):
            for parent, name in ids.items():
                orphans = select(func.count()).where(table.c[name].not_in(select(parent.c.id)))
                assert connection.execute(orphans).scalar_one() == 0
        assert connection.execute(select(func.count()).select_from(REVISION)).scalar_one() == 4
