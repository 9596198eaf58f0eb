"""Blocks of the store with their versions, changes of them, and what can go wrong about them."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement

from demand.errors import Conflict, NotFound
from planning.ledger import Block
from service.store.capacity_tables import CAPACITY_BLOCK


@dataclass(frozen=True)
class Signature:
    """Who changes something, and why.

    Attributes:
        by: who; nobody checks it.
        note: why, or what else should be known of it.
    """

    by: str = "unknown"
    note: str = ""


UNSIGNED = Signature()


@dataclass(frozen=True)
class StoredBlock:
    """A block of the store.

    Attributes:
        block: what it is.
        version: 1 at first, one more with every change.
        changed_at: when this version was stored.
        changed_by: by whom.
    """

    block: Block
    version: int
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True)
class Change:
    """A change of a block.

    Attributes:
        id: its number; changes are numbered in the order in which they were made.
        name: of the block.
        version: that the block has since.
        changed_at: when.
        signature: by whom and why.
        before: None where the block was new.
        after: None where it was removed.
    """

    id: int
    name: str
    version: int
    changed_at: datetime
    signature: Signature
    before: Block | None
    after: Block | None


@dataclass(frozen=True)
class BlockFilter:
    """A part of the ledger: per field the accepted values, all of them where none is named."""

    provider: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    accelerator: tuple[str, ...] = ()
    phase: tuple[str, ...] = ()
    state: tuple[str, ...] = ()

    def accepts(self, block: Block) -> bool:
        """Whether the block belongs to the part."""
        return all(getattr(block, name) in values for name, values in asdict(self).items() if values)

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same of a row."""
        return [CAPACITY_BLOCK.c[name].in_(values) for name, values in asdict(self).items() if values]


EVERYTHING = BlockFilter()


class BlockNotFound(NotFound):
    """No block of this name is in the ledger."""

    def __init__(self, name: str) -> None:
        super().__init__(f"block {name!r} is not in the ledger; list what is with GET /v1/capacity")


class BlockExists(Conflict):
    """A block of this name is in the ledger already."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is a block {name!r} already; change it, or give the new one another name")


class OutdatedEdit(Conflict):
    """The block has changed since it was read by who changes it now."""

    def __init__(self, name: str, present: int, expected: int) -> None:
        super().__init__(
            f"block {name!r} has version {present} and not {expected} any more: somebody changed it; read it again and "
            "repeat your change on what it is now"
        )
