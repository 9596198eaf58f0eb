"""What a plan costs on every path, and how that changes with what is chosen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from demand.history import FloatArray
from planning.allocation import Tariff, components
from planning.pacing.problem import Problem
from planning.pools import Topology


@dataclass(frozen=True)
class Part:
    """Pools that demand ties together, with what can be chosen there.

    Attributes:
        topology: of the part.
        demand: of its classes, shape (n_classes, n_paths, n_steps).
        columns: choices in the part, in the order of all choices, pool by pool.
        supply: of those choices, pool by pool, each of shape (n_choices, n_paths, n_steps).
    """

    topology: Topology
    demand: FloatArray
    columns: np.ndarray
    supply: tuple[FloatArray, ...]

    @cached_property
    def tariff(self) -> Tariff:
        """What shortage and idleness cost here."""
        return Tariff.of(self.topology)

    def without_idleness(self) -> "Part":
        """The same part where idleness costs nothing."""
        return replace(self, topology=replace(self.topology, cost_idle={}))

    def pooled(self, chosen: FloatArray) -> FloatArray:
        """Accelerators per pool, shape (n_pools, n_paths, n_steps), by how much of each choice is taken."""
        at = np.cumsum([0, *(len(each) for each in self.supply)])
        spans = zip(at, at[1:], self.supply, strict=False)
        return np.stack([_mixed(chosen[self.columns[first:last]], each) for first, last, each in spans])

    def slopes(self, slope: FloatArray) -> FloatArray:
        """What one of each choice adds, by what one accelerator in each pool adds; shape (n_columns, n_paths)."""
        return np.concatenate(
            [np.einsum("cwt,wt->cw", each, row) for each, row in zip(self.supply, slope, strict=True)]
        )


@dataclass(frozen=True)
class Evaluator:
    """A problem taken apart, so that one choice changes the costs of one part only.

    Attributes:
        problem: that it is of.
        first: the first column of each decision, and the number of columns; shape (n_decisions + 1,).
        cost: of each choice, shape (n_columns, n_paths).
        parts: of the pools.
        part_of: the part that each decision is in.
    """

    problem: Problem
    first: np.ndarray
    cost: FloatArray
    parts: tuple[Part, ...]
    part_of: np.ndarray

    @classmethod
    def of(cls, problem: Problem) -> "Evaluator":
        """Take a problem apart."""
        decisions = problem.decisions
        first = np.cumsum([0, *(len(each.choices) for each in decisions)])
        pools = components(problem.topology)
        parts = tuple(_part(problem, rows, first) for rows in pools)
        place = {pool: at for at, rows in enumerate(pools) for pool in rows}
        cost = [choice.cost for each in decisions for choice in each.choices]
        shape = (0, problem.shape[0])
        return cls(
            problem,
            first,
            np.stack(cost) if cost else np.empty(shape),
            parts,
            np.array([place[each.pool] for each in decisions], dtype=np.intp),
        )

    @property
    def n_columns(self) -> int:
        """How many choices there are in all."""
        return int(self.first[-1])

    def taken(self, plan: Sequence[int] | np.ndarray) -> FloatArray:
        """Which columns a plan takes, 0 or 1; a plan names the choice of each decision."""
        chosen = np.zeros(self.n_columns)
        chosen[self.first[:-1] + np.asarray(plan, dtype=np.intp)] = 1.0
        return chosen

    def plan(self, chosen: FloatArray) -> np.ndarray:
        """The choice of each decision of which most is taken."""
        spans = zip(self.first, self.first[1:], strict=False)
        return np.array([int(np.argmax(chosen[first:last])) for first, last in spans], dtype=np.intp)

    def pooled(self, chosen: FloatArray) -> FloatArray:
        """Accelerators per pool, shape (n_pools, n_paths, n_steps), by how much of each choice is taken."""
        pools = self.problem.topology.pools
        supply = np.empty((len(pools), *self.problem.shape))
        for part in self.parts:
            supply[[pools.index(pool) for pool in part.topology.pools]] = part.pooled(chosen)
        return supply

    def recourse(self, part: Part, chosen: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Cost of shortage and idleness per path, and per choice what one of it adds to that.

        Returns:
            Arrays of shape (n_paths,) and (n_columns of the part, n_paths).
        """
        found = part.tariff.recourse(part.demand, part.pooled(chosen), self.problem.weighted_hours)
        return found.cost.sum(axis=1), part.slopes(found.slope)

    def cost_of_part(self, part: Part, chosen: FloatArray) -> FloatArray:
        """Cost of shortage and idleness per path, shape (n_paths,)."""
        found = part.tariff.recourse(part.demand, part.pooled(chosen), self.problem.weighted_hours)
        return np.asarray(found.cost.sum(axis=1))

    def costs(self, chosen: FloatArray) -> FloatArray:
        """All costs per path, shape (n_paths,)."""
        total = chosen @ self.cost
        for part in self.parts:
            total = total + self.cost_of_part(part, chosen)
        return np.asarray(total)

    def measure(self, plan: Sequence[int] | np.ndarray) -> float:
        """The objective: expected cost plus the weight times CVaR."""
        return self.problem.risk.measure(self.costs(self.taken(plan)))


def _mixed(shares: FloatArray, levels: FloatArray) -> FloatArray:
    """The sum of levels by their shares; most of which are zero, and left out."""
    taken = np.flatnonzero(shares)
    return np.asarray(np.tensordot(shares[taken], levels[taken], axes=1))


def _part(problem: Problem, rows: tuple[int, ...], first: np.ndarray) -> Part:
    topology, columns, supply = problem.topology, [], []
    for pool in rows:
        here = [at for at, each in enumerate(problem.decisions) if each.pool == pool]
        columns += [np.arange(first[at], first[at + 1]) for at in here]
        levels = [choice.supply for at in here for choice in problem.decisions[at].choices]
        supply.append(np.stack(levels) if levels else np.empty((0, *problem.shape)))
    pools = tuple(topology.pools[row] for row in rows)
    names = {pool.name for pool in pools}
    classes = [row for row, each in enumerate(topology.classes) if each.home in names]
    return Part(
        Topology(pools, tuple(topology.classes[row] for row in classes), topology.cost_idle, topology.unit),
        problem.demand[classes],
        np.concatenate(columns) if columns else np.empty(0, dtype=np.intp),
        tuple(supply),
    )
