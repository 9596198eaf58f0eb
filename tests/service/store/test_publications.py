"""The log of what was published when, beside the pointers to what is served."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from demand.calendar import Granularity
from demand.series import Selection
from forecasting.dependence import ErrorMemory
from service.store import schema
from service.store.engine import Store
from service.store.run import RunEnded, RunKind, RunRequest
from training.ports import Partition, SeriesForecast
from training.recipe import Choice, Recipe

CUT_OFF = pd.Timestamp("2025-01-06T02:00:00Z")
LEVELS = (0.1, 0.5, 0.9)
HOUR, DAY = Granularity.HOUR, Granularity.DAY


def recipe(granularity: Granularity) -> Recipe:
    return Recipe(granularity, 24, LEVELS, 1, None, ("seasonal_naive",), ("f00d",), {})


def forecast(series_id: int, level: float) -> SeriesForecast:
    memory = ErrorMemory(np.zeros(48, dtype=np.float32), 0.25)
    start = CUT_OFF + pd.Timedelta(hours=1)
    return SeriesForecast(series_id, start, np.full((24, 3), level), memory, Choice("ensemble"))


def made(store: Store, ids: list[int], level: float, as_of: datetime, granularity: Granularity = HOUR) -> str:
    """A run that has forecast this level for these series and not ended."""
    with store.begin() as unit:
        run = unit.runs.create(RunRequest(RunKind.RETRAIN, granularity, 24, 1), as_of)
        unit.runs.start(run.id, as_of=as_of, at=as_of)
        unit.runs.plan(run.id, [Partition(tuple(ids), granularity, CUT_OFF)])
        unit.forecasts.save(run.id, [forecast(series_id, level) for series_id in ids])
    return run.id


def publish(store: Store, run_id: str, at: datetime, granularity: Granularity = HOUR) -> None:
    with store.begin() as unit:
        unit.runs.publish(run_id, recipe(granularity), at)


def served(store: Store, as_of: datetime | None = None, granularity: Granularity = HOUR) -> dict[int, float]:
    """The level that is, or was, served of each series."""
    with store.read() as unit:
        found = unit.forecasts.published(Selection(), granularity, as_of=as_of)
    return {each.series.id: float(each.quantiles[0, 0]) for each in found}


def issues(store: Store) -> list[tuple[int, str, str, int]]:
    with store.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT series_id, granularity, run_id, published_at FROM issue ORDER BY id")
        return [tuple(row) for row in rows]


def test_what_was_served_at_any_instant_is_still_known(
    store: Store, hourly: Callable[..., int], noon: datetime
) -> None:
    ids = [hourly(store, tenant, [1, 2, 3]) for tenant in "ab"]
    publish(store, made(store, ids, 1.0, noon), noon)
    publish(store, made(store, ids[:1], 2.0, noon), noon + timedelta(hours=1))
    publish(store, made(store, ids, 3.0, noon), noon + timedelta(hours=2))
    before, moments = timedelta(microseconds=1), [noon + timedelta(hours=hour) for hour in range(3)]
    assert served(store, moments[0] - before) == {}
    assert served(store, moments[0]) == served(store, moments[1] - before) == dict.fromkeys(ids, 1.0)
    assert served(store, moments[1]) == served(store, moments[2] - before) == {ids[0]: 2.0, ids[1]: 1.0}
    assert served(store, moments[2]) == served(store) == dict.fromkeys(ids, 3.0)


def test_granularities_are_published_apart(store: Store, hourly: Callable[..., int], noon: datetime) -> None:
    series_id = hourly(store, "a", [1, 2, 3])
    publish(store, made(store, [series_id], 1.0, noon), noon)
    later = noon + timedelta(hours=1)
    publish(store, made(store, [series_id], 9.0, noon, DAY), later, DAY)
    assert served(store, noon, DAY) == {}
    assert (served(store, later), served(store, later, DAY)) == ({series_id: 1.0}, {series_id: 9.0})
    with store.read() as unit:
        assert unit.publications.first_at(Selection(), HOUR) == noon
        assert unit.publications.first_at(Selection(), DAY) == later
        assert unit.publications.first_at(Selection(), Granularity.MONTH) is None


def test_what_read_an_older_state_is_neither_served_nor_noted_unless_it_is_wanted(
    store: Store, hourly: Callable[..., int], noon: datetime
) -> None:
    series_id = hourly(store, "a", [1, 2, 3])
    older = made(store, [series_id], 1.0, noon - timedelta(days=1))
    newer = made(store, [series_id], 2.0, noon)
    publish(store, newer, noon)
    publish(store, older, noon + timedelta(minutes=1))
    assert served(store) == {series_id: 2.0}
    assert [run_id for _, _, run_id, _ in issues(store)] == [newer]
    with store.begin() as unit:
        assert unit.publications.publish(older, HOUR, noon + timedelta(hours=1), even_older=True) == 1
    assert served(store) == {series_id: 1.0}
    assert served(store, noon + timedelta(minutes=59)) == {series_id: 2.0}


def test_publishing_what_is_served_already_notes_nothing(
    store: Store, hourly: Callable[..., int], noon: datetime
) -> None:
    series_id = hourly(store, "a", [1, 2, 3])
    run_id = made(store, [series_id], 1.0, noon)
    publish(store, run_id, noon)
    with store.begin() as unit:
        assert unit.publications.publish(run_id, HOUR, noon + timedelta(hours=1), even_older=True) == 0
    assert len(issues(store)) == 1


def test_only_the_series_that_are_named_are_published(store: Store, hourly: Callable[..., int], noon: datetime) -> None:
    ids = [hourly(store, tenant, [1, 2, 3]) for tenant in "ab"]
    older, newer = made(store, ids, 2.0, noon - timedelta(days=1)), made(store, ids, 1.0, noon)
    publish(store, newer, noon)
    publish(store, older, noon)
    with store.begin() as unit:
        assert unit.publications.publish(older, HOUR, noon, series_ids=ids[1:], even_older=True) == 1
    assert served(store) == {ids[0]: 1.0, ids[1]: 2.0}


def test_publications_stay_in_order_when_the_clock_goes_back(
    store: Store, hourly: Callable[..., int], noon: datetime
) -> None:
    series_id = hourly(store, "a", [1, 2, 3])
    for number, at in enumerate([noon, noon - timedelta(days=1), noon]):
        publish(store, made(store, [series_id], float(number), noon), at)
    moments = [moment for _, _, _, moment in issues(store)]
    assert moments == [moments[0], moments[0] + 1, moments[0] + 2]
    assert served(store, noon + timedelta(microseconds=1)) == {series_id: 1.0}


@pytest.mark.parametrize("ending", ["publish", "cancel"])
def test_nothing_is_saved_for_a_run_that_has_ended(
    store: Store, hourly: Callable[..., int], noon: datetime, ending: str
) -> None:
    series_id = hourly(store, "a", [1, 2, 3])
    run_id = made(store, [series_id], 1.0, noon)
    with store.begin() as unit:
        if ending == "publish":
            unit.runs.publish(run_id, recipe(HOUR), noon)
        else:
            unit.runs.cancel(run_id, noon)
    with pytest.raises(RunEnded, match="start another"), store.begin() as unit:
        unit.forecasts.save(run_id, [forecast(series_id, 5.0)])
    with store.engine.connect() as connection:
        (kept,) = connection.exec_driver_sql("SELECT quantiles FROM forecast").scalars()
    np.testing.assert_array_equal(np.frombuffer(kept, "<f4"), 1.0)


def test_publications_from_before_the_log_are_in_it(store: Store, hourly: Callable[..., int], noon: datetime) -> None:
    ids = [hourly(store, tenant, [1, 2, 3]) for tenant in "ab"]
    publish(store, made(store, ids, 1.0, noon), noon)
    publish(store, made(store, ids, 2.0, noon), noon + timedelta(hours=1))
    publish(store, made(store, ids, 0.5, noon - timedelta(days=1)), noon + timedelta(hours=2))
    made(store, ids, 3.0, noon)
    told = issues(store)
    config = schema._config()
    with store.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, str(ScriptDirectory.from_config(config).get_revision("0011").down_revision))
        assert not sa.inspect(connection).has_table("issue")
    store.migrate()
    assert issues(store) == told
    assert served(store, noon) == dict.fromkeys(ids, 1.0)
    assert served(store, datetime(2026, 1, 6, tzinfo=UTC)) == dict.fromkeys(ids, 2.0)
