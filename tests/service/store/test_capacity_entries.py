from dataclasses import replace

import pandas as pd
import pytest

from demand.errors import Invalid
from planning.estimates import Estimate
from planning.ledger import Exit, WayOut
from service.store.capacity_entries import check_entry
from tests.service.ledgers import FULL, PLAIN, day


def test_a_block_with_everything_can_be_stored() -> None:
    check_entry(FULL)
    check_entry(replace(PLAIN, name="Zürich 2"))


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("name", " plain", "no name of a block"),
        ("name", "=1+1", "beginning with a letter or a digit"),
        ("name", "a" * 129, "at most 128"),
        ("name", "a\nb", "printable"),
        ("name", "eu/west", "holds | or /"),
        ("name", "eu|west", "holds | or /"),
        ("region", "eu ", "begins or ends with a space"),
        ("provider", "a\0b", "control character"),
        ("notes", "a\rb", "control character"),
        ("accelerator", "x" * 129, "shorten it to at most 128"),
        ("source", "x" * 10_001, "10,001 characters"),
        ("currency", "usd", "three capital letters"),
        ("online", pd.Timestamp("1999-12-31", tz="UTC"), "correct the year"),
        ("end", day("2200-01-02"), "correct the year"),
        ("ways_out", (WayOut(Exit.CANCEL, day("1990-01-01")),), "correct the year"),
        ("quantity", 2e15, "the largest is 1e"),
        ("running_cost_per_month", 1e300, "the largest is 1e"),
        ("slip_days", Estimate.certain(-2e5), "has a number of -200000 days"),
        ("ways_out", (WayOut(Exit.PAUSE, day("2026-01-01"), months=601),), "601 months; the largest is 600 months"),
        ("after", ("b",) * 1001, "waits for 1,001 others"),
    ],
)
def test_what_could_not_be_kept_or_addressed_is_refused(field: str, value: object, told: str) -> None:
    with pytest.raises(Invalid, match=told.replace("|", r"\|")):
        check_entry(replace(PLAIN, **{field: value}))
