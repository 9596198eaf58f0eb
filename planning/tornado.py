"""Which assumption matters most: every uncertain number of a scenario at its low and its high, one at a time."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from scipy.special import ndtri

from demand.errors import Invalid
from demand.paths import DemandPaths
from planning.ledger import Block
from planning.scenarios.application import apply
from planning.scenarios.dice import Dice, number_name
from planning.scenarios.events import Event, Futures

Outcome = Callable[[Futures], float]
"""One number that futures come to, such as the chance of a shortage."""

OCCURRENCE = "occurrence"
_HIGH = float(ndtri(0.9))


@dataclass(frozen=True)
class Bar:
    """What one assumption moves.

    Attributes:
        event: whose assumption.
        number: which of its numbers; `occurrence` is whether it happens at all.
        low: the outcome with the number at its low; for an occurrence, with all other events at their middle and
            without this one.
        high: the outcome with the number at its high; for an occurrence, with the event.
    """

    event: str
    number: str
    low: float
    high: float

    @property
    def swing(self) -> float:
        """How far the outcome moves, without its sign."""
        return abs(self.high - self.low)


@dataclass(frozen=True)
class Tornado:
    """All assumptions, the one that moves the outcome most first.

    Attributes:
        middle: the outcome with every number at its middle.
        without: the outcome without any event.
        bars: by falling swing.
        needed: events that others build on, as a slip builds on the block that slips; they cannot be left out alone.
    """

    middle: float
    without: float
    bars: tuple[Bar, ...]
    needed: tuple[str, ...] = ()


def tornado(
    events: Sequence[Event], demand: DemandPaths, blocks: Iterable[Block], outcome: Outcome, *, seed: int
) -> Tornado:
    """The swing of an outcome with each assumption.

    Demand varies as its paths do, and what the ledger leaves open as the outcome draws it; what the events leave open
    is held at its middle, except for the one number that is moved to the quantile that its low or its high is.

    Args:
        events: of the scenario, in order.
        demand: paths by `SeriesKey`.
        blocks: the ledger.
        outcome: what is looked at; it must draw with a seed of its own, the same each time.
        seed: of the draws.

    Raises:
        Invalid: the events cannot happen to this demand or ledger.
    """
    ledger = tuple(blocks)
    n_paths = demand.values.shape[1]

    def told(happening: Sequence[Event], **pinned: float) -> float:
        return float(outcome(apply(happening, demand, ledger, Dice(seed, n_paths, pinned, still=True))))

    middle = told(events)
    needed: list[str] = []
    bars = [
        Bar(
            event.name, number, *(told(events, **{number_name(event.name, number): score}) for score in (-_HIGH, _HIGH))
        )
        for event in events
        for number in event.uncertain
    ]
    for position, event in enumerate(events):
        try:
            without = told([*events[:position], *events[position + 1 :]])
        except Invalid:
            needed.append(event.name)
        else:
            bars.append(Bar(event.name, OCCURRENCE, without, middle))
    ordered = sorted(bars, key=lambda bar: (-bar.swing, bar.event, bar.number))
    return Tornado(middle, told([]), tuple(ordered), tuple(needed))
