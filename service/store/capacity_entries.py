"""What texts, dates and amounts of a block must be, so that the store, an address and a table can hold them."""

import re
import unicodedata
from collections.abc import Iterator

import pandas as pd

from demand.calendar import EARLIEST
from demand.errors import Invalid
from demand.tidy import LARGEST_VALUE, LONGEST_NAME, printable
from planning.ledger import Block

LATEST = pd.Timestamp("2200-01-01", tz="UTC")
LONGEST_TEXT = 10_000
LONGEST_DAYS = 100_000
MOST_MONTHS = 600
MOST_AWAITED = 1000

SEPARATOR = "|"
"""Stands between names in one cell of a table, so no name holds it."""

_CURRENCY = re.compile(r"[A-Z]{3}")


def check_entry(block: Block) -> None:
    """Refuse a block that cannot be stored, addressed or written to a table and read back.

    Raises:
        Invalid: a name, text, date, amount or currency cannot be used.
    """
    _check_name(block.name)
    for what, text in (("provider", block.provider), ("region", block.region), ("accelerator", block.accelerator)):
        _check_text(what, text, longest=LONGEST_NAME)
    for what, text in (("notes", block.notes), ("source", block.source)):
        _check_text(what, text, longest=LONGEST_TEXT)
    if not _CURRENCY.fullmatch(block.currency):
        raise Invalid(
            f"the currency {printable(block.currency)!r} of block {block.name!r} is none; write three capital letters "
            "as in ISO 4217, such as USD"
        )
    if len(block.after) > MOST_AWAITED:
        raise Invalid(f"block {block.name!r} waits for {len(block.after):,} others; the most are {MOST_AWAITED:,}")
    for instant in _instants(block):
        if not EARLIEST <= instant <= LATEST:
            raise Invalid(
                f"block {block.name!r} has a date of {instant.isoformat()}, which is not between {EARLIEST.year} and "
                f"{LATEST.year}; correct the year"
            )
    for value, largest, unit in _numbers(block):
        if abs(value) > largest:
            raise Invalid(f"block {block.name!r} has a number of {value:g}{unit}; the largest is {largest:g}{unit}")


def _check_name(name: str) -> None:
    if not name[:1].isalnum() or name != name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid(
            f"{printable(name)!r} is no name of a block; use at most {LONGEST_NAME} printable characters, beginning "
            "with a letter or a digit"
        )
    if SEPARATOR in name or "/" in name:
        raise Invalid(f"the block name {printable(name)!r} holds {SEPARATOR} or /; use other characters")


def _check_text(what: str, text: str, *, longest: int) -> None:
    if len(text) > longest:
        raise Invalid(f"{what} has {len(text):,} characters; shorten it to at most {longest:,}")
    if text != text.strip():
        raise Invalid(f"{what} {printable(text)!r} begins or ends with a space; remove it")
    if any(unicodedata.category(character) in {"Cc", "Cs"} and character != "\n" for character in text):
        raise Invalid(f"{what} {printable(text)!r} holds a control character; remove it")


def _instants(block: Block) -> Iterator[pd.Timestamp]:
    yield block.online
    if block.end is not None:
        yield block.end
    yield from (each.completes for each in block.milestones.values() if each.completes is not None)
    yield from (way.until for way in block.ways_out)
    if block.first_refusal is not None:
        yield block.first_refusal.until


def _numbers(block: Block) -> Iterator[tuple[float, float, str]]:
    """Every number with the largest that it may be, and what it counts."""
    amounts = [block.quantity, block.running_cost_per_month, *(each.cost for each in block.milestones.values())]
    days = [block.slip_days.low, block.slip_days.mid, block.slip_days.high]
    for way in block.ways_out:
        amounts += [way.charge, way.refund, way.charge_per_month]
    if block.first_refusal is not None:
        amounts += [block.first_refusal.quantity, block.first_refusal.price]
        days.append(block.first_refusal.lead_days)
    yield from ((value, LARGEST_VALUE, "") for value in amounts)
    yield from ((value, LONGEST_DAYS, " days") for value in days)
    yield from ((way.months, MOST_MONTHS, " months") for way in block.ways_out)
