import io
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from demand.errors import Invalid
from planning.ledger import Block, Phase
from planning.pools import Topology
from planning.states import CommitmentState
from service.capacity import ImportedBlock, Outcome, export_blocks, import_blocks, topology_in_force
from service.store.capacity_blocks import Signature
from service.store.engine import Store
from service.store.topologies import StoredTopology
from tests.service.conftest import Start
from tests.service.ledgers import FULL, PLAIN
from tests.service.stopping import kill_at, restarted

ANNA = Signature("anna", "from the sheet")
EUROS = replace(PLAIN, currency="EUR")


def imported(store: Store, text: str, signature: Signature = ANNA, *, dry_run: bool = False) -> list[ImportedBlock]:
    return import_blocks(store, io.BytesIO(text.encode()), signature, dry_run=dry_run)


def exported(store: Store) -> str:
    with store.read() as unit:
        return export_blocks(unit.capacity.find())


def ledger(store: Store) -> list[Block]:
    with store.read() as unit:
        return [stored.block for stored in unit.capacity.find()]


def enter(store: Store, *blocks: Block) -> None:
    with store.begin() as unit:
        unit.capacity.save(blocks)


def faults(store: Store, text: str, signature: Signature = ANNA) -> list[tuple[int, str]]:
    before = exported(store)
    with pytest.raises(Invalid, match="nothing was stored") as caught:
        imported(store, text, signature)
    assert exported(store) == before
    assert all(fault["reason"] for fault in caught.value.details)
    return [(fault["line"], fault["column"]) for fault in caught.value.details]


def test_an_export_changes_nothing_where_it_is_from(store: Store) -> None:
    enter(store, FULL, EUROS)
    text = exported(store)
    assert {line.outcome for line in imported(store, text)} == {Outcome.UNCHANGED}
    with store.read() as unit:
        assert len(unit.capacity.changes(FULL.name)) == 1
    assert ledger(store) == [FULL, EUROS]


def test_an_export_fills_another_store_with_the_same_blocks(store: Store, tmp_path: Path) -> None:
    other = Store(f"sqlite:///{tmp_path / 'other.db'}")
    other.migrate()
    states = [
        replace(PLAIN, name=f"{phase} {state}", phase=phase, state=state)
        for phase, state in product(Phase, CommitmentState)
    ]
    enter(store, *states)
    assert {line.outcome for line in imported(other, exported(store))} == {Outcome.CREATED}
    assert ledger(other) == ledger(store)
    assert exported(other) == exported(store)
    other.close()


def test_columns_that_a_file_lacks_stay_and_empty_cells_forget(store: Store) -> None:
    enter(store, EUROS, FULL)
    (line,) = imported(store, f'name,region,end\n"{FULL.name}",eu-north,\n')
    assert line == ImportedBlock(2, FULL.name, Outcome.CHANGED, ("region", "end"))
    assert ledger(store) == [replace(FULL, region="eu-north", end=None), EUROS]
    with store.read() as unit:
        assert unit.capacity.changes(FULL.name)[-1].signature == ANNA


def test_a_dry_run_tells_the_same_and_stores_nothing(store: Store) -> None:
    enter(store, PLAIN)
    text = "name,quantity,online\nplain,5,2026-07-01\nnew,5,2026-07-01\n"
    told = imported(store, text, dry_run=True)
    assert ledger(store) == [PLAIN]
    assert imported(store, text) == told
    assert [line.outcome for line in told] == [Outcome.CHANGED, Outcome.CREATED]
    assert len(ledger(store)) == 2


def test_every_line_at_fault_is_told_and_none_is_stored(store: Store) -> None:
    enter(store, replace(PLAIN, name="over", state=CommitmentState.EXPIRED), replace(PLAIN, phase=Phase.CHIPS))
    text = (
        "name,quantity,online,state,phase,after\n"
        "good,5,2026-07-01,,,\n"
        "bad,many,2026-07-01,,,\n"
        "over,100,2026-07-01,active,,\n"
        "plain,100,2026-07-01,,land,\n"
        "waits,5,2026-07-01,,,nobody\n"
        "new,,2026-07-01,,,\n"
    )
    found = faults(store, text, Signature("anna"))
    assert found == [(3, "quantity"), (4, ""), (5, ""), (6, "after"), (7, "")]


def test_a_phase_goes_back_with_a_note_to_the_import(store: Store) -> None:
    enter(store, replace(PLAIN, phase=Phase.CHIPS))
    assert faults(store, "name,phase\nplain,land\n", Signature("anna")) == [(2, "")]
    imported(store, "name,phase\nplain,land\n")
    assert ledger(store)[0].phase is Phase.LAND


def test_a_name_on_two_lines_is_told_on_both(store: Store) -> None:
    text = "name,quantity,online\na,1,2026-07-01\nb,1,2026-07-01\na,2,2026-07-01\n"
    assert faults(store, text) == [(2, "name"), (4, "name")]


def test_another_currency_is_told_on_its_line_and_all_blocks_together_may_change_it(store: Store) -> None:
    enter(store, PLAIN, replace(PLAIN, name="other"))
    assert faults(store, "name,currency\nother,EUR\n") == [(2, "currency")]
    imported(store, "name,currency\nother,EUR\nplain,EUR\n")
    assert {block.currency for block in ledger(store)} == {"EUR"}


def test_a_circle_in_a_file_is_refused_with_its_blocks(store: Store) -> None:
    text = "name,quantity,online,after\na,1,2026-07-01,b\nb,1,2026-07-01,a\n"
    for dry_run in (False, True):
        with pytest.raises(Invalid, match="in a circle: a, b"):
            imported(store, text, dry_run=dry_run)
    assert ledger(store) == []


def test_an_edited_export_does_not_undo_what_others_changed_meanwhile(store: Store) -> None:
    enter(store, PLAIN, replace(PLAIN, name="other"))
    edited = exported(store).replace(",100,", ",200,")
    with store.begin() as unit:
        unit.capacity.amend("plain", {"region": "eu"})
    assert faults(store, edited) == [(3, "")]


def test_a_file_without_a_block_says_so(store: Store) -> None:
    with pytest.raises(Invalid, match="no block"):
        imported(store, "name,quantity\n")


def test_pools_follow_from_supply_until_some_are_stored(store: Store) -> None:
    enter(store, replace(PLAIN, region="eu", accelerator="H100"))
    with store.read() as unit:
        implied = topology_in_force(unit)
    assert isinstance(implied, Topology)
    assert [pool.name for pool in implied.pools] == ["eu H100"]
    with store.begin() as unit:
        unit.topologies.replace(implied, ANNA)
    with store.read() as unit:
        found = topology_in_force(unit)
    assert isinstance(found, StoredTopology)
    assert found.topology == implied


@pytest.mark.parametrize("moment", ["INSERT INTO capacity_change", "DELETE FROM capacity_block"])
def test_a_server_killed_in_the_middle_of_an_import_leaves_the_ledger_as_it_was(
    start: Start, store: Store, store_url: str, moment: str
) -> None:
    enter(store, PLAIN)
    before = exported(store)
    text = "name,quantity,online,phase\n" + "".join(
        f"block {row},{row + 1},2027-01-01T00:00:00Z,shell\n" for row in range(300)
    )
    text += f'"{PLAIN.name}",77,2027-01-01T00:00:00Z,shell\n'
    kill_at(start, store_url, moment, "/v1/capacity/import?by=anna", text.encode(), "text/csv")
    with restarted(start, store_url) as connection:
        assert exported(store) == before
        connection.request("POST", "/v1/capacity/import?by=anna", text.encode(), {"content-type": "text/csv"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
    with store.read() as unit:
        versions = [stored.version for stored in unit.capacity.find() if stored.block.name != PLAIN.name]
        assert versions == [1] * 300
        assert [change.signature.by for change in unit.capacity.changes(PLAIN.name)] == ["unknown", "anna"]
