"""What can be done about a block, and what no longer can."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from planning.ledger import Block, Exit, Phase, WayOut

DELAYS = (3, 6, 12)
"""Months by which slowing a block is tried, where its way out allows."""


class Move(StrEnum):
    """A kind of action."""

    PROCEED = "proceed"
    SLOW = "slow"
    PAUSE = "pause"
    CANCEL = "cancel"


@dataclass(frozen=True)
class Action:
    """What is done about a block.

    Attributes:
        move: the kind.
        months: of a delay or a pause.
        way: the way out that is taken; None to proceed.
    """

    move: Move = Move.PROCEED
    months: int = 0
    way: WayOut | None = None

    def __str__(self) -> str:
        """The action in words."""
        words = {Move.SLOW: f"slow by {self.months} months", Move.PAUSE: f"pause for {self.months} months"}
        return words.get(self.move, str(self.move))

    @property
    def charge(self) -> float:
        """Due when it is decided, less what is refunded."""
        if self.way is None:
            return 0.0
        return self.way.charge + self.way.charge_per_month * self.months - self.way.refund


PROCEED = Action()


@dataclass(frozen=True)
class Closed:
    """A way out that is not available.

    Attributes:
        block: the name of the block.
        kind: of the way out.
        reason: why, in words.
    """

    block: str
    kind: Exit
    reason: str


def actions(block: Block, now: pd.Timestamp, delays: Sequence[int] = DELAYS) -> tuple[Action, ...]:
    """What can be done about a block now; to proceed is always first.

    Args:
        block: of the ledger.
        now: the date of planning, UTC.
        delays: months by which slowing is tried; a way out that allows only shorter ones is tried in full.
    """
    found = [PROCEED]
    for way in block.ways_out:
        if _closed(block, way, now):
            continue
        if way.kind is Exit.CANCEL:
            found.append(Action(Move.CANCEL, way=way))
        elif way.kind is Exit.PAUSE:
            found.append(Action(Move.PAUSE, way.months, way))
        else:
            lengths = [months for months in delays if months <= way.months] or [way.months]
            found += [Action(Move.SLOW, months, way) for months in lengths]
    return tuple(found)


def closed_ways(block: Block, now: pd.Timestamp) -> tuple[Closed, ...]:
    """Ways out of a block that are not available now, with the reason."""
    return tuple(Closed(block.name, way.kind, reason) for way in block.ways_out if (reason := _closed(block, way, now)))


def last_moment(block: Block, now: pd.Timestamp) -> pd.Timestamp | None:
    """When the last way out of a block closes; None where all are closed."""
    return max((way.until for way in block.ways_out if not _closed(block, way, now)), default=None)


def _closed(block: Block, way: WayOut, now: pd.Timestamp) -> str:
    if way.until < now:
        return f"it could be decided until {way.until:%Y-%m-%d}, which is before {now:%Y-%m-%d}"
    if way.kind is Exit.SLOW and block.phase is Phase.LIVE:
        return "what is live cannot be slowed; pause it or cancel it"
    return ""
