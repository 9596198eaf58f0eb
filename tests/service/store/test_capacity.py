from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import select

from demand.errors import Conflict, Invalid
from planning.amendments import LastingBlock
from planning.ledger import Block, Phase
from planning.states import CommitmentState, ForbiddenTransition
from service.store.capacity import CapacityRepository
from service.store.capacity_blocks import EVERYTHING, BlockExists, BlockFilter, BlockNotFound, OutdatedEdit, Signature
from service.store.capacity_tables import CAPACITY_CHANGE
from service.store.engine import Store
from tests.service.ledgers import FULL, PLAIN

ANNA = Signature("anna", "as agreed")
EUROS = replace(PLAIN, currency="EUR")


def names(store: Store, part: BlockFilter = EVERYTHING, **options: object) -> list[str]:
    with store.read() as unit:
        return [stored.block.name for stored in unit.capacity.find(part, **options)]  # type: ignore[arg-type]


def enter(store: Store, *blocks: Block, signature: Signature = ANNA) -> None:
    with store.begin() as unit:
        unit.capacity.save(blocks, signature)


def replace_block(store: Store, block: Block, signature: Signature = ANNA, version: int | None = None) -> None:
    with store.begin() as unit:
        unit.capacity.replace(block.name, block, signature, expected_version=version)


def test_a_block_comes_back_as_it_was_with_its_version_and_its_author(store: Store) -> None:
    before = datetime.now(UTC)
    with store.begin() as unit:
        unit.capacity.create(EUROS)
        stored = unit.capacity.create(FULL, ANNA)
    assert (stored.block, stored.version, stored.changed_by) == (FULL, 1, "anna")
    assert before <= stored.changed_at <= datetime.now(UTC)
    with store.read() as unit:
        assert unit.capacity.get(FULL.name) == stored
        assert unit.capacity.find()[0] == stored


def test_blocks_are_listed_by_name_in_pages_and_in_the_order_of_code_points(store: Store) -> None:
    written = ["b", "a", "Z", "ä", "z", "a b", "a-b"]
    enter(store, *(replace(PLAIN, name=name) for name in written))
    assert names(store) == sorted(written)
    pages = [names(store, limit=3, after=after) for after in (None, *sorted(written)[2::3])]
    assert [name for page in pages for name in page] == sorted(written)


def test_a_part_of_the_ledger_is_found_now_and_as_of_now_as_its_filter_says(store: Store) -> None:
    regions, phases, states = ("eu", "us"), (Phase.LAND, Phase.LIVE), ("active", "proposed", "canceled")
    blocks = [
        replace(PLAIN, name=f"{region} {phase} {state}", region=region, phase=phase, state=CommitmentState(state))
        for region, phase, state in product(regions, phases, states)
    ]
    enter(store, *blocks)
    for part in (
        BlockFilter(region=("eu",)),
        BlockFilter(phase=("live",), state=("active", "canceled")),
        BlockFilter(provider=("acme",)),
        BlockFilter(region=("eu", "us"), accelerator=("",)),
    ):
        wanted = sorted(block.name for block in blocks if part.accepts(block))
        assert names(store, part) == names(store, part, as_of=store.now()) == wanted
    assert names(store, BlockFilter(phase=("live",), state=("active",), region=("us",))) == ["us live active"]


def test_every_change_is_kept_with_who_and_when_and_what_it_was_before(store: Store) -> None:
    live = replace(PLAIN, state=CommitmentState.ACTIVE, phase=Phase.LIVE)
    with store.begin() as unit:
        unit.capacity.create(PLAIN, ANNA)
    replace_block(store, live, Signature("ben", "it is there"))
    with store.read() as unit:
        first, second = unit.capacity.changes("plain")
        assert unit.capacity.changes("plain", after=first.id) == [second]
        assert unit.capacity.changes("plain", limit=1) == [first]
    assert (first.before, first.after, first.signature, first.version) == (None, PLAIN, ANNA, 1)
    assert (second.before, second.after, second.version) == (PLAIN, live, 2)
    assert second.signature == Signature("ben", "it is there")
    assert first.changed_at < second.changed_at


def test_a_change_that_changes_nothing_is_none(store: Store) -> None:
    enter(store, PLAIN)
    enter(store, PLAIN, signature=Signature("ben"))
    replace_block(store, PLAIN)
    with store.read() as unit:
        assert len(unit.capacity.changes("plain")) == 1
        assert unit.capacity.get("plain").version == 1


def test_a_ledger_is_read_as_it_was_at_any_instant(sqlite_store: Store, noon: datetime) -> None:
    hours = iter(range(10))
    ticking = lambda: noon + timedelta(hours=next(hours))  # noqa: E731
    wider = replace(PLAIN, quantity=200.0)
    with sqlite_store.begin() as unit:
        for action in (
            lambda ledger: ledger.create(PLAIN),
            lambda ledger: ledger.replace("plain", wider),
            lambda ledger: ledger.remove("plain"),
        ):
            action(CapacityRepository(unit.capacity._connection, ticking))
        seen = [
            [stored.block for stored in unit.capacity.find(as_of=noon + timedelta(minutes=minutes))]
            for minutes in (-1, 0, 59, 60, 119, 120)
        ]
        with pytest.raises(BlockNotFound):
            unit.capacity.get("plain", as_of=noon - timedelta(minutes=1))
        assert unit.capacity.get("plain", as_of=noon + timedelta(minutes=30)).block == PLAIN
    assert seen == [[], [PLAIN], [PLAIN], [wider], [wider], []]


def test_the_past_of_a_ledger_begins_with_its_first_entry(store: Store) -> None:
    with store.read() as unit:
        assert unit.capacity.first_changed_at() is None
    enter(store, PLAIN)
    replace_block(store, replace(PLAIN, quantity=7.0))
    with store.read() as unit:
        first = unit.capacity.changes("plain")[0].changed_at
        assert unit.capacity.first_changed_at() == first <= unit.now()


def test_a_clock_that_stands_still_or_goes_back_does_not_mix_up_what_came_first(
    sqlite_store: Store, noon: datetime
) -> None:
    for instant, quantity in ((noon, 1.0), (noon, 2.0), (noon - timedelta(days=1), 3.0)):
        with sqlite_store.begin() as unit:
            still = CapacityRepository(unit.capacity._connection, lambda instant=instant: instant)
            still.save([replace(PLAIN, quantity=quantity)])
    with sqlite_store.read() as unit:
        changes = unit.capacity.changes("plain")
        for change in changes:
            assert unit.capacity.get("plain", as_of=change.changed_at).block == change.after
    assert [change.after.quantity for change in changes if change.after] == [1.0, 2.0, 3.0]


def test_what_is_removed_is_kept_among_the_changes_and_its_versions_go_on(store: Store) -> None:
    enter(store, PLAIN)
    with store.begin() as unit:
        assert unit.capacity.remove("plain", ANNA).block == PLAIN
    assert names(store) == []
    enter(store, PLAIN)
    with store.read() as unit:
        assert [(each.before, each.after, each.version) for each in unit.capacity.changes("plain")] == [
            (None, PLAIN, 1),
            (PLAIN, None, 2),
            (None, PLAIN, 3),
        ]
        assert unit.capacity.get("plain").version == 3


def test_what_was_committed_is_not_removed(store: Store) -> None:
    enter(store, replace(PLAIN, state=CommitmentState.ACTIVE))
    with pytest.raises(LastingBlock), store.begin() as unit:
        unit.capacity.remove("plain")
    assert names(store) == ["plain"]


def test_what_another_block_waits_for_is_not_removed(store: Store) -> None:
    enter(store, PLAIN, replace(PLAIN, name="next", after=("plain",)))
    with pytest.raises(Invalid, match="'next' waits for 'plain'"), store.begin() as unit:
        unit.capacity.remove("plain")


def test_blocks_are_saved_all_or_none(store: Store) -> None:
    enter(store, PLAIN, replace(PLAIN, name="over", state=CommitmentState.CANCELED))
    wanted = [replace(PLAIN, quantity=1.0), replace(PLAIN, name="over", state=CommitmentState.ACTIVE)]
    with pytest.raises(ForbiddenTransition), store.begin() as unit:
        unit.capacity.save(wanted)
    with store.read() as unit:
        assert unit.capacity.get("plain").block == PLAIN
        assert len(unit.capacity.changes("over")) == 1


def test_blocks_that_wait_for_each_other_may_come_in_any_order(store: Store) -> None:
    enter(store, FULL, EUROS)
    assert names(store) == [FULL.name, "plain"]


def test_a_name_is_entered_once_and_changed_only_if_it_is_there(store: Store) -> None:
    enter(store, PLAIN)
    with store.begin() as unit:
        with pytest.raises(BlockExists, match="'plain' already"):
            unit.capacity.create(PLAIN)
        for question in (
            lambda: unit.capacity.get("other"),
            lambda: unit.capacity.changes("other"),
            lambda: unit.capacity.remove("other"),
            lambda: unit.capacity.replace("other", PLAIN),
        ):
            with pytest.raises(BlockNotFound, match="GET /v1/capacity"):
                question()


def test_an_edit_of_what_has_changed_since_is_refused(store: Store) -> None:
    enter(store, PLAIN)
    replace_block(store, replace(PLAIN, quantity=1.0), version=1)
    with pytest.raises(OutdatedEdit, match="version 2 and not 1"):
        replace_block(store, replace(PLAIN, quantity=2.0), version=1)
    with store.read() as unit:
        assert unit.capacity.get("plain").block.quantity == 1.0


def test_of_edits_at_once_that_expect_one_version_only_one_is_made(store: Store) -> None:
    enter(store, PLAIN)

    def edit(quantity: int) -> bool:
        try:
            replace_block(store, replace(PLAIN, quantity=float(quantity)), version=1)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(edit, range(8))) == 1
    with store.read() as unit:
        assert unit.capacity.get("plain").version == 2


def test_edits_at_once_of_several_blocks_are_each_checked_against_those_before(store: Store) -> None:
    """Of two blocks that would wait for each other, one cannot be entered, however they come."""
    first, second = replace(PLAIN, name="first"), replace(PLAIN, name="second")
    enter(store, first, second)

    def wait(pair: tuple[Block, Block]) -> bool:
        try:
            replace_block(store, replace(pair[0], after=(pair[1].name,)))
        except Invalid:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(wait, [(first, second), (second, first)])) == [False, True]


def test_changes_are_numbered_in_the_order_of_their_instants(store: Store) -> None:
    def add(number: int) -> None:
        enter(store, replace(PLAIN, name=f"block {number}"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(12)))
    with store.engine.connect() as connection:
        statement = select(CAPACITY_CHANGE.c.changed_at).order_by(CAPACITY_CHANGE.c.id)
        instants = list(connection.execute(statement).scalars())
    assert len(instants) == 12
    assert instants == sorted(set(instants))
