from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.limits import Limit, LimitKind
from demand.series import Selection
from demand.tidy import OnError, check_rows
from service.jobs.execution import Execution
from service.jobs.limits import StoredLimits
from service.settings import Settings
from service.store.engine import Store
from tests.service.jobs.fleet import ask
from training.latent import Evidence
from training.ports import Bounds, Partition

START = pd.Timestamp("2025-01-06", tz="UTC")
NEVER: list[list[bool]] = [[False, False, False]]


def keep(store: Store, tenant: str, values: list[float]) -> int:
    """Store an hourly series of a tenant; its id."""
    stamps = pd.date_range(START, periods=len(values), freq="h")
    raw = pd.DataFrame({"timestamp": stamps, "tenant": tenant, "value": values, "line": range(len(values))})
    batch = check_rows(raw, now=START + pd.Timedelta(days=90))
    with store.staging() as unit:
        unit.observations.ingest([batch], source="", on_error=OnError.ABORT, granularity=Granularity.HOUR)
    with store.read() as unit:
        return unit.series.find(Selection(tenant=(tenant,)))[0].id


@pytest.fixture
def series(store: Store) -> Callable[..., int]:
    return partial(keep, store)


def bounds(store: Store, series_id: int, hours: int = 3) -> Bounds:
    partition = Partition((series_id,), Granularity.HOUR, START + pd.Timedelta(hours=hours - 1))
    with store.read() as unit:
        panel = unit.observations.panel([series_id], Granularity.HOUR, as_of=None, last=None)
    return StoredLimits(store, None).bounds(partition, panel)


def limit(store: Store, level: float, kind: LimitKind = LimitKind.CAPACITY, **selected: Any) -> None:
    with store.begin() as unit:
        unit.limits.create(Limit(Selection(**selected), level, START, kind=kind))


def test_without_limits_nothing_is_full(store: Store, series: Callable[..., int]) -> None:
    known = bounds(store, series("a", [1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(known.full, NEVER)
    assert not known.limited.any()
    assert np.isnan(known.queued).all()


def test_a_series_is_full_at_its_own_limit(store: Store, series: Callable[..., int]) -> None:
    one = series("a", [1.0, 3.0, 4.0])
    limit(store, 3.0, tenant=("a",))
    known = bounds(store, one)
    np.testing.assert_array_equal(known.full, [[False, True, True]])
    np.testing.assert_array_equal(known.over, [[False, False, True]])
    assert known.limited.all()


def test_series_of_other_partitions_fill_a_limit_that_is_shared(store: Store, series: Callable[..., int]) -> None:
    one = series("a", [1.0, 3.0, 4.0])
    series("b", [9.0, 1.0, 6.0])
    limit(store, 10.0)
    np.testing.assert_array_equal(bounds(store, one).full, [[True, False, True]])


def test_a_history_that_began_earlier_or_ends_earlier_than_its_company_is_matched_by_time(
    store: Store, series: Callable[..., int]
) -> None:
    one = series("a", [5.0, 5.0, 5.0])
    series("b", [0.0, 5.0, 0.0, 5.0, 5.0])
    limit(store, 10.0)
    np.testing.assert_array_equal(bounds(store, one).full, [[False, True, False]])


def test_a_limit_on_others_does_not_matter(store: Store, series: Callable[..., int]) -> None:
    one = series("a", [5.0, 5.0, 5.0])
    limit(store, 5.0, tenant=("b",))
    known = bounds(store, one)
    np.testing.assert_array_equal(known.full, NEVER)
    assert not known.limited.any()


def test_a_saturation_is_divided_among_series_of_all_partitions(store: Store, series: Callable[..., int]) -> None:
    one = series("a", [5.0, 5.0, 5.0])
    series("b", [15.0, 15.0, 15.0])
    limit(store, 100.0, kind=LimitKind.SATURATION)
    known = bounds(store, one)
    np.testing.assert_allclose(known.saturation.caps, [25])
    np.testing.assert_array_equal(known.full, NEVER)
    assert not known.limited.any()


def test_a_saturation_that_was_outgrown_since_it_was_stored_is_named(store: Store, series: Callable[..., int]) -> None:
    one = series("a", [5.0, 7.0, 9.0])
    limit(store, 6.0, kind=LimitKind.SATURATION)
    known = bounds(store, one).saturation
    np.testing.assert_array_equal(known.caps, [np.nan])
    np.testing.assert_array_equal(known.outgrown, [6])


def test_a_run_forecasts_demand_above_a_limit_and_remembers_why(store: Store, store_url: str) -> None:
    rng = np.random.default_rng(1)
    wanted = 100 + 30 * np.sin(2 * np.pi * np.arange(7 * 168) / 24) + rng.normal(0, 4, 7 * 168)
    keep(store, "a", np.minimum(wanted, 110).tolist())
    limit(store, 110.0)
    run = ask(store, horizon=24)
    execution = Execution(store, Settings(database_url=store_url, models=("seasonal_naive",), n_jobs=1))
    for number in range(execution.plan(run.id)):
        execution.publish(run.id, [execution.train(run.id, number)])
    with store.read() as unit:
        (published,) = unit.forecasts.published(Selection(), Granularity.HOUR)
    latent = published.choice.latent
    assert latent is not None
    assert latent.evidence is Evidence.LIMIT
    assert latent.censored_share == pytest.approx((wanted >= 110).mean(), abs=0.01)
    median = published.quantiles[:, published.levels.index(0.5)]
    assert 113 < median.max() < 165
