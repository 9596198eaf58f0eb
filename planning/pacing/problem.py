"""The two-stage programme in arrays: what is decided now, what is limited, and what is feared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from demand.errors import Invalid
from demand.history import FloatArray
from planning.ledger import Block, Phase, check_ledger
from planning.pacing.actions import DELAYS, Action, Closed, actions, closed_ways, last_moment
from planning.pacing.payments import Choice, Projected, Terms, choice_of, day_number, start_of
from planning.pools import Topology


@dataclass(frozen=True)
class Risk:
    """How much the dear paths weigh beside the average.

    Attributes:
        weight: of CVaR, added to the expected cost; 0 is neutral to risk.
        level: CVaR is the mean cost of the dearest paths beyond this probability, in [0, 1).
    """

    weight: float = 0.0
    level: float = 0.9

    def __post_init__(self) -> None:
        if not (0 <= self.weight < np.inf and 0 <= self.level < 1):
            raise Invalid(
                f"a weight of {self.weight:g} on CVaR at {self.level:g} is no measure of risk; give a weight that is "
                "not negative and a level such as 0.9"
            )

    def measure(self, cost: FloatArray) -> float:
        """Expected cost plus the weight times CVaR (Rockafellar and Uryasev, 2000), of costs per path."""
        return float(self.weights(cost) @ cost)

    def weights(self, cost: FloatArray) -> FloatArray:
        """What each path weighs in the measure; the measure's slope, shape (n_paths,)."""
        return np.full(len(cost), 1 / len(cost)) + self.weight * self.tail(cost)

    def tail(self, cost: FloatArray) -> FloatArray:
        """What each path weighs in CVaR, shape (n_paths,)."""
        left, weights = 1.0, np.zeros(len(cost))
        each = 1 / (len(cost) * (1 - self.level))
        for path in np.argsort(-cost, kind="stable"):
            weights[path] = min(each, left)
            left -= weights[path]
            if left <= 0:
                break
        return weights


@dataclass(frozen=True)
class Limits:
    """What a plan must keep to.

    Attributes:
        budget: for all that is paid from now on, on average over the paths, not discounted.
        budget_per_step: for what is paid in each step, on average over the paths, shape (n_steps,).
        power_mw: for all blocks together in each step, shape (n_steps,).
        megawatts_each: power of one accelerator with all that it needs around it, by accelerator; a number, or one
            per path where it is uncertain. A block counts with the most that it draws on any path, so the limit holds
            on every path.
        minimum_service: by class, the share of its own expected demand that must be served over the horizon: of the
            accelerator-hours that it asks for on average over the paths.
    """

    budget: float | None = None
    budget_per_step: FloatArray | None = None
    power_mw: FloatArray | None = None
    megawatts_each: Mapping[str, float | FloatArray] = field(default_factory=dict)
    minimum_service: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, share in self.minimum_service.items():
            if not 0 <= share <= 1:
                raise Invalid(f"a minimum service of {share:g} for {name!r} is no share; give one between 0 and 1")


@dataclass(frozen=True)
class Decision:
    """A block and what can be done about it.

    Attributes:
        block: of the ledger.
        pool: the row of its pool.
        choices: what can be done now, to proceed first.
        deadline: when its last way out closes; None where nothing can be decided.
        later: the same choices as if they were made at the deadline.
    """

    block: Block
    pool: int
    choices: tuple[Choice, ...]
    deadline: pd.Timestamp | None = None
    later: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Problem:
    """Everything that a plan depends on.

    Attributes:
        decisions: one per block.
        demand: accelerators, shape (n_classes, n_paths, n_steps).
        topology: of pools and classes, with the costs of shortage and idleness.
        terms: dates and discounting.
        limits: what must be kept.
        risk: what the tail of the cost weighs.
        excluded: pairs of (row of a decision, row of its choice) that cannot both be chosen.
        closed: ways out that are not available, with the reason.
    """

    decisions: tuple[Decision, ...]
    demand: FloatArray
    topology: Topology
    terms: Terms
    limits: Limits = field(default_factory=Limits)
    risk: Risk = field(default_factory=Risk)
    excluded: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = ()
    closed: tuple[Closed, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """How many paths and steps there are."""
        return self.demand.shape[1], self.demand.shape[2]

    @cached_property
    def weighted_hours(self) -> FloatArray:
        """Hours in each step, discounted as money of that step is, shape (n_steps,)."""
        return self.terms.hours * self.terms.worth(self.terms.edge_days[:-1])

    def power(self, decision: Decision) -> FloatArray:
        """Megawatts of each choice of a block in each step, shape (n_choices, n_steps)."""
        each = self.limits.megawatts_each.get(decision.block.accelerator, 0.0)
        draws = np.reshape(each, (-1, 1))
        return np.stack([(choice.supply * draws).max(axis=0) for choice in decision.choices])


def draft(
    blocks: Sequence[Projected],
    demand: FloatArray,
    topology: Topology,
    terms: Terms,
    limits: Limits | None = None,
    risk: Risk | None = None,
) -> Problem:
    """Put a ledger, its draws and demand together.

    A block that waits for others is not there before them: pairs of actions by which it would be, on any path, are
    excluded.

    Args:
        blocks: of the ledger with their draws; path i belongs to path i of demand.
        demand: accelerators, shape (n_classes, n_paths, n_steps).
        topology: of pools and classes.
        terms: dates and discounting.
        limits: what must be kept.
        risk: what the tail of the cost weighs.

    Raises:
        Invalid: blocks do not go together, arrays do not fit, or a limit is on what is not there.
    """
    check_ledger([each.block for each in blocks])
    problem = Problem(
        tuple(_decision(each, terms, DELAYS) for each in blocks),
        demand,
        topology,
        terms,
        limits or Limits(),
        risk or Risk(),
        _excluded(blocks, terms),
        tuple(closed for each in blocks for closed in closed_ways(each.block, terms.now)),
    )
    check(problem)
    return problem


def check(problem: Problem) -> None:
    """Refuse a problem whose parts do not fit.

    Raises:
        Invalid: they do not.
    """
    expected = (len(problem.topology.classes), *problem.shape)
    if problem.demand.shape != expected or len(problem.terms.edges) != problem.shape[1] + 1:
        raise Invalid(
            f"demand of shape {problem.demand.shape} does not fit {expected[0]} classes and "
            f"{len(problem.terms.edges) - 1} steps"
        )
    for decision in problem.decisions:
        if any(choice.supply.shape != problem.shape for choice in decision.choices):
            raise Invalid(f"the draws of block {decision.block.name!r} do not fit {problem.shape[0]} paths of demand")
    names = {each.name for each in problem.topology.classes}
    if unknown := [name for name in problem.limits.minimum_service if name not in names]:
        raise Invalid(f"minimum service is asked for {unknown[0]!r}, which is no class; there are {sorted(names)}")
    for what in (problem.limits.budget_per_step, problem.limits.power_mw):
        if what is not None and np.shape(what) != problem.shape[1:]:
            raise Invalid(f"a limit per step has shape {np.shape(what)}; give one number for each of the steps")
    if problem.limits.power_mw is not None:
        without = {d.block.accelerator for d in problem.decisions} - set(problem.limits.megawatts_each)
        if without:
            raise Invalid(f"power is limited, and none is known for {min(without)!r}; give the megawatts of one")


def _decision(projected: Projected, terms: Terms, delays: Sequence[int]) -> Decision:
    block = projected.block
    found, deadline = actions(block, terms.now, delays), last_moment(block, terms.now)
    later = () if deadline is None else tuple(choice_of(projected, each, terms, deadline) for each in found)
    return Decision(block, projected.pool, tuple(choice_of(projected, each, terms) for each in found), deadline, later)


def _excluded(blocks: Sequence[Projected], terms: Terms) -> tuple[tuple[tuple[int, int], tuple[int, int]], ...]:
    rows, now = {each.block.name: row for row, each in enumerate(blocks)}, day_number(terms.now)

    def starts(row: int) -> list[FloatArray]:
        return [start_of(blocks[row], action, now) for action in _actions(blocks[row], terms)]

    found = []
    for row, each in enumerate(blocks):
        for other in () if each.block.phase is Phase.LIVE else [rows[name] for name in each.block.after]:
            found += [
                ((other, a), (row, b))
                for a, before in enumerate(starts(other))
                for b, start in enumerate(starts(row))
                if (start < before - 1e-6).any()
            ]
    return tuple(found)


def _actions(projected: Projected, terms: Terms) -> tuple[Action, ...]:
    return actions(projected.block, terms.now)
