import json

import pytest
from hypothesis import given

from demand.errors import Invalid
from planning.ledger import Block
from service.store.capacity_documents import to_block, to_document
from tests.service.ledgers import FULL, PLAIN, blocks


@given(blocks())
def test_every_block_comes_back_from_its_text_as_it_was(block: Block) -> None:
    assert to_block(json.loads(json.dumps(to_document(block), allow_nan=False))) == block


def test_a_block_with_everything_comes_back_too() -> None:
    assert to_block(to_document(FULL)) == FULL


def test_what_is_not_stated_is_as_where_nothing_is_known() -> None:
    assert to_block({"name": "plain", "quantity": 100.0, "online": "2026-07-01T02:00:00+02:00", "end": None}) == PLAIN


def test_ways_out_are_ordered_by_their_kind() -> None:
    document = to_document(FULL)
    document["ways_out"].reverse()
    assert to_block(document) == FULL


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"quantity": None}, "block 'plain' lacks quantity"),
        ({"first_refusal": {"quantity": 3}}, "the right of first refusal lacks until"),
        ({"ways_out": [{"kind": "cancel", "charge": 3}]}, "the way to cancel lacks until"),
        ({"slip_days": {"p10": 3}}, "the slip in days lacks p50"),
        ({"online": "2026-07-01T00:00:00"}, "no UTC offset"),
    ],
)
def test_what_lacks_something_says_so(change: dict, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        to_block(to_document(PLAIN) | change)
