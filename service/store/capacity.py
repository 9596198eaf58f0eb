"""The stored ledger of supply, and every change that was made to it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, collate, delete, func, insert, select

from demand.errors import Invalid
from planning.amendments import check_changes
from planning.ledger import Block
from service.store.capacity_blocks import (
    EVERYTHING,
    UNSIGNED,
    BlockExists,
    BlockFilter,
    BlockNotFound,
    Change,
    OutdatedEdit,
    Signature,
    StoredBlock,
)
from service.store.capacity_documents import Document, to_block, to_document
from service.store.capacity_entries import check_entry
from service.store.capacity_tables import CAPACITY_BLOCK, CAPACITY_CHANGE
from service.store.instants import from_micros, to_micros
from service.store.locks import CAPACITY_LOCK, take_lock


class CapacityRepository:
    """Blocks as they are and as they were; each change is checked against the ledger as a whole."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime]) -> None:
        self._connection = connection
        self._clock = clock

    def find(
        self,
        part: BlockFilter = EVERYTHING,
        *,
        as_of: datetime | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> list[StoredBlock]:
        """Blocks by name, in the order of code points.

        Args:
            part: which.
            as_of: as the ledger was at this instant, None for now.
            limit: how many at most.
            after: only names behind this one: the last name of the page before.
        """
        if as_of is not None:
            found = [each for each in self._earlier(as_of) if part.accepts(each.block)]
            return [each for each in found if after is None or each.block.name > after][:limit]
        name = self._ordered(CAPACITY_BLOCK.c.name)
        statement = select(CAPACITY_BLOCK).where(*part.conditions()).order_by(name).limit(limit)
        if after is not None:
            statement = statement.where(name > after)
        return [_stored(row, row.document) for row in self._connection.execute(statement)]

    def get(self, name: str, *, as_of: datetime | None = None) -> StoredBlock:
        """One block, now or as it was.

        Raises:
            BlockNotFound: there is none of this name, or there was none then.
        """
        if as_of is not None:
            found = self._earlier(as_of, CAPACITY_CHANGE.c.name == name)
        else:
            rows = self._connection.execute(select(CAPACITY_BLOCK).where(CAPACITY_BLOCK.c.name == name))
            found = [_stored(row, row.document) for row in rows]
        if not found:
            raise BlockNotFound(name)
        return found[0]

    def ledger(self) -> dict[str, StoredBlock]:
        """All blocks by name, which nobody else changes until the end of the transaction."""
        take_lock(self._connection, CAPACITY_LOCK)
        return {stored.block.name: stored for stored in self.find()}

    def changes(self, name: str, *, limit: int | None = None, after: int | None = None) -> list[Change]:
        """The changes of a block, the oldest first; those of one that was removed too.

        Raises:
            BlockNotFound: there never was a block of this name.
        """
        of_block = select(CAPACITY_CHANGE).where(CAPACITY_CHANGE.c.name == name)
        if self._connection.execute(of_block.limit(1)).first() is None:
            raise BlockNotFound(name)
        statement = of_block.where(CAPACITY_CHANGE.c.id > (after or 0)).order_by(CAPACITY_CHANGE.c.id).limit(limit)
        return [_change(row) for row in self._connection.execute(statement)]

    def first_changed_at(self) -> datetime | None:
        """When the first block was entered; None if none ever was."""
        first = self._connection.execute(select(func.min(CAPACITY_CHANGE.c.changed_at))).scalar_one()
        return None if first is None else from_micros(first)

    def create(self, block: Block, signature: Signature = UNSIGNED) -> StoredBlock:
        """Enter a block.

        Raises:
            BlockExists: there is one of this name.
            Invalid: it does not go together with the ledger.
        """
        ledger = self.ledger()
        if block.name in ledger:
            raise BlockExists(block.name)
        self._write(ledger, {block.name: block}, signature)
        return self.get(block.name)

    def replace(
        self, name: str, block: Block, signature: Signature = UNSIGNED, *, expected_version: int | None = None
    ) -> StoredBlock:
        """Change a block to what is given; where it is that already, nothing is changed.

        Raises:
            BlockNotFound: there is none of this name.
            OutdatedEdit: its version is not the expected one.
            ForbiddenTransition: its state may not follow that which it has.
            PhaseReversal: its phase goes back without a note.
            Invalid: it has another name, or does not go together with the ledger.
        """
        return self.amend(name, to_document(block), signature, expected_version=expected_version)

    def amend(
        self, name: str, fields: Document, signature: Signature = UNSIGNED, *, expected_version: int | None = None
    ) -> StoredBlock:
        """Change some fields of a block; the errors are those of `replace`.

        Args:
            name: of the block.
            fields: the part of its document that is to be another; null for what is no longer known.
            signature: who changes it, and why.
            expected_version: that it is to have, any if not given.
        """
        ledger = self.ledger()
        _check_version(ledger, name, expected_version)
        block = to_block(to_document(ledger[name].block) | fields)
        if block.name != name:
            raise Invalid(
                f"block {name!r} cannot become {block.name!r}; enter a new block, and end the old one as superseded"
            )
        self._write(ledger, {name: block}, signature)
        return self.get(name)

    def remove(self, name: str, signature: Signature = UNSIGNED, *, expected_version: int | None = None) -> StoredBlock:
        """Take out a block that was entered by mistake, and return what it was; its changes are kept.

        Raises:
            BlockNotFound: there is none of this name.
            OutdatedEdit: its version is not the expected one.
            LastingBlock: it is more than a proposal.
            Invalid: another block waits for it.
        """
        ledger = self.ledger()
        _check_version(ledger, name, expected_version)
        self._write(ledger, {name: None}, signature)
        return ledger[name]

    def save(self, blocks: Sequence[Block], signature: Signature = UNSIGNED) -> None:
        """Enter or change blocks, all of them or none, whatever order they come in.

        Raises:
            Invalid: they do not go together with each other or with the ledger.
            Conflict: a state or a phase may not follow.
        """
        self._write(self.ledger(), {block.name: block for block in blocks}, signature)

    @cached_property
    def _now(self) -> int:
        """One instant for all that is written in a transaction, behind those of all transactions before."""
        newest = self._connection.execute(select(func.max(CAPACITY_CHANGE.c.changed_at))).scalar_one()
        now = to_micros(self._clock())
        return now if newest is None else max(now, newest + 1)

    def _write(
        self, ledger: Mapping[str, StoredBlock], wanted: Mapping[str, Block | None], signature: Signature
    ) -> None:
        present = {name: stored.block for name, stored in ledger.items()}
        wanted = {name: block and normal(block) for name, block in wanted.items()}
        check_changes(present, wanted, signature.note)
        changed = {name: block for name, block in wanted.items() if present.get(name) != block}
        if not changed:
            return
        versions = self._versions(list(changed))
        shared = {
            name: {"name": name, "version": versions[name], "changed_at": self._now, "changed_by": signature.by}
            for name in changed
        }
        changes = [
            {**shared[name], "note": signature.note, "before": _document(present.get(name)), "after": _document(block)}
            for name, block in changed.items()
        ]
        self._connection.execute(insert(CAPACITY_CHANGE), changes)
        self._connection.execute(delete(CAPACITY_BLOCK).where(CAPACITY_BLOCK.c.name.in_(changed)))
        if rows := [{**shared[name], **_cells(block)} for name, block in changed.items() if block is not None]:
            self._connection.execute(insert(CAPACITY_BLOCK), rows)

    def _versions(self, names: Sequence[str]) -> dict[str, int]:
        """The version that comes next of each, counted over changes: removed and entered again, a block goes on."""
        name, version = CAPACITY_CHANGE.c.name, func.max(CAPACITY_CHANGE.c.version)
        statement = select(name, version).where(name.in_(names)).group_by(name)
        newest = {row[0]: row[1] for row in self._connection.execute(statement)}
        return {each: newest.get(each, 0) + 1 for each in names}

    def _earlier(self, as_of: datetime, *conditions: ColumnElement[bool]) -> list[StoredBlock]:
        newest = (
            select(func.max(CAPACITY_CHANGE.c.id))
            .where(CAPACITY_CHANGE.c.changed_at <= to_micros(as_of), *conditions)
            .group_by(CAPACITY_CHANGE.c.name)
        )
        rows = self._connection.execute(select(CAPACITY_CHANGE).where(CAPACITY_CHANGE.c.id.in_(newest)))
        there = [_stored(row, row.after) for row in rows if row.after is not None]
        return sorted(there, key=lambda stored: stored.block.name)

    def _ordered(self, name: ColumnElement[str]) -> ColumnElement[str]:
        # PostgreSQL orders by the language of the database otherwise
        return collate(name, "C") if self._connection.dialect.name == "postgresql" else name


def _check_version(ledger: Mapping[str, StoredBlock], name: str, expected: int | None) -> None:
    if name not in ledger:
        raise BlockNotFound(name)
    if expected is not None and ledger[name].version != expected:
        raise OutdatedEdit(name, ledger[name].version, expected)


def normal(block: Block) -> Block:
    """The block as it is when it is read back.

    Raises:
        Invalid: it cannot be stored.
    """
    check_entry(block)
    return to_block(to_document(block))


def _document(block: Block | None) -> Document | None:
    return None if block is None else to_document(block)


def _cells(block: Block) -> dict[str, Any]:
    filtered = {"provider": block.provider, "region": block.region, "accelerator": block.accelerator}
    return {**filtered, "phase": block.phase.value, "state": block.state.value, "document": to_document(block)}


def _stored(row: Row[Any], document: Mapping[str, Any]) -> StoredBlock:
    return StoredBlock(to_block(document), row.version, from_micros(row.changed_at), row.changed_by)


def _change(row: Row[Any]) -> Change:
    before = None if row.before is None else to_block(row.before)
    after = None if row.after is None else to_block(row.after)
    signature = Signature(row.changed_by, row.note)
    return Change(row.id, row.name, row.version, from_micros(row.changed_at), signature, before, after)
