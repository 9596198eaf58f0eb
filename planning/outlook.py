"""The outlook: what demand meets of supply, in accelerators and in money, per pool, class and step."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from demand.errors import Invalid
from demand.history import FloatArray
from planning.breach import first_breach
from planning.occurrence import Occurrence
from planning.pools import Topology
from planning.spread import Spread, spread
from planning.telling import Scale

_ROUNDING = 1e-9
"""Relative to demand: what is left over by the rounding of sums, and no shortage."""


@dataclass(frozen=True)
class Balance:
    """Demand and supply, path by path, after supply was allocated.

    Attributes:
        topology: the pools and classes.
        demand: per class, shape (n_classes, n_paths, n_steps).
        supply: accelerators per pool, shape (n_pools, n_paths, n_steps).
        served: of the demand of each class, shape of demand.
        used: of the accelerators of each pool, shape of supply.
        hours: in each step, shape (n_steps,).
    """

    topology: Topology
    demand: FloatArray
    supply: FloatArray
    served: FloatArray
    used: FloatArray
    hours: FloatArray

    def __post_init__(self) -> None:
        classes, pools = len(self.topology.classes), len(self.topology.pools)
        paths = self.demand.shape[1:]
        if self.demand.shape != self.served.shape or self.supply.shape != self.used.shape:
            raise Invalid("what is served must have the shape of demand, and what is used that of supply")
        if (len(self.demand), len(self.supply), self.supply.shape[1:]) != (classes, pools, paths):
            raise Invalid(
                f"demand of shape {self.demand.shape} and supply of {self.supply.shape} do not fit {classes} classes "
                f"and {pools} pools on the same paths"
            )

    @cached_property
    def unmet(self) -> FloatArray:
        """Demand of each class that is not served, shape of demand."""
        missing = self.demand - self.served
        return np.where(missing > _ROUNDING * self.demand, missing, 0.0)

    @cached_property
    def unmet_at_home(self) -> FloatArray:
        """Unmet demand of the classes whose home each pool is, shape of supply."""
        return self.at_home(self.unmet)

    @cached_property
    def idle(self) -> FloatArray:
        """Accelerators of each pool that nothing uses, shape of supply."""
        left = self.supply - self.used
        return np.where(left > _ROUNDING * self.supply, left, 0.0)

    @property
    def margin(self) -> FloatArray:
        """Idle accelerators of each pool, less those that its own demand lacks, shape of supply.

        Where no class moves it is supply less demand, in accelerators of the pool.
        """
        rates = np.array([pool.rate for pool in self.topology.pools])
        return np.asarray(self.idle - self.unmet_at_home / rates[:, None, None])

    @property
    def cost_short(self) -> FloatArray:
        """What unmet demand of each pool costs in each step, in money, shape of supply."""
        costs = np.array([each.cost_short for each in self.topology.classes])
        return self.at_home(self.unmet * costs[:, None, None]) * self.hours

    @property
    def cost_idle(self) -> FloatArray:
        """What idle accelerators of each pool cost in each step, in money, shape of supply."""
        return np.asarray(self.idle * self.idle_rates[:, None, None] * self.hours)

    @property
    def idle_rates(self) -> FloatArray:
        """Cost of an accelerator that idles for an hour, shape (n_pools,)."""
        return np.array([self.topology.cost_idle.get(pool.name, 0.0) for pool in self.topology.pools])

    @property
    def short_rates(self) -> FloatArray | None:
        """Cost of an accelerator that is short for an hour, shape (n_pools,), if the classes of each pool agree."""
        costs: dict[str, set[float]] = {pool.name: set() for pool in self.topology.pools}
        for each in self.topology.classes:
            costs[each.home].add(each.cost_short)
        if any(len(own) > 1 for own in costs.values()):
            return None
        return np.array([next(iter(own), 0.0) for own in costs.values()])

    def at_home(self, values: FloatArray) -> FloatArray:
        """Sums per pool of what is given per class, path by path."""
        names = [pool.name for pool in self.topology.pools]
        totals = np.zeros_like(self.supply)
        for each, own in zip(self.topology.classes, values, strict=True):
            totals[names.index(each.home)] += own
        return totals


@dataclass(frozen=True)
class ClassOutlook:
    """What becomes of the demand of each class.

    Attributes:
        chance_short: that some of it is unmet, shape (n_classes, n_steps).
        demand: its mean, shape (n_classes, n_steps).
        unmet: what is not served.
        cost_short: of what is unmet, in money per step.
        first_breach: when some of it is unmet for the first time.
    """

    chance_short: FloatArray
    demand: FloatArray
    unmet: Spread
    cost_short: Spread
    first_breach: Occurrence


@dataclass(frozen=True)
class PoolOutlook:
    """What becomes of the supply of each pool, and of the demand that has its home there.

    Attributes:
        chance_short: that demand of its own is unmet, shape (n_pools, n_steps).
        supply: its mean, shape (n_pools, n_steps).
        unmet: demand of its own that is not served.
        idle: accelerators that nothing uses.
        cost_short: of what is unmet, in money per step.
        cost_idle: of what idles, in money per step.
        utilization: expected use over expected supply, NaN without supply, shape (n_pools, n_steps).
        headroom: accelerators by which demand could grow with a chance of shortage of at most one less the service
            level; below zero, those that must be added; shape (n_pools, n_steps).
        first_breach: when demand of its own is unmet for the first time.
        cost: of shortage and idleness over all steps, path by path, shape (n_pools, n_paths).
    """

    chance_short: FloatArray
    supply: FloatArray
    unmet: Spread
    idle: Spread
    cost_short: Spread
    cost_idle: Spread
    utilization: FloatArray
    headroom: FloatArray
    first_breach: Occurrence
    cost: FloatArray


@dataclass(frozen=True)
class Outlook:
    """What demand meets of supply, for rows in the order of the topology."""

    pools: PoolOutlook
    classes: ClassOutlook


@dataclass(frozen=True)
class OutlookQuestion:
    """What is asked of a balance.

    Attributes:
        levels: of the quantiles.
        service_level: the chance that all demand is met at which headroom is told, in (0, 1).
        sustained: steps in a row for which a first breach must last.
    """

    levels: tuple[float, ...] = (0.1, 0.5, 0.9)
    service_level: float = 0.95
    sustained: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.service_level < 1:
            raise Invalid(f"a service level of {self.service_level:g} was asked for; give one between 0 and 1")


def outlook(balance: Balance, question: OutlookQuestion, scale: Scale | None = None) -> Outlook:
    """Shortage, idleness, their cost, headroom and the first breach of every pool and class.

    Args:
        balance: demand and supply.
        question: what is asked of them.
        scale: the unit that levels are told in, by factors path by path; as they are counted if not given. Chances,
            dates and money do not depend on it, and utilization only as far as the factors are not known exactly.
    """
    return Outlook(_pools(balance, question, scale), _classes(balance, question, scale))


def headroom(margin: FloatArray, service_level: float) -> FloatArray:
    """The largest growth of demand at which at most one less the service level of the paths are short.

    Args:
        margin: supply less demand, shape (n_rows, n_paths, n_steps).
        service_level: in (0, 1).

    Returns:
        Shape (n_rows, n_steps).
    """
    count = margin.shape[1]
    place = min(int((1 - service_level) * count + 1e-9), count - 1)
    return np.asarray(np.partition(margin, place, axis=1)[:, place])


def _pools(balance: Balance, question: OutlookQuestion, scale: Scale | None) -> PoolOutlook:
    levels: Sequence[float] = question.levels
    of_supply, of_demand = (None, None) if scale is None else (scale.supply, scale.demand)
    short = balance.unmet_at_home > 0
    counted = spread(balance.unmet_at_home, levels), spread(balance.idle, levels)
    unmet, idle = counted
    if scale is not None:
        unmet, idle = (
            spread(_told(values, factors), levels)
            for values, factors in ((balance.unmet_at_home, of_demand), (balance.idle, of_supply))
        )
    used, supply = (_told(values, of_supply).mean(axis=1) for values in (balance.used, balance.supply))
    money, rates = balance.cost_short, balance.short_rates
    money_short = spread(money, levels) if rates is None else counted[0].times(rates[:, None] * balance.hours)
    return PoolOutlook(
        chance_short=short.mean(axis=1),
        supply=supply,
        unmet=unmet,
        idle=idle,
        cost_short=money_short,
        cost_idle=counted[1].times(balance.idle_rates[:, None] * balance.hours),
        utilization=np.divide(used, supply, out=np.full_like(supply, np.nan), where=supply > 0),
        headroom=headroom(_told(balance.margin, of_supply), question.service_level),
        first_breach=first_breach(short, question.sustained),
        cost=(money + balance.cost_idle).sum(axis=2),
    )


def _classes(balance: Balance, question: OutlookQuestion, scale: Scale | None) -> ClassOutlook:
    factors = None if scale is None else scale.of_classes(balance.topology)
    short, counted = balance.unmet > 0, spread(balance.unmet, question.levels)
    costs = np.array([each.cost_short for each in balance.topology.classes])
    return ClassOutlook(
        chance_short=short.mean(axis=1),
        demand=_told(balance.demand, factors).mean(axis=1),
        unmet=counted if factors is None else spread(_told(balance.unmet, factors), question.levels),
        cost_short=counted.times(costs[:, None] * balance.hours),
        first_breach=first_breach(short, question.sustained),
    )


def _told(values: FloatArray, factors: FloatArray | None) -> FloatArray:
    return values if factors is None else values * factors
