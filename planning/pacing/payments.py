"""What an action on a block supplies, and what is paid for it and when."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from demand.errors import Invalid
from demand.history import FloatArray
from planning.ledger import Block, Phase
from planning.pacing.actions import Action, Move

DAYS_PER_MONTH = 365.25 / 12
_DAY_NS = 86_400_000_000_000


@dataclass(frozen=True)
class Terms:
    """When a plan is made, over which steps, and what money later is worth now.

    Attributes:
        now: the date of planning, UTC.
        edges: the starts of all buckets and the end of the last, UTC.
        discount_rate: per year; 0.08 makes a payment in a year worth 1/1.08 of one now.
    """

    now: pd.Timestamp
    edges: pd.DatetimeIndex
    discount_rate: float = 0.0

    def __post_init__(self) -> None:
        if self.now.tz is None or self.edges.tz is None:
            raise Invalid("the date of planning and the steps need a UTC offset; write 2026-01-01T00:00:00Z")
        if len(self.edges) < 2 or not self.edges.is_monotonic_increasing:
            raise Invalid("a plan needs steps in ascending order: their starts and the end of the last one")
        if not self.discount_rate > -1:
            raise Invalid(f"a discount rate of {self.discount_rate:g} per year makes later money worthless; give 0.08")

    @property
    def edge_days(self) -> FloatArray:
        """The edges in days since 1970, shape (n_steps + 1,)."""
        return np.asarray(self.edges.as_unit("ns").asi8 / _DAY_NS)

    @property
    def hours(self) -> FloatArray:
        """Hours in each step, shape (n_steps,)."""
        return np.diff(self.edge_days) * 24

    def worth(self, days: FloatArray) -> FloatArray:
        """What a payment at these days since 1970 is worth now, of one."""
        years = np.maximum(days - day_number(self.now), 0) / 365.25
        return np.asarray((1 + self.discount_rate) ** -years)


@dataclass(frozen=True)
class Projected:
    """A block with its place and its draws.

    Attributes:
        block: of the ledger.
        pool: the row of its pool.
        accelerators: how many it is; a number, or one per path where its power in accelerators is uncertain.
        online: days since 1970, infinite where it is never there, shape (n_paths,).
        left: the share of it that a scenario leaves, shape (n_paths, n_steps); None for all of it. Running costs are
            those of what is left.
    """

    block: Block
    pool: int
    accelerators: float | FloatArray
    online: FloatArray
    left: FloatArray | None = None


@dataclass(frozen=True)
class Choice:
    """One action on one block in numbers.

    Attributes:
        action: what is done.
        supply: accelerators, shape (n_paths, n_steps).
        cost: everything that is paid from now on, discounted, shape (n_paths,).
        spending: what is paid in each step on average over the paths, not discounted; the last entry is what is due
            after the horizon. Shape (n_steps + 1,).
    """

    action: Action
    supply: FloatArray
    cost: FloatArray
    spending: FloatArray


def start_of(projected: Projected, action: Action, decided: float) -> FloatArray:
    """When the block serves, or serves again, after the decision; days since 1970, shape (n_paths,)."""
    if action.move is Move.CANCEL:
        return np.full_like(projected.online, np.inf)
    shift = action.months * DAYS_PER_MONTH
    again = decided + (shift if action.move is Move.PAUSE else 0.0)
    return np.where(projected.online <= decided, again, projected.online + shift)


def choice_of(projected: Projected, action: Action, terms: Terms, decided: pd.Timestamp | None = None) -> Choice:
    """An action in numbers.

    What is due before the decision is paid all the same. A payment due after the horizon counts too, so that no delay
    makes it disappear; running costs count within the horizon, as supply does. A slip moves all payments that are still
    to come. A block that turns out never to be there is paid for as planned, without running costs. The end of a block
    does not move.

    Args:
        projected: the block and its draws.
        action: what is done.
        terms: of the plan.
        decided: when; now unless it is named.
    """
    block, when = projected.block, day_number(decided or terms.now)
    end = np.inf if block.end is None else day_number(block.end)
    share = _share(projected.online, min(end, when), terms.edge_days)
    share += _share(start_of(projected, action, when), end, terms.edge_days)
    share *= 1.0 if projected.left is None else projected.left
    running = block.running_cost_per_month / DAYS_PER_MONTH * np.diff(terms.edge_days) * share
    cost = running @ terms.worth(terms.edge_days[:-1])
    spending = np.append(running.mean(axis=0), 0.0)
    for due, amount in _payments(projected, action, terms, when):
        cost += amount * np.where(np.isfinite(due), terms.worth(np.where(np.isfinite(due), due, 0)), 0)
        spending += _by_step(due, amount, terms.edge_days)
    return Choice(action, np.reshape(projected.accelerators, (-1, 1)) * share, cost, spending)


def day_number(instant: pd.Timestamp) -> float:
    """Days since 1970."""
    return float(instant.as_unit("ns").value / _DAY_NS)


def _payments(projected: Projected, action: Action, terms: Terms, decided: float) -> list[tuple[FloatArray, float]]:
    """Days at which amounts are due, path by path; never where they are saved."""
    block, now = projected.block, day_number(terms.now)
    found = [(np.full_like(projected.online, decided), action.charge)] if action.charge else []
    if block.phase is Phase.LIVE:
        return found
    planned = day_number(block.online)
    slip = np.where(np.isfinite(projected.online), projected.online - planned, 0.0)
    for phase, milestone in block.milestones.items():
        if phase.rank >= block.phase.rank and milestone.cost:
            day = planned if milestone.completes is None else day_number(milestone.completes)
            due = np.maximum(day + slip, now)
            moved = np.inf if action.move is Move.CANCEL else due + action.months * DAYS_PER_MONTH
            found.append((np.where(due > decided, moved, due), milestone.cost))
    return found


def _share(since: FloatArray, until: float, edges: FloatArray) -> FloatArray:
    """The part of each step between two moments, shape (n_paths, n_steps)."""
    lower, upper = edges[:-1], edges[1:]
    width = np.clip(until, lower, upper) - np.clip(since[:, None], lower, upper)
    return np.asarray(np.maximum(width, 0) / (upper - lower))


def _by_step(due: FloatArray, amount: float, edges: FloatArray) -> FloatArray:
    step = np.clip(np.searchsorted(edges, due[np.isfinite(due)], side="right") - 1, 0, len(edges) - 1)
    return np.asarray(np.bincount(step, minlength=len(edges)) * (amount / len(due)))
