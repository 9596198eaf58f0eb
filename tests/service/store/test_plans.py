from datetime import UTC, datetime

import pytest

from service.store.capacity_blocks import Signature
from service.store.engine import Store
from service.store.plans import Grounds, KeptPlan, PlanNotFound, StoredPlan
from tests.service.plans import small_plan

GROUNDS = Grounds(
    datetime(2026, 1, 1, 12, 0, 0, 1, UTC),
    ("run-1", "run-2"),
    "2026-01",
    "month",
    "2026-01-01T00:00:00+00:00",
    "2027-01-01T00:00:00+00:00",
    50,
    "USD",
    "accelerators",
    uncounted=(("power", "it is in megawatts"),),
    left_out=(("tenant=a", "it is new"),),
    remarks=("so it is",),
)


@pytest.fixture(scope="module")
def kept() -> KeptPlan:
    return KeptPlan({"cost_short": 5.0}, small_plan(), GROUNDS, Signature("anna", "monthly round"))


def keep(store: Store, kept: KeptPlan) -> StoredPlan:
    with store.begin() as unit:
        return unit.plans.add(kept)


def test_a_plan_is_read_as_it_was_kept(store: Store, kept: KeptPlan) -> None:
    stored = keep(store, kept)
    with store.read() as unit:
        assert unit.plans.get(stored.id) == stored
    assert stored.kept == kept


def test_plans_are_listed_the_newest_first_page_by_page(store: Store, kept: KeptPlan) -> None:
    ids = [keep(store, kept).id for _ in range(3)]
    with store.read() as unit:
        assert [each.id for each in unit.plans.page()] == ids[::-1]
        assert [each.id for each in unit.plans.page(limit=1, after=ids[2])] == [ids[1]]


def test_a_number_is_never_given_again(store: Store, kept: KeptPlan) -> None:
    first = keep(store, kept).id
    with store.begin() as unit:
        assert unit.plans.remove(first).id == first
    with pytest.raises(PlanNotFound, match=f"plan {first} is not kept"), store.read() as unit:
        unit.plans.get(first)
    assert keep(store, kept).id > first
