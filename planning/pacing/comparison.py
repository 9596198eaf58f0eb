"""What changed from one plan to the next, and why."""

from dataclasses import dataclass

import numpy as np

from planning.pacing.actions import Action
from planning.pacing.facts import Fact
from planning.pacing.plan import Advice, Plan

LEAST_MOVE = 1e-6
"""Relative: a number that moved by less stayed as it was."""


@dataclass(frozen=True)
class Moved:
    """An input that is not what it was; None where there was, or is, none.

    Attributes:
        what: in words.
        before: its value.
        after: its value.
    """

    what: str
    before: Fact | None
    after: Fact | None


@dataclass(frozen=True)
class Change:
    """A block that is to be treated otherwise.

    Attributes:
        block: its name.
        before: the earlier action; None if the block is new.
        after: the later action; None if the block is gone.
        regret: what it would cost to keep to the earlier action; None where that cannot be told, infinite where it
            would break a limit.
        why: in words.
    """

    block: str
    before: Action | None
    after: Action | None
    regret: float | None
    why: str


@dataclass(frozen=True)
class Comparison:
    """Two plans side by side.

    Attributes:
        changes: blocks that are treated otherwise.
        moved: inputs that moved, those that moved most first.
        objective: how much more the later plan costs.
        n_kept: how many blocks are treated as before.
    """

    changes: tuple[Change, ...]
    moved: tuple[Moved, ...]
    objective: float
    n_kept: int


def compare(before: Plan, after: Plan) -> Comparison:
    """What changed from an earlier plan to a later one."""
    moved = _moved(before, after)
    names = list(dict.fromkeys(each.block for plan in (before, after) for each in plan.blocks))
    pairs = [(name, before.of(name), after.of(name)) for name in names]
    changes = [_change(name, old, new, after, moved) for name, old, new in pairs if not _same(old, new)]
    return Comparison(tuple(changes), moved, after.objective - before.objective, len(pairs) - len(changes))


def _same(old: Advice | None, new: Advice | None) -> bool:
    return old is not None and new is not None and _key(old.action) == _key(new.action)


def _key(action: Action) -> tuple[str, int]:
    return action.move, action.months


def _moved(before: Plan, after: Plan) -> tuple[Moved, ...]:
    names = list(dict.fromkeys([*before.facts, *after.facts]))
    found = [Moved(name, before.facts.get(name), after.facts.get(name)) for name in names]
    found = [each for each in found if _distance(each) > LEAST_MOVE]
    return tuple(sorted(found, key=lambda each: -_distance(each)))


def _distance(moved: Moved) -> float:
    """How far an input moved, relative to what it was; texts move all the way."""
    one, other = moved.before, moved.after
    if isinstance(one, float | int) and isinstance(other, float | int):
        return abs(other - one) / max(abs(one), abs(other), 1e-12)
    return 0.0 if one == other else 1.0


def _change(name: str, old: Advice | None, new: Advice | None, after: Plan, moved: tuple[Moved, ...]) -> Change:
    if old is None or new is None:
        words = f"{name} is new." if old is None else f"{name} is not in the ledger any more."
        return Change(name, old.action if old else None, new.action if new else None, None, words)
    kept = next((each for each in new.alternatives if _key(each.action) == _key(old.action)), None)
    own = [each.what for each in moved if name in each.what.split()]
    about = own or [each.what for each in moved[:3]]
    because = f" What moved: {', '.join(about)}." if about else " No input moved that plans keep."
    if kept is None:
        closed = next((each.reason for each in after.closed if each.block == name), "it is not offered any more")
        return Change(name, old.action, new.action, None, f"To {old.action} is not possible: {closed}.{because}")
    if not np.isfinite(kept.regret):
        return Change(name, old.action, new.action, kept.regret, f"To {old.action} would break a limit.{because}")
    tie = "; that is a near tie" if kept.near_tie else ""
    words = f"To {old.action} would now cost {kept.regret:.4g} more than to {new.action}{tie}.{because}"
    return Change(name, old.action, new.action, kept.regret, words)
