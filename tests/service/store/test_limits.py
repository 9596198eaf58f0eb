from datetime import UTC, datetime

import pandas as pd
import pytest

from demand.limits import Limit, LimitKind
from demand.series import Selection
from service.store.engine import Store
from service.store.limits import LimitNotFound

START = pd.Timestamp("2025-01-06", tz="UTC")
LIMIT = Limit(
    Selection(region=("eu", "us"), workload=("training",)),
    640.5,
    START,
    START + pd.Timedelta(days=30),
    LimitKind.QUOTA,
    "megawatts",
)


def test_a_limit_comes_back_as_it_was_with_a_number_and_an_instant(store: Store) -> None:
    before = datetime.now(UTC)
    with store.begin() as unit:
        stored = unit.limits.create(LIMIT)
    with store.read() as unit:
        assert unit.limits.get(stored.id) == stored
    assert stored.limit == LIMIT
    assert before <= stored.recorded_at <= datetime.now(UTC)


def test_a_limit_on_everything_for_ever_comes_back_so(store: Store) -> None:
    limit = Limit(Selection(), 10, START)
    with store.begin() as unit:
        assert unit.limits.create(limit).limit == limit


@pytest.mark.parametrize("kind", list(LimitKind))
def test_every_kind_comes_back_as_it_was(store: Store, kind: LimitKind) -> None:
    with store.begin() as unit:
        assert unit.limits.create(Limit(Selection(), 10, START, kind=kind)).limit.kind is kind


def test_limits_are_listed_by_id_in_pages(store: Store) -> None:
    with store.begin() as unit:
        ids = [unit.limits.create(LIMIT).id for _ in range(3)]
        assert [each.id for each in unit.limits.find()] == ids
        assert [each.id for each in unit.limits.find(limit=1, after=ids[0])] == ids[1:2]


def test_a_limit_that_is_removed_is_no_longer_there(store: Store) -> None:
    with store.begin() as unit:
        stored = unit.limits.create(LIMIT)
        assert unit.limits.remove(stored.id) == stored
        assert unit.limits.find() == []
        with pytest.raises(LimitNotFound, match="GET /v1/limits"):
            unit.limits.remove(stored.id)
