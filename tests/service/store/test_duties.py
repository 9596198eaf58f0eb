from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest

from service.store.duties import LONGEST_HOLD
from service.store.engine import Store

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def take(store: Store, worker_id: str, at: datetime) -> bool:
    with store.begin() as unit:
        return unit.duties.take("tidying", worker_id, MINUTE, at)


def finish(store: Store, worker_id: str, at: datetime) -> None:
    with store.begin() as unit:
        unit.duties.finish("tidying", worker_id, at)


@pytest.fixture
def workers(store: Store, noon: datetime) -> Store:
    with store.begin() as unit:
        for worker_id in ("east", "west"):
            unit.workers.beat(worker_id, "host", 1, noon)
    return store


def test_a_duty_is_taken_once_per_interval(workers: Store, noon: datetime) -> None:
    assert take(workers, "east", noon)
    finish(workers, "east", noon + SECOND)
    assert not take(workers, "west", noon + 30 * SECOND)
    assert take(workers, "west", noon + MINUTE)
    with workers.read() as unit:
        (record,) = unit.duties.find()
    assert (record.name, record.held_by, record.last_done_at) == ("tidying", "west", noon + SECOND)


def test_a_duty_that_a_living_worker_is_at_is_left_to_it(workers: Store, noon: datetime) -> None:
    assert take(workers, "east", noon)
    assert not take(workers, "west", noon + 10 * MINUTE)
    assert take(workers, "west", noon + LONGEST_HOLD)


def test_a_duty_of_a_worker_that_is_forgotten_is_taken_over_at_once(workers: Store, noon: datetime) -> None:
    assert take(workers, "east", noon)
    with workers.begin() as unit:
        unit.workers.remove("east")
    assert take(workers, "west", noon + SECOND)
    finish(workers, "east", noon + 2 * SECOND)
    with workers.read() as unit:
        assert [record.held_by for record in unit.duties.find()] == ["west"]


def test_a_clock_that_goes_back_neither_repeats_a_duty_nor_stops_it(workers: Store, noon: datetime) -> None:
    assert take(workers, "east", noon)
    finish(workers, "east", noon)
    back = noon - timedelta(hours=5)
    with workers.read() as unit:
        assert unit.duties.is_due("tidying", MINUTE, back)
    assert not take(workers, "east", back)
    assert not take(workers, "east", back + 30 * SECOND)
    assert take(workers, "east", back + MINUTE)


def test_of_many_that_take_a_duty_at_once_one_gets_it(workers: Store, noon: datetime) -> None:
    start = Barrier(4)

    def try_it(number: int) -> bool:
        with workers.begin() as unit:
            unit.workers.beat(f"w{number}", "host", 1, noon)
        start.wait()
        return take(workers, f"w{number}", noon)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(try_it, range(4))) == 1
