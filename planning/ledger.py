"""The ledger of supply: what was committed, how far it is, and which ways lead out of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

import numpy as np
import pandas as pd

from demand.errors import Invalid
from demand.units import ACCELERATORS
from planning.estimates import Estimate
from planning.states import CommitmentState

MEGAWATTS = "megawatts"
BLOCK_UNITS = (ACCELERATORS, MEGAWATTS)

ON_TIME = Estimate.certain(0.0)


class Phase(StrEnum):
    """How far a block is, in the order in which capacity comes into being."""

    EXPLORATORY = "exploratory"
    LAND = "land"
    SHELL = "shell"
    POWER = "power"
    LEASE = "lease"
    CHIPS = "chips"
    LIVE = "live"

    @property
    def rank(self) -> int:
        """Its place in the order, from 0."""
        return list(Phase).index(self)


class Exit(StrEnum):
    """A way out of a commitment."""

    CANCEL = "cancel"
    PAUSE = "pause"
    SLOW = "slow"


@dataclass(frozen=True)
class WayOut:
    """What can still be done about a block, until when, and what it costs.

    Attributes:
        kind: cancel it for good; pause it, spending nothing, to take it up later; or slow it down.
        until: the last moment at which this can be decided, UTC.
        charge: due when it is decided.
        refund: of what was paid, what comes back.
        charge_per_month: of a pause or a delay, beside the charge.
        months: the longest pause or delay; 0 for a cancellation.
    """

    kind: Exit
    until: pd.Timestamp
    charge: float = 0.0
    refund: float = 0.0
    charge_per_month: float = 0.0
    months: int = 0

    def __post_init__(self) -> None:
        _check_utc(f"the last moment to {self.kind}", self.until)
        for what in ("charge", "refund", "charge_per_month"):
            _check_amount(f"the {what.replace('_', ' ')} of a way to {self.kind}", getattr(self, what))
        if (self.months > 0) is (self.kind is Exit.CANCEL):
            raise Invalid(f"a way to {self.kind} with {self.months} months; give months for pause and slow only")


@dataclass(frozen=True)
class FirstRefusal:
    """A right to take more before others may.

    Attributes:
        quantity: how much more, in the unit of the block.
        until: the last moment to exercise it, UTC.
        price: of taking it, in the currency of the block.
        lead_days: from taking it to having it.
    """

    quantity: float
    until: pd.Timestamp
    price: float = 0.0
    lead_days: float = 0.0

    def __post_init__(self) -> None:
        _check_utc("the last moment of a right of first refusal", self.until)
        for what in ("quantity", "price", "lead_days"):
            _check_amount(f"the {what.replace('_', ' ')} of a right of first refusal", getattr(self, what))


@dataclass(frozen=True)
class Milestone:
    """When a phase is to be complete, and what it costs.

    Attributes:
        completes: the planned date, UTC; None where none is agreed.
        cost: of the phase, due when it completes, in the currency of the block.
    """

    completes: pd.Timestamp | None = None
    cost: float = 0.0

    def __post_init__(self) -> None:
        if self.completes is not None:
            _check_utc("the completion of a phase", self.completes)
        _check_amount("the cost of a phase", self.cost)


@dataclass(frozen=True)
class Block:
    """Capacity that was committed, or is talked about, with its phase, its dates and its ways out.

    Attributes:
        name: what it is called, unique in the ledger.
        quantity: how much, in `unit`.
        online: when it is planned to serve, UTC.
        provider: who provides it.
        region: where.
        accelerator: which; empty for power or room that any can fill.
        unit: accelerators or megawatts.
        phase: the phase that it is in.
        state: of the commitment.
        slip_days: how much later than planned it comes, in days.
        conversion: the chance that it is ever there, in [0, 1].
        end: when it is no longer there, None if it stays.
        milestones: the phases that are planned, with dates and costs.
        running_cost_per_month: for all of it, once online.
        currency: of all its amounts, ISO 4217.
        after: names of blocks that must be online before this one can be.
        ways_out: what can still be done about it.
        first_refusal: a right to more.
        notes: free text.
        source: where this is known from.
    """

    name: str
    quantity: float
    online: pd.Timestamp
    provider: str = ""
    region: str = ""
    accelerator: str = ""
    unit: str = ACCELERATORS
    phase: Phase = Phase.EXPLORATORY
    state: CommitmentState = CommitmentState.PROPOSED
    slip_days: Estimate = ON_TIME
    conversion: float = 1.0
    end: pd.Timestamp | None = None
    milestones: Mapping[Phase, Milestone] = field(default_factory=dict)
    running_cost_per_month: float = 0.0
    currency: str = "USD"
    after: tuple[str, ...] = ()
    ways_out: tuple[WayOut, ...] = ()
    first_refusal: FirstRefusal | None = None
    notes: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            raise Invalid("a block has no name; give one that is unique in the ledger")
        _check_amount(f"the quantity of block {self.name!r}", self.quantity)
        _check_amount(f"the running cost of block {self.name!r}", self.running_cost_per_month)
        if self.unit not in BLOCK_UNITS:
            raise Invalid(f"block {self.name!r} is in {self.unit!r}; the ledger holds {' and '.join(BLOCK_UNITS)}")
        if not 0 <= self.conversion <= 1:
            raise Invalid(f"block {self.name!r} converts with chance {self.conversion:g}; give one between 0 and 1")
        self._check_dates()
        kinds = [way.kind for way in self.ways_out]
        if len(set(kinds)) < len(kinds):
            raise Invalid(f"block {self.name!r} has a way out twice; give one each of {', '.join(Exit)}")
        if self.phase is Phase.LIVE and (self.conversion < 1 or not self.slip_days.is_certain):
            raise Invalid(f"block {self.name!r} is live and may still slip or fail; leave slip and conversion out")

    def _check_dates(self) -> None:
        _check_utc(f"the online date of block {self.name!r}", self.online)
        if self.end is not None:
            _check_utc(f"the end of block {self.name!r}", self.end)
            if self.end <= self.online:
                raise Invalid(
                    f"block {self.name!r} ends on {_day(self.end)}, not after it is online {_day(self.online)}"
                )
        dated = [(phase, each.completes) for phase in Phase if (each := self.milestones.get(phase)) and each.completes]
        dated = [(phase, completes) for phase, completes in dated if phase is not Phase.LIVE]
        for (one, before), (other, behind) in pairwise([*dated, (Phase.LIVE, self.online)]):
            if before > behind:
                raise Invalid(
                    f"block {self.name!r} completes {one} on {_day(before)}, after {other} on {_day(behind)}; phases "
                    f"follow each other as {', '.join(Phase)}"
                )

    def way_out(self, kind: Exit) -> WayOut | None:
        """The way out of this kind, if there is one."""
        return next((way for way in self.ways_out if way.kind is kind), None)


class Commitment(StrEnum):
    """How much of the ledger is counted: what serves now, what is signed too, or what is only talked about too."""

    LIVE = "live"
    COMMITTED = "committed"
    EVERYTHING = "everything"

    def counts(self, block: Block) -> bool:
        """Whether a block is counted; what has ended never is."""
        if self is Commitment.LIVE:
            return block.phase is Phase.LIVE and block.state in _HELD
        signed = block.state in _HELD or block.state is CommitmentState.PENDING
        return signed or (self is Commitment.EVERYTHING and block.state is CommitmentState.PROPOSED)


_HELD = frozenset({CommitmentState.ACTIVE, CommitmentState.EXHAUSTED})
"""Exhausted means used in full: it is there all the same."""


def check_ledger(blocks: Sequence[Block]) -> None:
    """Refuse blocks that do not go together.

    Raises:
        Invalid: a name is there twice; a block waits for one that is not there, or for itself by a circle of others;
            currencies are mixed.
    """
    waits = {block.name: block.after for block in blocks}
    if len(waits) < len(blocks):
        names = [block.name for block in blocks]
        twice = next(name for name in names if names.count(name) > 1)
        raise Invalid(f"there are two blocks {twice!r}; names are unique in the ledger")
    currencies = sorted({block.currency for block in blocks})
    if len(currencies) > 1:
        raise Invalid(f"amounts are in {' and '.join(currencies)}; convert them to one currency before they are added")
    in_order(waits)


def in_order(waits: Mapping[str, Iterable[str]]) -> list[str]:
    """Names such that each comes after those that it waits for.

    Raises:
        Invalid: a block waits for one that is not there, or for itself by a circle of others.
    """
    ordered: dict[str, None] = {}
    left = {name: tuple(others) for name, others in waits.items()}
    for name, others in left.items():
        if missing := [other for other in others if other not in left]:
            raise Invalid(
                f"block {name!r} waits for {missing[0]!r}, which is not in the ledger; add it or correct `after`"
            )
    while left:
        ready = [name for name, others in left.items() if all(other in ordered for other in others)]
        if not ready:
            raise Invalid(f"blocks wait for each other in a circle: {', '.join(sorted(left))}; correct `after`")
        ordered |= dict.fromkeys(ready)
        left = {name: others for name, others in left.items() if name not in ordered}
    return list(ordered)


def _check_amount(what: str, value: float) -> None:
    if not 0 <= value < np.inf:
        raise Invalid(f"{what} is {value:g}; give a number that is not negative")


def _check_utc(what: str, instant: pd.Timestamp) -> None:
    if instant.tz is None:
        raise Invalid(f"{what} has no UTC offset; write it like 2026-01-01T00:00:00Z")


def _day(instant: pd.Timestamp) -> str:
    return instant.strftime("%Y-%m-%d")
