from collections.abc import Callable, Iterator

import numpy as np
import pytest
from sqlalchemy import Engine, event, text

from demand.calendar import Granularity
from demand.series import Selection
from service.store.engine import Store
from tests.service.granularities import STARTS, Known, publish_at

HOUR, DAY, WEEK, MONTH = Granularity

Published = dict[Granularity, tuple[str, Known]]


@pytest.fixture
def published(store: Store, hourly: Callable[..., int]) -> Published:
    """Forecasts of two series at every granularity."""
    for tenant in ("a", "b"):
        hourly(store, tenant, [1.0, 2.0])
    return {granularity: publish_at(store, granularity) for granularity in Granularity}


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """What is asked of a database from here on."""
    asked: list[str] = []

    def note(*arguments: object) -> None:
        asked.append(str(arguments[2]))

    event.listen(Engine, "before_cursor_execute", note)
    yield asked
    event.remove(Engine, "before_cursor_execute", note)


def test_one_statement_reads_the_coarser_forecasts_and_what_finer_ones_imply(
    store: Store, published: Published, statements: list[str]
) -> None:
    with store.read() as unit:
        statements.clear()
        found = unit.forecasts.relatives(Selection(), HOUR)
        assert ["implied_forecast" in each for each in statements if each.startswith("SELECT")] == [True]
    assert found.keys() == published[DAY][1].keys()
    for series_id, known in found.items():
        assert known.keys() == {HOUR, DAY, MONTH}
        for granularity in (DAY, MONTH):
            assert (known[granularity].run_id, known[granularity].start) == (
                published[granularity][0],
                STARTS[granularity],
            )
            np.testing.assert_array_equal(known[granularity].quantiles, published[granularity][1][series_id])
        assert known[HOUR].implied.keys() == {DAY}
        assert known[DAY].implied.keys() == {MONTH}
        assert len(known[HOUR].implied[DAY].quantiles) == 27


@pytest.mark.parametrize(
    ("asked", "told_of", "implied_by"),
    [
        (DAY, {HOUR, DAY, MONTH}, {HOUR: {DAY}, DAY: {MONTH}}),
        (WEEK, {DAY}, {DAY: {WEEK}}),
        (MONTH, {DAY}, {DAY: {MONTH}}),
    ],
)
def test_only_what_bears_on_a_granularity_is_read(
    store: Store,
    published: Published,
    asked: Granularity,
    told_of: set[Granularity],
    implied_by: dict[Granularity, set[Granularity]],
) -> None:
    with store.read() as unit:
        found = unit.forecasts.relatives(Selection(tenant=("b",)), asked)
    (known,) = found.values()
    assert known.keys() == told_of
    assert {each: set(known[each].implied) for each in told_of if known[each].implied} == implied_by


def test_no_more_steps_are_read_than_are_needed(store: Store, published: Published) -> None:
    with store.read() as unit:
        found = unit.forecasts.relatives(Selection(), HOUR, {HOUR: 10, DAY: 9, MONTH: 3})
    for series_id, known in found.items():
        np.testing.assert_array_equal(known[DAY].quantiles, published[DAY][1][series_id][:9])
        np.testing.assert_array_equal(known[MONTH].quantiles, published[MONTH][1][series_id][:3])


def test_what_is_implied_is_kept_as_it_was_saved(store: Store, published: Published) -> None:
    counted = text("SELECT granularity, count(*) FROM implied_forecast GROUP BY granularity")
    with store.read() as unit:
        stored = {row[0]: row[1] for row in unit._connection.execute(counted)}
    assert stored == {"day": 2, "week": 2, "month": 2}
