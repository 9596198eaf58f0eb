import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demand.errors import Invalid
from planning.ledger import Block, Exit, Milestone, Phase
from planning.states import TRANSITIONS
from service.connectors.capacity_files import (
    COLUMNS,
    UnreadableCell,
    from_cells,
    read_lines,
    read_version,
    to_cells,
    write_blocks,
)
from tests.service.ledgers import FULL, PLAIN, blocks, day


def read(text: str) -> list[tuple[int, Block]]:
    return [(line.number, from_cells(line.cells)) for line in read_lines(io.BytesIO(text.encode()))]


@given(st.lists(blocks(), max_size=3))
def test_every_block_comes_back_from_its_line_as_it_was(written: list[Block]) -> None:
    text = write_blocks((block, 1) for block in written)
    assert [block for _, block in read(text)] == written


def test_a_block_with_everything_comes_back_and_another_reader_of_csv_sees_the_same_cells() -> None:
    text = write_blocks([(FULL, 7), (PLAIN, 1)])
    assert read(text) == [(2, FULL), (4, PLAIN)]
    first, second = csv.DictReader(io.StringIO(text))
    assert {name: first[name] for name in ("quantity", "slip_p50", "power_completes", "land_completes")} == {
        "quantity": "2048.5",
        "slip_p50": "30.25",
        "power_completes": "",
        "land_completes": "2026-01-01T00:00:00Z",
    }
    assert (first["shell_cost"], first["slow_months"], first["after"], first["version"]) == ("2.5", "12", "plain", "7")
    assert first["notes"] == FULL.notes
    assert {name for name in COLUMNS if second[name]} == {
        *("name", "quantity", "unit", "online", "phase", "state", "conversion", "running_cost_per_month", "currency"),
        *("slip_p10", "slip_p50", "slip_p90"),
    }


def test_a_line_needs_no_more_than_a_name_a_quantity_and_a_date_and_a_plain_date_is_midnight_in_utc() -> None:
    text = " name , quantity,online\n\nplain,100,2026-07-01\nplain , 1e2 ,2026-07-01T02:00+02:00\n"
    assert read(text) == [(3, PLAIN), (4, PLAIN)]


def test_a_milestone_is_there_with_a_date_or_a_cost_alone() -> None:
    ((_, block),) = read("name,quantity,online,land_completes,chips_cost\na,1,2027-01-01,2026-01-01,5\n")
    assert block.milestones == {Phase.LAND: Milestone(day("2026-01-01")), Phase.CHIPS: Milestone(None, 5.0)}


def test_a_slip_that_is_certain_needs_its_median_only() -> None:
    ((_, block),) = read("name,quantity,online,slip_p50\na,1,2027-01-01,30\n")
    assert block.slip_days.is_certain
    assert block.slip_days.mid == 30


def test_several_names_are_separated_within_a_cell() -> None:
    ((_, block),) = read("name,quantity,online,after\na,1,2027-01-01,b | c\n")
    assert block.after == ("b", "c")


def test_every_field_of_a_way_out_has_a_column() -> None:
    for kind in Exit:
        assert {f"{kind}_until", f"{kind}_charge", f"{kind}_refund", f"{kind}_charge_per_month"} <= set(COLUMNS)
    assert replace(PLAIN, ways_out=FULL.ways_out) == from_cells(to_cells(replace(PLAIN, ways_out=FULL.ways_out)))


@pytest.mark.parametrize(
    ("column", "text", "told"),
    [
        ("quantity", "many", "not a number"),
        ("online", "soon", "ISO 8601"),
        ("online", "2026-07-01T00:00:00", "no UTC offset"),
        ("end", "2026-02-30", "ISO 8601"),
        ("phase", "roof", "none of exploratory, land"),
        ("state", "dead", "none of proposed, pending"),
        ("pause_months", "1.5", "whole number"),
        ("cancel_until", "1999-01-01", "correct the year"),
    ],
)
def test_a_cell_that_cannot_be_read_is_told_with_its_column(column: str, text: str, told: str) -> None:
    with pytest.raises(UnreadableCell, match=told) as caught:
        from_cells(to_cells(PLAIN) | {column: text})
    assert (caught.value.column, caught.value.value) == (column, text)


def test_a_version_is_a_whole_number_or_nothing() -> None:
    assert read_version({"version": "12"}) == 12
    assert read_version({"version": ""}) is None
    assert read_version({}) is None
    with pytest.raises(UnreadableCell, match="version"):
        read_version({"version": "new"})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "missing column 'name'"),
        ("quantity\n1\n", "missing column 'name'"),
        ("name,colour\na,red\n", "unknown column 'colour'"),
        ("name,name\na,b\n", "repeated"),
        ("name,quantity\na,1,2\n", "line 2 has 3 cells where the header has 2"),
        ('name,quantity\na,"1\n', "line 2 cannot be read as CSV"),
    ],
)
def test_a_file_that_is_no_table_of_blocks_says_what_it_lacks(text: str, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        read(text)


def test_the_documentation_names_every_column_and_every_transition() -> None:
    text = (Path(__file__).parents[3] / "docs" / "capacity.md").read_text()
    told = {name: f"{name.replace('pause_', 'cancel_').replace('slow_', 'cancel_')}" for name in COLUMNS}
    told |= {f"{phase}_{part}": f"land_{part}" for phase in Phase for part in ("completes", "cost")}
    told |= {name: name for name in COLUMNS if name.endswith("_months")}
    assert [name for name in (*COLUMNS, "version") if f"`{told.get(name, name)}`" not in text] == []
    for state, following in TRANSITIONS.items():
        assert f"| {state} | {', '.join(sorted(following))} |".replace("  ", " ") in text
