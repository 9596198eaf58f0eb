from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from forecasting.dependence import ErrorMemory
from forecasting.quantiles import GRID
from service.store.engine import Store
from service.store.run import RunKind, RunRequest
from training.ports import IssuedForecast, Known, Partition, SeriesForecast
from training.recipe import Choice, Recipe

START = pd.Timestamp("2025-02-01", tz="UTC")
STRETCHES = Granularity.HOUR.rhythm.stretches


@pytest.fixture
def issue(store: Store, noon: datetime) -> Callable[..., str]:
    """Publishes a forecast of some series so many hours before START, whose quantiles are all that number of hours."""
    issued = 0

    def forecast(*ids: int, before: int, granularity: Granularity = Granularity.HOUR, ends: str = "publish") -> str:
        nonlocal issued
        issued += 1
        at = noon + timedelta(hours=issued)
        start = START - pd.Timedelta(hours=before)
        with store.begin() as unit:
            run = unit.runs.create(RunRequest(RunKind.RETRAIN, granularity, 5, 1), at)
            unit.runs.start(run.id, as_of=at, at=at)
            unit.runs.plan(run.id, [Partition(ids, granularity, start - pd.Timedelta(hours=1))])
            made = [
                SeriesForecast(
                    series_id,
                    start,
                    np.full((5, len(GRID)), float(before)),
                    ErrorMemory(np.array([before, np.nan], dtype=np.float32), 0.25),
                    Choice("ensemble", weights={"profile": (0.5,)}, remarks=(f"issued {before}",)),
                )
                for series_id in ids
            ]
            unit.forecasts.save(run.id, made)
            if ends == "publish":
                recipe = Recipe(granularity, 5, GRID, 1, None, ("profile",), ("f00d",), {})
                unit.runs.publish(run.id, recipe, at)
            if ends == "fail":
                unit.runs.fail(run.id, "why", at)
        return run.id

    return forecast


def known(store: Store, *ids: int, granularity: Granularity = Granularity.HOUR) -> dict[int, Known]:
    with store.read() as unit:
        return unit.forecasts.known(ids, granularity)


def ages(found: Known) -> list[float]:
    """How long before START each of the issued forecasts begins, checked against what it says."""
    hours = [(START - each.start) / pd.Timedelta(hours=1) for each in found.issued]
    assert hours == [each.quantiles[0, 0] for each in found.issued]
    assert {each.quantiles.shape for each in found.issued} == {(5, len(GRID))}
    return hours


def test_a_series_that_was_never_forecast_is_not_known(store: Store, hourly: Callable[..., int]) -> None:
    assert known(store, hourly(store, "a", [1])) == {}


def test_what_was_published_is_known_as_it_was_saved(
    store: Store, hourly: Callable[..., int], issue: Callable[..., str]
) -> None:
    series_id = hourly(store, "a", [1])
    issue(series_id, before=0)
    (found,) = known(store, series_id).values()
    assert found.choice == Choice("ensemble", weights={"profile": (0.5,)}, remarks=("issued 0",))
    np.testing.assert_array_equal(found.memory.scores, np.array([0, np.nan], dtype=np.float32))
    assert found.memory.persistence == 0.25
    (issued,) = found.issued
    assert isinstance(issued, IssuedForecast)
    assert issued.start == START


def test_of_each_stretch_the_newest_forecast_that_had_its_lead_is_known(
    store: Store, hourly: Callable[..., int], issue: Callable[..., str]
) -> None:
    assert STRETCHES == (24, 72)
    series_id = hourly(store, "a", [1])
    for before in (200, 100, 72, 71, 50, 24, 23, 1, 0):
        issue(series_id, before=before)
    assert ages(known(store, series_id)[series_id]) == [0, 24, 72]


def test_a_forecast_that_is_the_newest_of_two_stretches_is_known_once(
    store: Store, hourly: Callable[..., int], issue: Callable[..., str]
) -> None:
    series_id = hourly(store, "a", [1])
    for before in (300, 80, 5, 0):
        issue(series_id, before=before)
    assert ages(known(store, series_id)[series_id]) == [0, 80]


def test_a_refresh_after_a_training_of_the_same_history_knows_the_training_and_what_was_before(
    store: Store, hourly: Callable[..., int], issue: Callable[..., str]
) -> None:
    series_id = hourly(store, "a", [1])
    for before in (30, 30, 0, 0):
        newest = issue(series_id, before=before)
    with store.read() as unit:
        assert unit.runs.page(limit=1)[0].id == newest
    assert ages(known(store, series_id)[series_id]) == [0, 30]


def test_forecasts_of_other_series_granularities_and_runs_without_success_tell_nothing(
    store: Store, hourly: Callable[..., int], issue: Callable[..., str]
) -> None:
    one, other = hourly(store, "a", [1]), hourly(store, "b", [1])
    issue(other, before=60)
    issue(one, before=48, granularity=Granularity.DAY)
    issue(one, before=30, ends="fail")
    issue(one, before=26, ends="go on")
    issue(one, other, before=0)
    found = known(store, one, other)
    assert ages(found[one]) == [0]
    assert ages(found[other]) == [0, 60]
    assert known(store, one).keys() == {one}
    assert [each.issued[0].start for each in known(store, one, granularity=Granularity.DAY).values()] == [
        START - pd.Timedelta(hours=48)
    ]


def test_what_is_served_counts_and_not_what_ended_last(
    store: Store, hourly: Callable[..., int], issue: Callable[..., str]
) -> None:
    one, other = hourly(store, "a", [1]), hourly(store, "b", [1])
    issue(one, other, before=40)
    issue(other, before=0)
    found = known(store, one, other)
    assert (ages(found[one]), ages(found[other])) == ([40], [0, 40])
