"""Events that cannot all happen."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from demand.errors import Invalid
from demand.series import Selection
from planning.scenarios.events import Event
from planning.scenarios.first_refusal import FirstRefusalExercised
from planning.scenarios.growth import GrowthOverride
from planning.scenarios.leases import LeaseCancelled
from planning.scenarios.selecting import BlockSelection
from planning.scenarios.tenants import TenantLeaves


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
        for reason in _contradictions(one, other):
            raise Invalid(f"events {one.name!r} and {other.name!r} contradict each other: {reason}")


def _contradictions(one: Event, other: Event) -> Iterator[str]:
    both_grow = isinstance(one, GrowthOverride) and isinstance(other, GrowthOverride)
    if both_grow and _overlap(one.selection, other.selection) and _at_once(one, other):
        yield "both state the growth of the same demand at the same time; end one before the other begins"
    if isinstance(one, TenantLeaves) and isinstance(other, TenantLeaves):
        whole = one.share.low == 1 and other.share.low == 1
        if _overlap(one.selection, other.selection) and (whole or one.selection == other.selection):
            yield "the same demand leaves twice; keep one, or tell the selections apart"
    if isinstance(one, LeaseCancelled) and isinstance(other, LeaseCancelled):
        twice = sorted(set(one.blocks.names) & set(other.blocks.names))
        if _wholly(one) and _wholly(other) and twice:
            yield f"block {twice[0]!r} is cancelled twice; keep one"
        if one.blocks == other.blocks and one.blocks != BlockSelection():
            yield f"blocks with {one.blocks} are cancelled twice; keep one"
    if isinstance(one, FirstRefusalExercised) and isinstance(other, FirstRefusalExercised) and one.block == other.block:
        yield f"the right of first refusal on block {one.block!r} is exercised twice; keep one"


def _wholly(event: LeaseCancelled) -> bool:
    return event.amount is None and (event.share is None or event.share.low == 1)


def _overlap(one: Selection, other: Selection) -> bool:
    theirs = other.conditions()
    return all(set(values) & set(theirs.get(name, values)) for name, values in one.conditions().items())


def _at_once(one: GrowthOverride, other: GrowthOverride) -> bool:
    first, second = ((each.begins.middle_days, each.ends.middle_days if each.ends else np.inf) for each in (one, other))
    return first[0] < second[1] and second[0] < first[1]
