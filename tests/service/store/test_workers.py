from datetime import datetime, timedelta

from service.store.engine import Store
from service.store.workers import Worker


def test_a_worker_is_alive_as_long_as_it_beats(store: Store, noon: datetime) -> None:
    minute = timedelta(minutes=1)
    with store.begin() as unit:
        unit.workers.beat("old", "east", 11, noon)
        unit.workers.beat("new", "west", 22, noon + minute)
        unit.workers.beat("old", "east", 11, noon + 3 * minute)
    with store.read() as unit:
        old = Worker("old", "east", 11, noon, noon + 3 * minute)
        new = Worker("new", "west", 22, noon + minute, noon + minute)
        assert unit.workers.alive(noon) == [old, new]
        assert unit.workers.alive(noon + 2 * minute) == [old]
        assert unit.workers.silent(noon + 2 * minute) == ["new"]
        assert unit.workers.silent(noon + minute) == []


def test_a_removed_worker_is_neither_alive_nor_silent(store: Store, noon: datetime) -> None:
    with store.begin() as unit:
        unit.workers.beat("one", "host", 1, noon)
        unit.workers.remove("one")
        unit.workers.remove("never there")
        assert unit.workers.alive(noon) == []
        assert unit.workers.silent(noon + timedelta(hours=1)) == []
