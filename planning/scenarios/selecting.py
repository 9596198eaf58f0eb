"""Finding what an event is about: series of demand and blocks of the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass

from demand.errors import Invalid
from demand.paths import DemandPaths
from demand.series import Selection, SeriesKey
from planning.ledger import Block, Phase

EVERYTHING = Selection()
_NAMED = 10


@dataclass(frozen=True)
class BlockSelection:
    """A part of the ledger: per attribute the accepted values, all of them where none is named."""

    names: tuple[str, ...] = ()
    provider: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    accelerator: tuple[str, ...] = ()
    phase: tuple[Phase, ...] = ()
    unit: tuple[str, ...] = ()

    def __str__(self) -> str:
        wanted = {
            "name": self.names,
            "provider": self.provider,
            "region": self.region,
            "accelerator": self.accelerator,
            "phase": tuple(str(phase) for phase in self.phase),
            "unit": self.unit,
        }
        return ", ".join(f"{name} in {list(values)}" for name, values in wanted.items() if values) or "everything"

    def accepts(self, block: Block) -> bool:
        """Whether the block belongs to the selected part."""
        pairs = (
            (block.name, self.names),
            (block.provider, self.provider),
            (block.region, self.region),
            (block.accelerator, self.accelerator),
            (block.phase, self.phase),
            (block.unit, self.unit),
        )
        return all(not wanted or value in wanted for value, wanted in pairs)


def series_rows(event: str, demand: DemandPaths, selection: Selection) -> list[int]:
    """The rows of the demand that an event is about.

    Raises:
        Invalid: there is none.
    """
    keys = keys_of(demand)
    if missing := [tenant for tenant in selection.tenant if all(key.tenant != tenant for key in keys)]:
        there = [tenant for tenant in dict.fromkeys(key.tenant for key in keys) if tenant]
        known = f"there are {listed(there)}" if there else "demand is not told apart by tenants here"
        raise Invalid(f"event {event!r} is about tenant {missing[0]!r}, which has no demand; {known}")
    rows = [row for row, key in enumerate(keys) if selection.accepts(key)]
    if not rows:
        raise Invalid(
            f"event {event!r} is about {selection}, of which there is no demand; there is demand of "
            f"{listed([str(key) or 'everything' for key in keys])}"
        )
    return rows


def keys_of(demand: DemandPaths) -> list[SeriesKey]:
    """The keys of the series of demand.

    Raises:
        Invalid: the paths are of something else.
    """
    keys = [label for label in demand.labels if isinstance(label, SeriesKey)]
    if len(keys) < len(demand.labels):
        raise Invalid("scenarios take demand by series; sum the paths after a scenario, not before it")
    return keys


def selected_blocks(event: str, blocks: Sequence[Block], selection: BlockSelection) -> list[Block]:
    """The blocks that an event is about.

    Raises:
        Invalid: one that is named is not in the ledger, or there is none.
    """
    names = [block.name for block in blocks]
    if missing := [name for name in selection.names if name not in names]:
        known = f"there are {listed(names)}" if names else "the ledger is empty"
        raise Invalid(f"event {event!r} is about block {missing[0]!r}, which is not in the ledger; {known}")
    found = [block for block in blocks if selection.accepts(block)]
    if not found:
        known = f"its blocks are {listed(names)}" if names else "the ledger is empty"
        raise Invalid(f"event {event!r} is about blocks with {selection}, of which the ledger has none; {known}")
    return found


def listed(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
