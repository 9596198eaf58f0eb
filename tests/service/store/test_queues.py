from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.errors import Invalid
from demand.tidy import Batch
from service.store.engine import Store

START = pd.Timestamp("2025-01-06", tz="UTC")


def rows(tenant: str, first: int, values: list[float]) -> list[dict[str, Any]]:
    return [
        {"timestamp": (START + pd.Timedelta(hours=first + at)).isoformat(), "tenant": tenant, "value": value}
        for at, value in enumerate(values)
    ]


def test_a_queue_lies_beside_the_history_of_its_series(
    store: Store, hourly: Callable[..., int], batch_of: Callable[..., Batch]
) -> None:
    one, two = hourly(store, "a", range(6)), hourly(store, "b", range(6))
    with store.begin() as unit:
        assert unit.queues.save([batch_of([*rows("b", 2, [7, 8]), *rows("b", 5, [9])])]) == 3
    with store.read() as unit:
        panel = unit.observations.panel([one, two], Granularity.HOUR, as_of=None, last=4)
        queued = unit.queues.aligned([one, two], panel)
    np.testing.assert_array_equal(queued, [[np.nan] * 4, [7, 8, np.nan, 9]])


def test_a_row_that_is_sent_again_replaces_the_one_before(
    store: Store, hourly: Callable[..., int], batch_of: Callable[..., Batch]
) -> None:
    series = hourly(store, "a", range(3))
    for value in (5.0, 6.0):
        with store.begin() as unit:
            unit.queues.save([batch_of(rows("a", 1, [value]))])
    with store.read() as unit:
        panel = unit.observations.panel([series], Granularity.HOUR, as_of=None, last=None)
        np.testing.assert_array_equal(unit.queues.aligned([series], panel), [[np.nan, 6, np.nan]])


def test_hours_are_averaged_where_days_are_forecast(
    store: Store, hourly: Callable[..., int], batch_of: Callable[..., Batch]
) -> None:
    series = hourly(store, "a", range(72))
    with store.begin() as unit:
        unit.queues.save([batch_of(rows("a", 24, [4.0] * 12 + [8.0] * 12))])
    with store.read() as unit:
        panel = unit.observations.panel([series], Granularity.DAY, as_of=None, last=None)
        np.testing.assert_array_equal(unit.queues.aligned([series], panel), [[np.nan, 6, np.nan]])


def test_rows_of_a_series_that_is_not_stored_are_refused_with_what_to_do(
    store: Store, hourly: Callable[..., int], batch_of: Callable[..., Batch]
) -> None:
    hourly(store, "a", range(3))
    with pytest.raises(Invalid, match=r"line 3: no series .*tenant=b.*POST /v1/observations"), store.begin() as unit:
        unit.queues.save([batch_of([*rows("a", 0, [1]), *rows("b", 0, [1])])])
    with pytest.raises(Invalid, match="in megawatts"), store.begin() as unit:
        unit.queues.save([batch_of([row | {"unit": "megawatts"} for row in rows("a", 0, [1])])])


def test_one_bad_row_and_nothing_is_stored(
    store: Store, hourly: Callable[..., int], batch_of: Callable[..., Batch]
) -> None:
    series = hourly(store, "a", range(3))
    with pytest.raises(Invalid, match="negative"), store.begin() as unit:
        unit.queues.save([batch_of(rows("a", 0, [1, -1]))])
    with store.read() as unit:
        panel = unit.observations.panel([series], Granularity.HOUR, as_of=None, last=None)
        assert np.isnan(unit.queues.aligned([series], panel)).all()
