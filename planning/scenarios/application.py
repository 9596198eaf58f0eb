"""A scenario applied to demand and supply."""

from collections.abc import Iterable, Sequence

import pandas as pd

from demand.paths import DemandPaths
from planning.ledger import Block
from planning.scenarios.contradictions import check_events
from planning.scenarios.curves import to_days
from planning.scenarios.dice import Dice
from planning.scenarios.events import Event, Futures
from planning.scenarios.supply_edits import SupplyEdits


def apply(events: Sequence[Event], demand: DemandPaths, blocks: Iterable[Block], dice: Dice) -> Futures:
    """Futures in which the events happen, one after the other.

    The draws of an event depend on the seed and its name only. Events change paths and never the order of paths, so
    path i with the events is path i without them, and the difference of the two is what the events do.

    Args:
        events: in order.
        demand: paths by `SeriesKey`.
        blocks: the ledger.
        dice: what draws the uncertain numbers, with as many paths as the demand has.

    Raises:
        Invalid: the events contradict each other, or one cannot happen to this demand or ledger.
    """
    check_events(events)
    futures = Futures(demand, tuple(blocks), SupplyEdits(demand.values.shape[1]))
    for event in events:
        for remark in _beyond(event, futures):
            futures = futures.remarked(remark)
        futures = event.change(futures, dice)
    return futures


def _beyond(event: Event, futures: Futures) -> list[str]:
    end = futures.edges[-1]
    last = pd.Timestamp(end, unit="D", tz="UTC").strftime("%Y-%m-%d")
    first = next(iter(event.moments.values()), None)
    if first is None or to_days(first.date) + first.shift_days.low < end:
        return []
    return [f"{event.name}: {first.date:%Y-%m-%d} is beyond the horizon, which ends on {last}, so it changes nothing"]
