"""How the ledger of supply is filled from files, and which pools it belongs to."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO

from demand.errors import ComputecastError, Conflict, Invalid
from demand.series import Selection
from demand.tidy import REJECTIONS_TOLD
from planning.amendments import check_amendment, check_changes
from planning.ledger import Block
from planning.pools import Topology, default_topology
from service.connectors.capacity_files import (
    Line,
    UnreadableCell,
    from_cells,
    read_lines,
    read_version,
    to_cells,
    write_blocks,
)
from service.store.capacity import normal
from service.store.capacity_blocks import OutdatedEdit, Signature, StoredBlock
from service.store.capacity_documents import to_document
from service.store.engine import Store
from service.store.topologies import StoredTopology
from service.store.unit_of_work import UnitOfWork


class Outcome(StrEnum):
    """What becomes of a block that a file names."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class ImportedBlock:
    """What became of a line of a file, or would.

    Attributes:
        line: that it begins on.
        name: of the block.
        outcome: what became of it.
        fields: what is another than before, for one that is changed.
    """

    line: int
    name: str
    outcome: Outcome
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fault:
    """Why a line of a file is refused.

    Attributes:
        line: that it begins on.
        column: the offending column, empty if the line as a whole makes no sense.
        value: what stands there, printable.
        reason: what is wrong and what to do about it.
    """

    line: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True)
class _Draft:
    line: int
    before: Block | None
    block: Block

    def imported(self) -> ImportedBlock:
        if self.before is None:
            return ImportedBlock(self.line, self.block.name, Outcome.CREATED)
        fields = changed_fields(self.before, self.block)
        return ImportedBlock(self.line, self.block.name, Outcome.CHANGED if fields else Outcome.UNCHANGED, fields)


def import_blocks(store: Store, source: BinaryIO, signature: Signature, *, dry_run: bool) -> list[ImportedBlock]:
    """Enter or change the blocks of a CSV file, all or none; columns that it lacks stay as they are.

    Args:
        store: where to.
        source: the file.
        signature: who imports it, and why.
        dry_run: only say what would become of it.

    Raises:
        Invalid: it cannot be read, or lines are refused; `details` holds each of them.
    """
    lines = list(read_lines(source))
    if not lines:
        raise Invalid("there is no block in this file; send a line for each below the header")
    with store.read() if dry_run else store.begin() as unit:
        ledger = {stored.block.name: stored for stored in unit.capacity.find()} if dry_run else unit.capacity.ledger()
        drafts = _drafts(lines, ledger, signature.note)
        wanted = {draft.block.name: draft.block for draft in drafts}
        check_changes({name: stored.block for name, stored in ledger.items()}, wanted, signature.note)
        if not dry_run:
            unit.capacity.save(list(wanted.values()), signature)
    return [draft.imported() for draft in drafts]


def export_blocks(blocks: Iterable[StoredBlock]) -> str:
    """Blocks as CSV that `import_blocks` takes back exactly as they are."""
    return write_blocks((stored.block, stored.version) for stored in blocks)


def changed_fields(before: Block, after: Block) -> tuple[str, ...]:
    """The fields of the document in which two states of a block differ."""
    one, other = to_document(before), to_document(after)
    return tuple(name for name, value in one.items() if other[name] != value)


def topology_in_force(unit: UnitOfWork, *, as_of: datetime | None = None) -> StoredTopology | Topology:
    """The pools that are stored, or where none are, one for each region and accelerator of demand and supply."""
    stored = unit.topologies.newest(as_of=as_of)
    if stored is not None:
        return stored
    keys = [series.key for series in unit.series.find(Selection())]
    blocks = [stored.block for stored in unit.capacity.find(as_of=as_of)]
    return default_topology(keys, [(block.region, block.accelerator) for block in blocks])


def _drafts(lines: Sequence[Line], ledger: Mapping[str, StoredBlock], note: str) -> list[_Draft]:
    drafts, faults = [], []
    for line in lines:
        try:
            drafts.append(_draft(line, ledger, note))
        except (Invalid, Conflict) as error:
            faults.append(_fault(line, error))
    kept = {name: stored.block for name, stored in ledger.items()}
    faults += _disagreements(drafts, kept, {line.cells["name"] for line in lines})
    if faults:
        told = sorted(faults, key=lambda fault: fault.line)[:REJECTIONS_TOLD]
        first = told[0]
        where = f"line {first.line}, {first.column}" if first.column else f"line {first.line}"
        more = f"; {len(faults) - 1} more faults are listed beside it" if len(faults) > 1 else ""
        raise Invalid(f"nothing was stored: {where}: {first.reason}{more}", [asdict(fault) for fault in told])
    return drafts


def _draft(line: Line, ledger: Mapping[str, StoredBlock], note: str) -> _Draft:
    stored = ledger.get(line.cells["name"])
    known = {} if stored is None else to_cells(stored.block)
    block = normal(from_cells({**known, **line.cells}))
    if stored is None or block == stored.block:
        return _Draft(line.number, None if stored is None else stored.block, block)
    version = read_version(line.cells)
    if version is not None and version != stored.version:
        raise OutdatedEdit(block.name, stored.version, version)
    check_amendment(stored.block, block, note)
    return _Draft(line.number, stored.block, block)


def _disagreements(drafts: Sequence[_Draft], kept: Mapping[str, Block], named: set[str]) -> Iterator[Fault]:
    """What is wrong about lines beside each other and the ledger, that can be told of a line."""
    times = Counter(draft.block.name for draft in drafts)
    currencies = [block.currency for name, block in kept.items() if name not in named]
    currencies += [draft.block.currency for draft in drafts]
    for draft in drafts:
        block = draft.block
        if times[block.name] > 1:
            yield Fault(draft.line, "name", block.name, "is named by several lines; keep one")
        missing = [name for name in block.after if name not in named and name not in kept]
        if missing:
            yield Fault(draft.line, "after", missing[0], f"waits for {missing[0]!r}, which is not in the ledger")
        if block.currency != currencies[0]:
            reason = f"is in {block.currency} where others are in {currencies[0]}; convert it, or import all blocks"
            yield Fault(draft.line, "currency", block.currency, reason)


def _fault(line: Line, error: ComputecastError) -> Fault:
    if isinstance(error, UnreadableCell):
        return Fault(line.number, error.column, error.value, error.reason)
    return Fault(line.number, "", line.cells["name"], str(error))
