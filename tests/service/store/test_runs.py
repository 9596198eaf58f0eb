from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.exc import IntegrityError

from demand.calendar import Granularity
from demand.errors import Invalid
from demand.series import Selection
from forecasting.dependence import ErrorMemory
from service.store.engine import Store
from service.store.run import (
    PartitionState,
    Run,
    RunEnded,
    RunKind,
    RunNotFound,
    RunRequest,
    RunState,
    SeriesOutcome,
    SeriesState,
)
from training.ports import Partition, SeriesForecast
from training.recipe import Choice, Recipe

CUT_OFF = pd.Timestamp("2025-01-06T02:00:00Z")
REQUEST = RunRequest(
    RunKind.RETRAIN, Granularity.HOUR, 24, 2**40, Selection(workload=("training",), region=("eu", "us"))
)
RECIPE = Recipe(Granularity.HOUR, 24, (0.1, 0.5, 0.9), 2**40, None, ("naive",), ("f00d",), {"computecast": "0.1.0"})
CHOICE = Choice("naive", {"naive": 0.5, "trees": 0.75}, 0.5, 0.8, ("short history",))


def _create(store: Store, at: datetime) -> Run:
    with store.begin() as unit:
        return unit.runs.create(REQUEST, at)


def _start(store: Store, at: datetime, *ids: int) -> Run:
    """A running run with all series in one partition."""
    run = _create(store, at)
    with store.begin() as unit:
        unit.runs.start(run.id, as_of=at, at=at)
        unit.runs.plan(run.id, [Partition(ids, Granularity.HOUR, CUT_OFF)])
        return unit.runs.get(run.id)


def _forecast(series_id: int, level: float = 1.0, choice: Choice = CHOICE) -> SeriesForecast:
    quantiles = level * np.arange(1.0, 73.0).reshape(24, 3)
    memory = ErrorMemory(np.linspace(-2, 2, 48).astype(np.float32), 0.25)
    return SeriesForecast(series_id, CUT_OFF + pd.Timedelta(hours=1), quantiles, memory, choice)


def test_a_new_run_is_queued_as_it_was_asked_for(store: Store, noon: datetime) -> None:
    run = _create(store, noon)
    with store.read() as unit:
        assert unit.runs.get(run.id) == run
        assert unit.runs.queued() == [run]
    assert (run.request, run.state, run.created_at) == (REQUEST, RunState.QUEUED, noon)
    assert (run.started_at, run.finished_at, run.as_of, run.recipe, run.error) == (None, None, None, None, "")


def test_an_unknown_run_is_not_found_by_anything_that_names_it(store: Store, noon: datetime) -> None:
    with store.begin() as unit:
        runs = unit.runs
        for use in (
            lambda: runs.get("none"),
            lambda: runs.start("none", as_of=None, at=noon),
            lambda: runs.enter("none", "fit"),
            lambda: runs.plan("none", []),
            lambda: runs.outcomes("none"),
            lambda: runs.publish("none", RECIPE, noon),
            lambda: runs.fail("none", "why", noon),
            lambda: runs.cancel("none", noon),
            lambda: runs.page(limit=1, after="none"),
        ):
            with pytest.raises(RunNotFound, match="no training run none; list runs with GET /v1/training-runs"):
                use()


def test_runs_are_paged_from_the_newest(store: Store, noon: datetime) -> None:
    minutes = [0, 5, 5, 5, 2]
    runs = [_create(store, noon + timedelta(minutes=minute)) for minute in minutes]
    expected = sorted(runs, key=lambda run: (run.created_at, run.id), reverse=True)
    seen: list[Run] = []
    with store.read() as unit:
        while page := unit.runs.page(limit=2, after=seen[-1].id if seen else None):
            seen += page
    assert seen == expected


def test_a_run_that_was_started_before_keeps_its_snapshot(store: Store, noon: datetime) -> None:
    run = _create(store, noon)
    with store.begin() as unit:
        first = unit.runs.start(run.id, as_of=noon, at=noon + timedelta(minutes=1))
    with store.begin() as unit:
        again = unit.runs.start(run.id, as_of=noon + timedelta(hours=9), at=noon + timedelta(hours=9))
        assert unit.runs.queued() == []
        assert unit.runs.running() == [again]
    assert again == first
    assert (again.state, again.as_of, again.started_at) == (RunState.RUNNING, noon, noon + timedelta(minutes=1))


def test_only_one_of_many_starts_sets_the_snapshot(store_url: str, store: Store, noon: datetime) -> None:
    run = _create(store, noon)

    def start(second: int) -> datetime | None:
        with closing(Store(store_url)) as other, other.begin() as unit:
            return unit.runs.start(run.id, as_of=noon + timedelta(seconds=second), at=noon).as_of

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(start, range(4)))) == 1


def test_a_plan_is_kept_when_it_is_made_again(store: Store, hourly: Callable[..., int], noon: datetime) -> None:
    ids = [hourly(store, tenant, [1, 2, 3]) for tenant in "abc"]
    run = _create(store, noon)
    partitions = [
        Partition(tuple(ids[:2]), Granularity.HOUR, CUT_OFF),
        Partition(tuple(ids[2:]), Granularity.DAY, pd.Timestamp("2025-01-05", tz="UTC")),
    ]
    with store.begin() as unit:
        unit.runs.start(run.id, as_of=noon, at=noon)
        planned = unit.runs.plan(run.id, partitions)
    with store.begin() as unit:
        assert unit.runs.plan(run.id, partitions[:1]) == planned
        outcomes = unit.runs.outcomes(run.id)
    assert [each.partition for each in planned] == partitions
    assert [(each.number, each.state) for each in planned] == [(0, PartitionState.WAITING), (1, PartitionState.WAITING)]
    assert [(each.series.id, each.partition) for each in outcomes] == [(ids[0], 0), (ids[1], 0), (ids[2], 1)]
    assert {each.outcome.state for each in outcomes} == {SeriesState.WAITING}


def test_progress_is_told_per_partition(store: Store, hourly: Callable[..., int], noon: datetime) -> None:
    run = _start(store, noon, hourly(store, "a", [1]))
    with store.begin() as unit:
        unit.runs.enter(run.id, "training")
        unit.runs.progress(run.id, 0, "backtest", 3, 10)
        (partition,) = unit.runs.partitions(run.id)
        assert (partition.state, partition.phase, partition.done, partition.total) == ("running", "backtest", 3, 10)
        unit.runs.complete(run.id, 0)
        assert unit.runs.partitions(run.id)[0].state is PartitionState.DONE
        assert unit.runs.get(run.id).phase == "training"


def test_outcomes_are_kept_with_their_reasons(store: Store, hourly: Callable[..., int], noon: datetime) -> None:
    ids = [hourly(store, tenant, [1]) for tenant in "abc"]
    run = _start(store, noon, *ids[:2])
    fallback = SeriesOutcome(ids[1], SeriesState.FALLBACK, CHOICE, "too short for trees")
    skipped = SeriesOutcome(ids[2], SeriesState.SKIPPED, None, "no history")
    for _ in range(2):
        with store.begin() as unit:
            unit.forecasts.save(run.id, [_forecast(ids[0])])
            unit.runs.save_series(run.id, [fallback, skipped])
    with store.read() as unit:
        outcomes = unit.runs.outcomes(run.id)
        assert unit.runs.outcomes(run.id, limit=1, after=ids[0]) == outcomes[1:2]
    assert [each.outcome for each in outcomes] == [SeriesOutcome(ids[0], SeriesState.DONE, CHOICE), fallback, skipped]
    assert [each.partition for each in outcomes] == [0, 0, None]
    assert [each.series.key.tenant for each in outcomes] == ["a", "b", "c"]


def test_a_published_forecast_is_what_was_saved(store: Store, hourly: Callable[..., int], noon: datetime) -> None:
    ids = [hourly(store, tenant, [1, 2, 3]) for tenant in "ab"]
    run = _start(store, noon, *ids)
    saved = _forecast(ids[1], 1 / 3)
    for _ in range(2):
        with store.begin() as unit:
            unit.forecasts.save(run.id, [_forecast(ids[0]), saved])
    with store.read() as unit:
        assert unit.forecasts.published(Selection(), Granularity.HOUR) == []
    with store.begin() as unit:
        unit.runs.publish(run.id, RECIPE, noon + timedelta(hours=1))
    with store.read() as unit:
        ended = unit.runs.get(run.id)
        (found,) = unit.forecasts.published(Selection(tenant=("b",)), Granularity.HOUR)
        (shorter,) = unit.forecasts.published(Selection(tenant=("b",)), Granularity.HOUR, steps=5)
        (longer,) = unit.forecasts.published(Selection(tenant=("b",)), Granularity.HOUR, steps=500)
        assert unit.forecasts.published(Selection(), Granularity.DAY) == []
        assert unit.forecasts.choices(ids, Granularity.HOUR) == dict.fromkeys(ids, CHOICE)
        assert unit.forecasts.choices(ids[:1], Granularity.DAY) == {}
    assert (ended.state, ended.finished_at, ended.recipe) == (RunState.SUCCEEDED, noon + timedelta(hours=1), RECIPE)
    assert (found.series.id, found.run_id, found.choice, found.recipe) == (ids[1], run.id, CHOICE, RECIPE)
    assert (found.start, found.cut_off, found.published_at) == (saved.start, CUT_OFF, noon + timedelta(hours=1))
    np.testing.assert_array_equal(found.quantiles, saved.quantiles.astype(np.float32))
    np.testing.assert_array_equal(found.memory.scores, saved.memory.scores)
    assert found.memory.persistence == saved.memory.persistence
    np.testing.assert_array_equal(shorter.quantiles, found.quantiles[:5])
    np.testing.assert_array_equal(longer.quantiles, found.quantiles)


def test_a_newer_run_takes_over_only_the_series_it_forecast(
    store: Store, hourly: Callable[..., int], noon: datetime
) -> None:
    ids = [hourly(store, tenant, [1]) for tenant in "ab"]
    runs = []
    for covered, level in ((ids, 1.0), (ids[1:], 2.0)):
        run = _start(store, noon, *covered)
        with store.begin() as unit:
            unit.forecasts.save(run.id, [_forecast(series_id, level) for series_id in covered])
            unit.runs.publish(run.id, RECIPE, noon)
        runs.append(run.id)
    with store.begin() as unit:
        unit.runs.publish(runs[0], RECIPE, noon + timedelta(hours=1))
    with store.read() as unit:
        served = unit.forecasts.published(Selection(), Granularity.HOUR)
    assert [(each.run_id, each.quantiles[0, 0]) for each in served] == [(runs[0], 1.0), (runs[1], 2.0)]


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (1, 0, 1)])
def test_of_two_runs_the_one_that_knew_more_is_served_whichever_ends_last(
    store: Store, hourly: Callable[..., int], noon: datetime, order: tuple[int, ...]
) -> None:
    both, only = hourly(store, "a", [1]), hourly(store, "b", [1])
    covered = [both, only], [both]
    runs = [_start(store, noon + timedelta(hours=number), *ids) for number, ids in enumerate(covered)]
    for number in order:
        with store.begin() as unit:
            if unit.runs.get(runs[number].id).state is RunState.RUNNING:
                unit.forecasts.save(runs[number].id, [_forecast(series_id) for series_id in covered[number]])
            unit.runs.publish(runs[number].id, RECIPE, noon)
    with store.read() as unit:
        served = {each.series.id: each.run_id for each in unit.forecasts.published(Selection(), Granularity.HOUR)}
        assert {unit.runs.get(run.id).state for run in runs} == {RunState.SUCCEEDED}
    assert served == {both: runs[1].id, only: runs[0].id}


def test_of_two_runs_that_knew_the_same_the_later_one_is_served(
    store: Store, hourly: Callable[..., int], noon: datetime
) -> None:
    series_id = hourly(store, "a", [1])
    runs = [_start(store, noon, series_id) for _ in range(2)]
    for run in runs[::-1]:
        with store.begin() as unit:
            unit.forecasts.save(run.id, [_forecast(series_id)])
            unit.runs.publish(run.id, RECIPE, noon)
    with store.read() as unit:
        (served,) = unit.forecasts.published(Selection(), Granularity.HOUR)
    assert served.run_id == runs[0].id


@pytest.mark.parametrize("value", [1e39, np.inf, np.nan])
def test_a_forecast_that_cannot_be_read_back_is_not_kept(
    store: Store, hourly: Callable[..., int], noon: datetime, value: float
) -> None:
    ids = [hourly(store, tenant, [1]) for tenant in "ab"]
    run = _start(store, noon, *ids)
    broken = _forecast(ids[1])
    broken.quantiles[5, 2] = value
    told = rf"the forecast of series {ids[1]} \(workload=unattributed, tenant=b\) holds .* at step 6"
    with pytest.raises(Invalid, match=told), store.begin() as unit:
        unit.forecasts.save(run.id, [_forecast(ids[0]), broken])
    with store.begin() as unit:
        unit.runs.publish(run.id, RECIPE, noon)
        assert unit.forecasts.published(Selection(), Granularity.HOUR) == []


def test_progress_of_a_run_that_has_ended_is_not_taken(
    store: Store, hourly: Callable[..., int], noon: datetime
) -> None:
    run = _start(store, noon, hourly(store, "a", [1]))
    with store.begin() as unit:
        unit.runs.progress(run.id, 0, "backtest", 1, 10)
        unit.runs.cancel(run.id, noon)
        with pytest.raises(RunEnded, match="been cancelled"):
            unit.runs.progress(run.id, 0, "backtest", 2, 10)
        assert unit.runs.partitions(run.id)[0].done == 1


def test_a_failed_run_changes_nothing_of_what_is_served(
    store: Store, hourly: Callable[..., int], noon: datetime
) -> None:
    series_id = hourly(store, "a", [1])
    good, bad = _start(store, noon, series_id), _start(store, noon, series_id)
    with store.begin() as unit:
        unit.forecasts.save(good.id, [_forecast(series_id)])
        unit.runs.publish(good.id, RECIPE, noon)
        unit.forecasts.save(bad.id, [_forecast(series_id, 9.0)])
        unit.runs.fail(bad.id, "out of memory", noon)
    with store.read() as unit:
        assert [each.run_id for each in unit.forecasts.published(Selection(), Granularity.HOUR)] == [good.id]
        failed = unit.runs.get(bad.id)
    assert (failed.state, failed.error, failed.finished_at) == (RunState.FAILED, "out of memory", noon)


@pytest.mark.parametrize("ending", ["publish", "fail", "cancel"])
def test_a_run_that_has_ended_stays_as_it_is(store: Store, noon: datetime, ending: str) -> None:
    run = _start(store, noon)
    endings: dict[str, Callable[..., None]] = {
        "publish": lambda runs, at: runs.publish(run.id, RECIPE, at),
        "fail": lambda runs, at: runs.fail(run.id, "why", at),
        "cancel": lambda runs, at: runs.cancel(run.id, at),
    }
    with store.begin() as unit:
        endings[ending](unit.runs, noon)
        ended = unit.runs.get(run.id)
        endings[ending](unit.runs, noon + timedelta(hours=1))
        others = [end for name, end in endings.items() if name != ending]
        for end in (*others, lambda runs, at: runs.start(run.id, as_of=None, at=at)):
            with pytest.raises(RunEnded, match=f"training run {run.id} has .*start another with POST"):
                end(unit.runs, noon)
        assert unit.runs.get(run.id) == ended


def test_a_forecast_of_a_series_outside_the_plan_is_refused(
    store: Store, hourly: Callable[..., int], noon: datetime
) -> None:
    series_id = hourly(store, "a", [1])
    run = _start(store, noon)
    with pytest.raises(IntegrityError), store.begin() as unit:
        unit.forecasts.save(run.id, [_forecast(series_id)])
