"""What a scenario does to supply that the ledger itself cannot say, as it differs from path to path.

To apply them: add `extra_days` to the dates at which a block is online, let it convert where a uniform draw is below
`conversion` in place of the block's own chance, and multiply the supply of all blocks by `SupplyEdits.left`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from demand.errors import Invalid
from demand.history import FloatArray
from planning.ledger import MEGAWATTS, Block
from planning.scenarios.curves import step


@dataclass(frozen=True)
class Cut:
    """From some moment on a share of a block is left.

    Attributes:
        from_days: the moment, in days since 1970, shape (n_paths,).
        left: the share that is left, in [0, 1], shape (n_paths,).
    """

    from_days: FloatArray
    left: FloatArray


@dataclass(frozen=True)
class BlockEdit:
    """What becomes of one block.

    Attributes:
        extra_days: how much later it is online, shape (n_paths,); None for no later.
        conversion: the chance of ever converting in place of the block's own, shape (n_paths,); None to keep that.
        cuts: what is taken from it, all of them together.
    """

    extra_days: FloatArray | None = None
    conversion: FloatArray | None = None
    cuts: tuple[Cut, ...] = ()

    def later(self, days: FloatArray) -> "BlockEdit":
        """The same, and online later by so many days."""
        return replace(self, extra_days=days if self.extra_days is None else self.extra_days + days)

    def cut(self, cut: Cut) -> "BlockEdit":
        """The same, and less of it."""
        return replace(self, cuts=(*self.cuts, cut))

    def share_left(self, edges: FloatArray, n_paths: int) -> FloatArray:
        """The average share that is left in each bucket, shape (n_paths, n_steps).

        Args:
            edges: of the buckets in days since 1970, shape (n_steps + 1,).
            n_paths: how many paths there are.
        """
        left = np.ones((n_paths, len(edges) - 1))
        for cut in self.cuts:
            left = left * (1 - step(edges, cut.from_days) * (1 - cut.left[:, None]))
        return left


@dataclass(frozen=True)
class RegionCap:
    """The most power that the capacity of regions can draw together.

    Attributes:
        regions: whose capacity it is; all if none is named.
        megawatts: the most, shape (n_paths,).
        from_days: when it begins, in days since 1970, shape (n_paths,).
        until_days: when it ends, shape (n_paths,); infinite if it stays.
        megawatts_per_accelerator: by accelerator.
    """

    regions: tuple[str, ...]
    megawatts: FloatArray
    from_days: FloatArray
    until_days: FloatArray
    megawatts_per_accelerator: Mapping[str, float]

    def rate(self, block: Block) -> float:
        """Megawatts that one unit of a block draws.

        Raises:
            Invalid: it is in accelerators whose power is not given.
        """
        if block.unit == MEGAWATTS:
            return 1.0
        if block.accelerator not in self.megawatts_per_accelerator:
            where = ", ".join(self.regions) or "all regions"
            raise Invalid(
                f"the power cap of {where} does not say what one {block.accelerator or 'accelerator'} of block "
                f"{block.name!r} draws; add it to megawatts_per_accelerator"
            )
        return self.megawatts_per_accelerator[block.accelerator]

    def share_left(self, drawn: FloatArray, edges: FloatArray) -> FloatArray:
        """The share of the capacity that can run, shape (n_paths, n_steps).

        Args:
            drawn: megawatts that all of it would draw, shape (n_paths, n_steps).
            edges: of the buckets in days since 1970, shape (n_steps + 1,).
        """
        active = step(edges, self.from_days) - step(edges, self.until_days)
        fits = np.minimum(1.0, self.megawatts[:, None] / np.maximum(drawn, 1e-300))
        return np.asarray(1 - active * (1 - fits))


@dataclass(frozen=True)
class SupplyEdits:
    """What a scenario does to supply, path by path.

    Attributes:
        n_paths: how many paths there are.
        blocks: by the name of the block.
        caps: on the power of regions; each one on what earlier ones have left.
    """

    n_paths: int
    blocks: Mapping[str, BlockEdit] = field(default_factory=dict)
    caps: tuple[RegionCap, ...] = ()

    def of(self, name: str) -> BlockEdit:
        """What becomes of the block of this name."""
        return self.blocks.get(name, BlockEdit())

    def having(self, name: str, edit: BlockEdit) -> "SupplyEdits":
        """The same with another edit of one block."""
        return replace(self, blocks={**self.blocks, name: edit})

    def extra_days(self, name: str) -> FloatArray:
        """How much later a block is online than it was drawn, in days, shape (n_paths,)."""
        extra = self.of(name).extra_days
        return np.zeros(self.n_paths) if extra is None else extra

    def conversion(self, block: Block) -> FloatArray:
        """The chance that a block converts, shape (n_paths,)."""
        chance = self.of(block.name).conversion
        return np.full(self.n_paths, block.conversion) if chance is None else chance

    def left(self, blocks: Sequence[Block], supply: FloatArray, edges: FloatArray) -> FloatArray:
        """The share of each block that cuts and caps on power leave, of the shape of supply.

        What a cap leaves is shared between blocks in proportion to what they would draw.

        Args:
            blocks: in the order of the rows.
            supply: of each block in its own unit, shape (n_blocks, n_paths, n_steps).
            edges: of the buckets in days since 1970, shape (n_steps + 1,).
        """
        left = np.ones_like(supply)
        for row, block in enumerate(blocks):
            if self.of(block.name).cuts:
                left[row] *= self.of(block.name).share_left(edges, self.n_paths)
        for cap in self.caps:
            rows = [row for row, block in enumerate(blocks) if not cap.regions or block.region in cap.regions]
            drawn = sum((supply[row] * left[row] * cap.rate(blocks[row]) for row in rows), np.zeros(left.shape[1:]))
            left[rows] *= cap.share_left(drawn, edges)
        return left
