"""Supply ahead as joint sample paths: when each block of the ledger is online, and what a pool then has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from demand.errors import Invalid
from demand.history import FloatArray
from planning.estimates import normal_draws
from planning.ledger import MEGAWATTS, Block, Commitment, Phase, in_order
from planning.pools import Topology
from planning.scenarios.supply_edits import SupplyEdits

_DAY_NS = 86_400_000_000_000


@dataclass(frozen=True)
class Sampling:
    """How what is uncertain about blocks is drawn.

    Attributes:
        n_paths: how many draws.
        seed: of all draws.
        correlation: of the normal scores of two slips, and of two conversions, of blocks of one provider in one
            region, in [0, 1]. What delays one hall of a campus (its grid connection, its permits, its builder) delays
            the next; how strongly is an assumption of the planner, and one half stands for "as much in common as of
            their own".
        edits: what a scenario does to supply; nothing if not given.
    """

    n_paths: int
    seed: int = 0
    correlation: float = 0.5
    edits: SupplyEdits | None = None

    def __post_init__(self) -> None:
        if self.n_paths < 1:
            raise Invalid(f"supply of {self.n_paths} paths was asked for; ask for at least one")
        if not 0 <= self.correlation <= 1:
            raise Invalid(f"slips correlate by {self.correlation:g}; give a number between 0 and 1")
        if self.edits is not None and self.edits.n_paths != self.n_paths:
            raise Invalid(f"a scenario of {self.edits.n_paths} paths does not fit one of {self.n_paths}; ask alike")


@dataclass(frozen=True)
class Uncounted:
    """A block that is no part of the supply, though it is committed to the degree that was asked for."""

    name: str
    reason: str


@dataclass(frozen=True)
class SupplyPaths:
    """Joint draws of the blocks that supply pools; path i belongs to path i of demand.

    Attributes:
        blocks: that are counted and lie in a pool.
        pool_rows: the row of the pool of each block, shape (n_blocks,).
        online_days: when each block is online, in days since 1970, infinite where it never is, shape (n_blocks,
            n_paths).
        accelerators: the quantity of each block, shape (n_blocks, n_paths), or (n_blocks, 1) where all are certain.
        edges: starts of the buckets and the end of the last one.
        pools: accelerators per pool, shape (n_pools, n_paths, n_steps).
        uncounted: blocks that could not be counted, with the reason.
        left: the share of each block that a scenario leaves, shape (n_blocks, n_paths, n_steps); None for all of it.
    """

    blocks: tuple[Block, ...]
    pool_rows: np.ndarray
    online_days: FloatArray
    accelerators: FloatArray
    edges: pd.DatetimeIndex
    pools: FloatArray
    uncounted: tuple[Uncounted, ...]
    left: FloatArray | None = None

    def levels(self) -> FloatArray:
        """Accelerators per block, shape (n_blocks, n_paths, n_steps)."""
        n_paths, n_steps = self.pools.shape[1:]
        levels = np.empty((len(self.blocks), n_paths, n_steps))
        for row, block in enumerate(self.blocks):
            levels[row] = self.accelerators[row][:, None] * online_share(self.online_days[row], block.end, self.edges)
        return levels if self.left is None else levels * self.left


def supply_paths(
    blocks: Sequence[Block],
    edges: pd.DatetimeIndex,
    topology: Topology,
    sampling: Sampling,
    counted: Commitment,
    megawatts_each: Mapping[str, FloatArray] | None = None,
) -> SupplyPaths:
    """Draw the supply of all pools.

    A block that is online for a part of a bucket counts for that share of it. A right of first refusal is not
    exercised: that is a decision, and a scenario or a plan makes it.

    Args:
        blocks: the ledger.
        edges: starts of the buckets and the end of the last one, UTC.
        topology: the pools, which are told to hold a block by its region and accelerator.
        sampling: how draws are made.
        counted: how much of the ledger is counted.
        megawatts_each: power of one accelerator with all that it needs around it, path by path, by accelerator, of
            shape (n_paths,) or (1,); blocks in megawatts of accelerators that are not named are left out, with the
            reason.
    """
    relevant = [block for block in blocks if counted.counts(block)]
    places = [_place(block, topology, megawatts_each or {}) for block in relevant]
    held_back = _held_back(relevant)
    reasons = [held_back.get(block.name) or place.reason for block, place in zip(relevant, places, strict=True)]
    kept = [at for at, reason in enumerate(reasons) if not reason]
    online = online_days(relevant, edges[0], sampling)[kept]
    counting = tuple(relevant[at] for at in kept)
    left = _left(counting, online, edges, sampling)
    pools = np.zeros((len(topology.pools), sampling.n_paths, len(edges) - 1))
    for row, (at, days) in enumerate(zip(kept, online, strict=True)):
        share = online_share(days, relevant[at].end, edges) * (1.0 if left is None else left[row])
        pools[places[at].pool_row] += places[at].accelerators[:, None] * share
    return SupplyPaths(
        blocks=counting,
        pool_rows=np.array([places[at].pool_row for at in kept], dtype=np.int64),
        online_days=online,
        accelerators=_stacked([places[at].accelerators for at in kept]),
        edges=edges,
        pools=pools,
        uncounted=tuple(Uncounted(block.name, why) for block, why in zip(relevant, reasons, strict=True) if why),
        left=left,
    )


def online_days(blocks: Sequence[Block], start: pd.Timestamp, sampling: Sampling) -> FloatArray:
    """When each block is online, path by path.

    Slips and conversions have a one-factor Gaussian copula: blocks of one provider in one region share a factor (Li,
    2000, On default correlation). Every block keeps its own distributions. What is not live at the start is known not
    to have come before: its slip is drawn from what is left of its distribution then, and where nothing is left, it is
    due at once. A block that waits for others is online no earlier than they are, and never where one of them never is
    or is not among the blocks; one that is live waits for nothing.

    Args:
        blocks: with unique names.
        start: the moment at which it is known what is live.
        sampling: how draws are made.

    Returns:
        Days since 1970, infinite where it never is, shape (n_blocks, n_paths).

    Raises:
        Invalid: blocks wait for each other in a circle.
    """
    named = {block.name: block for block in blocks}
    waits = {block.name: () if block.phase is Phase.LIVE else block.after for block in blocks}
    found: dict[str, FloatArray] = {}
    for name in in_order({name: [each for each in after if each in named] for name, after in waits.items()}):
        online = _own_days(named[name], _days(start), sampling)
        for other in waits[name]:
            online = np.maximum(online, found.get(other, np.inf))
        found[name] = online
    return np.stack([found[block.name] for block in blocks]) if blocks else np.empty((0, sampling.n_paths))


def online_share(online: FloatArray, end: pd.Timestamp | None, edges: pd.DatetimeIndex) -> FloatArray:
    """The part of each bucket in which a block is online, shape (n_paths, n_steps), or (1, n_steps) if all are alike.

    Args:
        online: days since 1970, shape (n_paths,).
        end: when it is no longer there.
        edges: starts of the buckets and the end of the last one.
    """
    since = (online[:1] if (online == online[0]).all() else online)[:, None]
    days = edges.as_unit("ns").asi8 / _DAY_NS
    lower, upper = days[:-1], days[1:]
    last = upper if end is None else np.clip(_days(end), lower, upper)
    return np.asarray(np.maximum(last - np.clip(since, lower, upper), 0) / (upper - lower), dtype=np.float64)


def _own_days(block: Block, start: float, sampling: Sampling) -> FloatArray:
    """When a block is online that waits for nothing."""
    planned, edits = _days(block.online), sampling.edits
    if block.phase is Phase.LIVE:
        return np.full(sampling.n_paths, planned + block.slip_days.mid)
    left = float(ndtr(-block.slip_days.score(start - planned)))
    scores = _scores(block, "slip", sampling)
    # The upper tail is kept as such: its complement would round to one long before nothing is left of it.
    late = -ndtri(left * ndtr(-scores)) if 0 < left < 1 else scores
    online = planned + block.slip_days.at(late) + (0.0 if edits is None else edits.extra_days(block.name))
    chance = block.conversion if edits is None else edits.conversion(block)
    online = np.maximum(online, start)
    converts = ndtr(_scores(block, "conversion", sampling)) < chance
    return np.where(converts, online, np.inf)


def _scores(block: Block, what: str, sampling: Sampling) -> FloatArray:
    place = f"place/{block.provider}/{block.region}/{what}"
    shared = normal_draws(sampling.seed, place, sampling.n_paths)
    own = normal_draws(sampling.seed, f"block/{block.name}/{what}", sampling.n_paths)
    mixed = np.sqrt(sampling.correlation) * shared + np.sqrt(1 - sampling.correlation) * own
    return np.asarray(mixed, dtype=np.float64)


@dataclass(frozen=True)
class _Place:
    """Where a block belongs and how many accelerators it is, or the reason why that cannot be told."""

    pool_row: int = -1
    accelerators: FloatArray = field(default_factory=lambda: np.zeros(1))
    reason: str = ""


def _place(block: Block, topology: Topology, megawatts_each: Mapping[str, FloatArray]) -> _Place:
    each = megawatts_each.get(block.accelerator) if block.unit == MEGAWATTS else np.ones(1)
    if each is None or not (each > 0).all():
        kind = f"accelerator {block.accelerator!r}" if block.accelerator else "blocks that name no accelerator"
        return _Place(
            reason=f"it is in megawatts, and no power is known for {kind}; give the megawatts that one of them needs"
        )
    row = topology.pool_of(block.region, block.accelerator)
    if row is None:
        place = ", ".join(part for part in (block.region, block.accelerator) if part) or "no region or accelerator"
        return _Place(reason=f"no pool holds {place}; add a pool, or its region or accelerator to one")
    return _Place(row, block.quantity / each)


def _left(
    blocks: Sequence[Block], online: FloatArray, edges: pd.DatetimeIndex, sampling: Sampling
) -> FloatArray | None:
    """The share of each block that a scenario leaves; None where there is none."""
    if sampling.edits is None:
        return None
    own = np.empty((len(blocks), sampling.n_paths, len(edges) - 1))
    for row, block in enumerate(blocks):
        own[row] = block.quantity * online_share(online[row], block.end, edges)
    days = np.asarray(edges.as_unit("ns").asi8 / _DAY_NS, dtype=np.float64)
    return sampling.edits.left(blocks, own, days)


def _stacked(rows: Sequence[FloatArray]) -> FloatArray:
    return np.stack(np.broadcast_arrays(*rows)) if rows else np.empty((0, 1))


def _held_back(blocks: Sequence[Block]) -> dict[str, str]:
    """Blocks that wait, themselves or through others, for one that is not among them, with the reason."""
    waits = {block.name: () if block.phase is Phase.LIVE else block.after for block in blocks}
    reasons: dict[str, str] = {}
    for name in in_order({name: [each for each in after if each in waits] for name, after in waits.items()}):
        blocker = next((other for other in waits[name] if other not in waits or other in reasons), None)
        if blocker is not None:
            reasons[name] = f"it waits for {blocker!r}, which is not counted"
    return reasons


def _days(instant: pd.Timestamp) -> float:
    return float(instant.as_unit("ns").value / _DAY_NS)
