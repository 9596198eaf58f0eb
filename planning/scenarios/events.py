"""What all events have in common, and the futures that they change."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import NoReturn

import numpy as np

from demand.errors import Invalid
from demand.history import FloatArray
from demand.paths import DemandPaths
from planning.estimates import Estimate
from planning.ledger import Block
from planning.scenarios.curves import edges_of
from planning.scenarios.dice import Dice, Moment
from planning.scenarios.provenance import UNSOURCED, Provenance
from planning.scenarios.supply_edits import SupplyEdits


@dataclass(frozen=True)
class Futures:
    """Demand and supply ahead, as far as the events so far have changed them.

    Attributes:
        demand: paths by `SeriesKey`.
        blocks: the ledger.
        edits: what happens to supply path by path.
        remarks: what a reader should know, in words.
    """

    demand: DemandPaths
    blocks: tuple[Block, ...]
    edits: SupplyEdits
    remarks: tuple[str, ...] = ()

    @property
    def edges(self) -> FloatArray:
        """Where the buckets begin, and where the last ends, in days since 1970."""
        return edges_of(self.demand)

    def scaled(self, rows: list[int], factor: FloatArray) -> "Futures":
        """The same with some series multiplied by a factor of shape (n_paths, n_steps)."""
        values = self.demand.values.astype(np.float64)
        values[rows] *= factor
        return replace(self, demand=replace(self.demand, values=values))

    def remarked(self, remark: str) -> "Futures":
        """The same with one more remark."""
        return replace(self, remarks=(*self.remarks, remark))


@dataclass(frozen=True, kw_only=True)
class Event(ABC):
    """Something that may happen.

    Attributes:
        name: unique in a scenario; events of the same name share their draws, in whatever scenario they are.
        provenance: where it is known from.
    """

    name: str
    provenance: Provenance = UNSOURCED

    def __post_init__(self) -> None:
        if not self.name:
            raise Invalid("an event has no name; give one that is unique in its scenario, as its draws go by it")
        self.check()

    def check(self) -> None:  # noqa: B027 - most events have nothing to refuse
        """Refuse sizes that make no sense.

        Raises:
            Invalid: they make none.
        """

    @abstractmethod
    def change(self, futures: Futures, dice: Dice) -> Futures:
        """Futures in which it happens.

        Raises:
            Invalid: it cannot happen to these.
        """

    @property
    def uncertain(self) -> Mapping[str, Estimate]:
        """Its uncertain numbers by their names; of a date, the days around it."""
        found: dict[str, Estimate] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            estimate = value.shift_days if isinstance(value, Moment) else value
            if isinstance(estimate, Estimate) and not estimate.is_certain:
                found[each.name] = estimate
        return found

    @property
    def moments(self) -> Mapping[str, Moment]:
        """Its dates by their names."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, Moment)}

    def refuse(self, reason: str) -> NoReturn:
        """Say that it cannot be, and why.

        Raises:
            Invalid: always.
        """
        raise Invalid(f"event {self.name!r}: {reason}")


def check_share(event: str, what: str, share: Estimate) -> None:
    """Refuse a share that is not one.

    Raises:
        Invalid: it may be below zero or above one.
    """
    if not 0 <= share.low <= share.high <= 1:
        raise Invalid(f"event {event!r}: {what} is {told(share)}; give a share between 0 and 1")


def check_positive(event: str, what: str, size: Estimate) -> None:
    """Refuse a size that may be below zero.

    Raises:
        Invalid: it may.
    """
    if size.low < 0:
        raise Invalid(f"event {event!r}: {what} is {told(size)}; give sizes that are not negative")


def check_days(event: str, what: str, days: float) -> None:
    """Refuse a length of time that is not one.

    Raises:
        Invalid: it is negative or infinite.
    """
    if not 0 <= days < float("inf"):
        raise Invalid(f"event {event!r}: {what} is {days:g}; give a number of days that is not negative")


def told(estimate: Estimate) -> str:
    """An estimate in words."""
    if estimate.is_certain:
        return f"{estimate.mid:g}"
    return f"{estimate.low:g} to {estimate.high:g}, about {estimate.mid:g}"
