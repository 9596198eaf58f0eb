"""Events that cannot all happen."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from demand.errors import Invalid
from demand.series import Selection
from planning.scenarios.departures import TenantLeaves
from planning.scenarios.events import Event
from planning.scenarios.first_refusal import FirstRefusalExercised
from planning.scenarios.growth import GrowthOverride
from planning.scenarios.leases import LeaseCancelled
from planning.scenarios.selecting import BlockSelection


def check_events(events: Sequence[Event]) -> None:
    """Refuse events that contradict each other.

    Raises:
        Invalid: two have one name; growth is stated twice for the same demand at the same time; a tenant leaves, a
            lease is cancelled or a right is exercised twice.
    """
    names = [event.name for event in events]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise Invalid(f"there are two events {twice!r}; names are unique in a scenario, as draws go by them")
    for one, other in combinations(events, 2):
        if reason := _contradiction(one, other):
            raise Invalid(f"events {one.name!r} and {other.name!r} contradict each other: {reason}")


def _contradiction(one: Event, other: Event) -> str | None:
    match one, other:
        case GrowthOverride() as a, GrowthOverride() as b if _overlap(a.selection, b.selection) and _at_once(a, b):
            return "both state the growth of the same demand at the same time; end one before the other begins"
        case TenantLeaves() as a, TenantLeaves() as b if _leave_twice(a, b):
            return "the same demand leaves twice; keep one, or tell the selections apart"
        case LeaseCancelled() as a, LeaseCancelled() as b if twice := _cancelled_twice(a, b):
            return f"blocks with {twice} are cancelled twice; keep one"
        case FirstRefusalExercised() as a, FirstRefusalExercised() as b if a.blocks == b.blocks:
            return f"rights of first refusal on blocks with {a.blocks} are exercised twice; keep one"
    return None


def _leave_twice(one: TenantLeaves, other: TenantLeaves) -> bool:
    wholly = one.share.low == other.share.low == 1
    return one.selection == other.selection or (wholly and _overlap(one.selection, other.selection))


def _cancelled_twice(one: LeaseCancelled, other: LeaseCancelled) -> BlockSelection | None:
    if one.blocks == other.blocks:
        return one.blocks
    shared = sorted(set(one.blocks.names) & set(other.blocks.names))
    return BlockSelection(names=tuple(shared)) if shared and _wholly(one) and _wholly(other) else None


def _wholly(event: LeaseCancelled) -> bool:
    return event.amount is None and (event.share is None or event.share.low == 1)


def _overlap(one: Selection, other: Selection) -> bool:
    theirs = other.conditions()
    return all(set(values) & set(theirs.get(name, values)) for name, values in one.conditions().items())


def _at_once(one: GrowthOverride, other: GrowthOverride) -> bool:
    first, second = ((each.begins.middle_days, each.ends.middle_days if each.ends else np.inf) for each in (one, other))
    return first[0] < second[1] and second[0] < first[1]
