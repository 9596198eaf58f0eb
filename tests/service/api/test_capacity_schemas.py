from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given

from planning.ledger import Block
from planning.states import TRANSITIONS
from service.api.capacity_schemas import BlockEntry, BlockOrder, ChangeEntry
from service.store.capacity_blocks import Change, Signature, StoredBlock
from service.store.capacity_entries import check_entry
from tests.service.ledgers import FULL, blocks, day

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)


@given(blocks())
def test_every_block_that_can_be_stored_is_shown_as_what_would_enter_it_again(block: Block) -> None:
    check_entry(block)
    shown = BlockEntry.of(StoredBlock(block, 3, NOON, "anna"), NOON).model_dump(mode="json")
    for part in (*shown["ways_out"], *filter(None, [shown["first_refusal"]])):
        del part["available"]
    order = {name: value for name, value in shown.items() if name in BlockOrder.model_fields}
    assert BlockOrder.model_validate(order).block() == block


@given(blocks())
def test_what_can_be_done_about_a_block_is_so_by_the_instant_and_while_it_has_not_ended(block: Block) -> None:
    shown = BlockEntry.of(StoredBlock(block, 1, NOON, "anna"), NOON)
    lasts = bool(TRANSITIONS[block.state])
    assert [way.available for way in shown.ways_out] == [lasts and way.until >= NOON for way in block.ways_out]


def test_what_becomes_another_is_named_in_a_change() -> None:
    other = replace(FULL, quantity=1.0, end=day("2040-01-01"))
    for before, after, outcome, fields in (
        (None, FULL, "created", []),
        (FULL, other, "changed", ["quantity", "end"]),
        (FULL, None, "removed", []),
    ):
        shown = ChangeEntry.of(Change(1, FULL.name, 1, NOON, Signature("anna", "why"), before, after))
        assert (shown.outcome, shown.fields, shown.changed_by, shown.note) == (outcome, fields, "anna", "why")
        assert [each and each.block() for each in (shown.before, shown.after)] == [before, after]
