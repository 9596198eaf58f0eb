"""The first stage as a mixed-integer programme, with what is known of the second stage so far.

Variables are, in this order: what is taken of each choice; per part and group of paths the mean cost of shortage and
idleness; the threshold and the excesses of CVaR over the groups, and CVaR; and per bound on a minimum of service what
two largest flows are: one with the class and one without it. What is known of the second stage are cuts: tangents of
convex costs and of concave flows, and chains of marginal gains below the flows that are taken off.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from demand.history import FloatArray
from planning.pacing.evaluation import Evaluator
from planning.pacing.rows import Row
from planning.pacing.service import Service, at_least

_OUT_OF_TIME = 1
"""What scipy says when HiGHS ran into its time limit."""

_SOLVE_ERROR = 4
"""What scipy says when HiGHS fails, as its presolve does now and then; without it the same programme is solved."""


@dataclass(frozen=True)
class Found:
    """What the programme gave.

    Attributes:
        chosen: how much of each choice is taken, shape (n_columns,); None if nothing was found.
        bound: no plan costs less; minus infinity where that is not known.
        infeasible: whether it is proven that no plan keeps the limits.
        complete: whether the solver came to its end in its time.
    """

    chosen: FloatArray | None
    bound: float
    infeasible: bool
    complete: bool = True


@dataclass
class Master:
    """The programme; cuts are added to it.

    Attributes:
        evaluator: of the problem.
        groups: which group each path is in, shape (n_paths,).
        rows: the linear limits.
        services: the minima of service.
        scale: what costs are divided by, so that the solver sees numbers near one.
        costs_count: whether the cheapest plan is sought, or any that keeps the limits.
    """

    evaluator: Evaluator
    groups: np.ndarray
    rows: tuple[Row, ...]
    services: tuple[Service, ...]
    scale: float
    costs_count: bool = True
    _blocks: list[sparse.csr_array] = field(default_factory=list)
    _limits: list[FloatArray] = field(default_factory=list)
    _chains: set[tuple[int, bytes]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.n_groups = int(self.groups.max()) + 1
        self.share = np.bincount(self.groups) / len(self.groups)
        n, n_parts = self.evaluator.n_columns, len(self.evaluator.parts)
        self.thetas = n
        self.tail = n + n_parts * self.n_groups
        self.served = self.tail + self.n_groups + 2
        self.bounds = [(at, each) for at, service in enumerate(self.services) for each in service.bounds]
        self.flows = [
            (row, sign, flow)
            for row, (_, bound) in enumerate(self.bounds)
            for sign, flows in ((1.0, bound.added), (-1.0, bound.less))
            for flow in flows
        ]
        self.size = self.served + len(self.flows)
        self.group_cost = self.means(self.evaluator.cost) / self.scale
        if self.evaluator.problem.risk.weight:
            self._measure_tail()

    def means(self, values: FloatArray) -> FloatArray:
        """Means over the paths of each group, shape (..., n_groups)."""
        return np.asarray(values @ (np.eye(self.n_groups)[self.groups] / np.bincount(self.groups)))

    def add_costs(self, part: int, cost: FloatArray, slopes: FloatArray, chosen: FloatArray) -> None:
        """Tangents of the cost of a part, group by group.

        Args:
            part: its row.
            cost: per path at what is chosen, shape (n_paths,).
            slopes: per choice of the part and path.
            chosen: the point of the tangents, shape (n_columns,).
        """
        columns = self.evaluator.parts[part].columns
        steep = self.means(slopes) / self.scale
        rows = np.zeros((self.n_groups, self.size))
        rows[:, columns] = steep.T
        rows[np.arange(self.n_groups), self.thetas + part * self.n_groups + np.arange(self.n_groups)] = -1
        self._add(rows, chosen[columns] @ steep - self.means(cost) / self.scale)

    def add_tail(self, weights: FloatArray, cost: FloatArray, slopes: FloatArray, chosen: FloatArray) -> None:
        """A tangent of CVaR of all costs, by the weights of the paths and the slopes of their costs."""
        steep = slopes @ weights / self.scale
        row = np.zeros((1, self.size))
        row[0, : len(chosen)] = steep
        row[0, self.served - 1] = -1
        self._add(row, np.array([chosen @ steep - cost @ weights / self.scale]))

    def add_service(self, service: int, chosen: FloatArray) -> None:
        """Cuts of the flows that bound what is served: tangents of those that are added, chains below the others.

        Args:
            service: its row.
            chosen: how much of each choice is taken, shape (n_columns,).
        """
        at, asked = self.services[service].part, self.services[service].asked or 1.0
        part = self.evaluator.parts[at]
        plan = self.evaluator.taken(self.evaluator.plan(chosen))[part.columns].tobytes()
        for variable, (bound, sign, flow) in enumerate(self.flows):
            if self.bounds[bound][0] != service or (sign < 0 and (variable, plan) in self._chains):
                continue
            row, most = np.zeros((1, self.size)), 0.0
            if sign > 0:
                flows, slope = flow.tangent(part, chosen)
                most = (flows - slope @ chosen[part.columns]) / asked
            else:
                slope = at_least(self.evaluator, at, flow, chosen)
                self._chains.add((variable, plan))
            row[0, part.columns] = -sign * slope / asked
            row[0, self.served + variable] = sign
            self._add(row, np.array([most]))

    def forbid(self, chosen: FloatArray, part: int | None = None) -> None:
        """Leave one plan out, or all plans that are like it in one part."""
        row = np.zeros((1, self.size))
        columns = np.arange(self.thetas) if part is None else self.evaluator.parts[part].columns
        row[0, columns] = chosen[columns]
        self._add(row, np.array([chosen[columns].sum() - 1]))

    def relaxed(self, fixed: Mapping[int, float] | None = None) -> tuple[Found, FloatArray]:
        """The best when choices may be taken in part, and what one unit more of each row's limit saves.

        The prices are of `rows`, then of `services`, in the unit of the objective per unit of the limit.
        """
        matrix, most = self._constraints()
        lower, upper = self._bounds(fixed)
        equal, one = self._one_choice()
        solved = linprog(
            self._objective(),
            A_ub=matrix,
            b_ub=most,
            A_eq=equal,
            b_eq=one,
            bounds=np.column_stack([lower, upper]),
            method="highs",
        )
        if solved.x is None:
            return Found(None, -np.inf, solved.status == 2), np.zeros(0)
        units = [*(row.scale for row in self.rows), *(self.services[at].asked or 1.0 for at, _ in self.bounds)]
        each = -solved.ineqlin.marginals[: len(units)] * self.scale / np.array(units, dtype=float)
        places = [*range(len(self.rows)), *(len(self.rows) + at for at, _ in self.bounds)]
        prices = np.zeros(len(self.rows) + len(self.services))
        np.add.at(prices, places, each)
        return Found(solved.x[: self.thetas], float(solved.fun) * self.scale, infeasible=False), prices

    def solved(self, gap: float, seconds: float, fixed: Mapping[int, float] | None = None) -> Found:
        """The best plan as far as is known.

        Args:
            gap: relative, at which the solver may stop.
            seconds: after which it stops.
            fixed: how much of some columns must be taken.
        """
        matrix, most = self._constraints()
        equal, one = self._one_choice()
        lower, upper = self._bounds(fixed)
        for presolve in (True, False):
            solved = milp(
                self._objective(),
                integrality=(np.arange(self.size) < self.thetas).astype(int),
                bounds=Bounds(lower, upper),
                constraints=[LinearConstraint(matrix, -np.inf, most), LinearConstraint(equal, one, one)],
                options={"mip_rel_gap": gap, "time_limit": max(seconds, 0.01), "presolve": presolve},
            )
            if solved.status != _SOLVE_ERROR:
                break
        bound = -np.inf if solved.mip_dual_bound is None else float(solved.mip_dual_bound) * self.scale
        chosen = None if solved.x is None else np.round(solved.x[: self.thetas])
        return Found(chosen, bound, solved.status == 2, complete=solved.status != _OUT_OF_TIME)

    def _add(self, rows: FloatArray, most: FloatArray) -> None:
        self._blocks.append(sparse.csr_array(rows))
        self._limits.append(most)

    def _objective(self) -> FloatArray:
        cost = np.zeros(self.size)
        if not self.costs_count:
            return cost
        cost[: self.thetas] = self.group_cost @ self.share
        cost[self.thetas : self.tail] = np.tile(self.share, len(self.evaluator.parts))
        cost[self.served - 1] = self.evaluator.problem.risk.weight
        return cost

    def _measure_tail(self) -> None:
        """CVaR over the means of groups, which is no more than CVaR over the paths (Rockafellar and Uryasev, 2000)."""
        every = np.arange(self.n_groups)
        excess = np.zeros((self.n_groups, self.size))
        excess[:, : self.thetas] = self.group_cost.T
        for part in range(len(self.evaluator.parts)):
            excess[every, self.thetas + part * self.n_groups + every] = 1
        excess[:, self.tail] = -1
        excess[every, self.tail + 1 + every] = -1
        row = np.zeros((1, self.size))
        row[0, self.tail] = 1
        row[0, self.tail + 1 : self.served - 1] = self.share / (1 - self.evaluator.problem.risk.level)
        row[0, self.served - 1] = -1
        self._add(np.vstack([excess, row]), np.zeros(self.n_groups + 1))

    def _constraints(self) -> tuple[sparse.csr_array, FloatArray]:
        own = np.zeros((len(self.rows) + len(self.bounds), self.size))
        for at, row in enumerate(self.rows):
            own[at, : self.thetas] = row.weights / row.scale
        for at, (bound, sign, _) in enumerate(self.flows):
            own[len(self.rows) + bound, self.served + at] = -sign
        most = [row.most / row.scale for row in self.rows]
        most += [-self.services[at].least / (self.services[at].asked or 1.0) for at, _ in self.bounds]
        return (
            sparse.csr_array(sparse.vstack([sparse.csr_array(own), *self._blocks])),
            np.concatenate([np.array(most, dtype=float), *self._limits]),
        )

    def _one_choice(self) -> tuple[sparse.csr_array, FloatArray]:
        first = self.evaluator.first
        decision = np.repeat(np.arange(len(first) - 1), np.diff(first))
        shape = (len(first) - 1, self.size)
        ones = np.ones(self.thetas)
        return sparse.csr_array((ones, (decision, np.arange(self.thetas))), shape=shape), np.ones(shape[0])

    def _bounds(self, fixed: Mapping[int, float] | None) -> tuple[FloatArray, FloatArray]:
        lower, upper = np.zeros(self.size), np.full(self.size, np.inf)
        upper[: self.thetas] = 1
        if self.evaluator.problem.risk.weight:
            lower[[self.tail, self.served - 1]] = -np.inf
        else:
            upper[self.tail : self.served] = 0
        for at, (bound, _, flow) in enumerate(self.flows):
            service = self.services[self.bounds[bound][0]]
            upper[self.served + at] = flow.most(self.evaluator.parts[service.part]) / (service.asked or 1.0)
        for column, amount in (fixed or {}).items():
            lower[column] = upper[column] = amount
        return lower, upper


def grouped(cost: FloatArray, n_groups: int) -> np.ndarray:
    """Groups of equal size of paths that cost alike."""
    order = np.argsort(np.argsort(cost, kind="stable"), kind="stable")
    return np.asarray(order * min(n_groups, len(cost)) // len(cost))
