from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.covariates import Effect, Event, Operation, Regressor, Treatment
from demand.series import Selection
from service.api.covariate_examples import CALENDAR
from service.covariates import CalendarFile, Reach, StoredCovariates
from service.jobs.execution import Execution
from service.settings import Settings
from service.store.covariates import HolidayOrder
from service.store.engine import Store
from tests.service.jobs.fleet import START, ask, ingest
from training.ports import Partition

HOUR = pd.Timedelta(hours=1)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
PARTITION = Partition((1,), Granularity.HOUR, START)


def test_stored_covariates_are_those_of_their_instant_with_holidays_written_out(store: Store) -> None:
    with store.begin() as unit:
        unit.covariates.add_regressor(HolidayOrder("days off", Selection(), "US:America/New_York"), NOW)
        unit.covariates.add_events([Event("outage", Selection(), START, START + HOUR)], NOW)
    assert not StoredCovariates(store, NOW - timedelta(seconds=1)).covariates(PARTITION)
    known = StoredCovariates(store, NOW).covariates(PARTITION)
    (days_off,) = known.regressors
    assert (days_off.name, known.events[0].name) == ("days off", "outage")
    independence = days_off.over(pd.Timestamp("2030-07-04T03:00", tz="UTC"), 26, Granularity.HOUR)
    np.testing.assert_array_equal(independence, [0.0, *[1.0] * 24, 0.0])


def test_a_calendar_is_read_as_far_as_forecasts_go() -> None:
    calendar = CalendarFile(CALENDAR.encode(), "UTC", Selection(region=("eu",)))
    events = calendar.events(Treatment.MODEL, Reach.around(NOW))
    assert [event.start.year for event in events] == list(range(2025, 2032))
    assert {event.selection for event in events} == {Selection(region=("eu",))}


@pytest.fixture
def execution(store: Store, settings: Settings) -> Execution:
    return Execution(store, settings)


def test_a_run_forecasts_a_launch_that_is_stored_and_one_after_its_removal_does_not(
    execution: Execution, store: Store
) -> None:
    ingest(store, 2)
    only = Selection(accelerator=("a01",))
    begin = START + pd.Timedelta(hours=7 * 168 + 12)
    launch = Event("launch", only, begin, None, Treatment.MODEL, Effect(Operation.ADD, 300.0))
    price = Regressor("price", only, pd.DatetimeIndex([START, begin - HOUR]), np.array([1.0, 2.0]), begin)
    with store.begin() as unit:
        (stored,) = unit.covariates.add_events([launch], store.now())
        unit.covariates.add_regressor(price, store.now())
    with_it = published(execution, store)
    with store.begin() as unit:
        unit.covariates.remove_event(stored.id, store.now())
    without = published(execution, store)
    np.testing.assert_allclose(with_it[1] - without[1], np.where(np.arange(24) < 12, 0.0, 300.0), atol=0.01)
    np.testing.assert_array_equal(with_it[0], without[0])


def published(execution: Execution, store: Store) -> list[np.ndarray]:
    """The medians of both series after a run, of which the second must tell what its regressor lacks."""
    run = ask(store)
    execution.publish(run.id, [execution.train(run.id, number) for number in range(execution.plan(run.id))])
    with store.read() as unit:
        served = sorted(unit.forecasts.published(Selection(), Granularity.HOUR), key=lambda each: each.series.id)
    assert "regressor price lacks future values" in " ".join(served[1].choice.remarks)
    assert served[0].choice.notes == ()
    return [each.quantiles[:, 11] for each in served]
