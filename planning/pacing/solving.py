"""The best plan by Benders decomposition: cheap plans from a programme, true costs from the paths, cuts in between.

The relaxation, in which choices may be taken in part, is brought to its optimum first; then plans in whole numbers are
solved for with the cuts it left, improved one block at a time, and cut again (Benders, 1962; Van Slyke and Wets, 1969;
several cuts at a time as in Birge and Louveaux, 1988).
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from demand.errors import Invalid, Unavailable
from demand.history import FloatArray
from planning.pacing.evaluation import Evaluator
from planning.pacing.master import Found, Master, grouped
from planning.pacing.neighbourhood import Neighbourhood
from planning.pacing.problem import Problem
from planning.pacing.rows import rows_of
from planning.pacing.service import Service, services_of

_ROUNDS = 500
_SHARE = 0.25
"""Of the time that is left, what one programme may take; more once that was not enough."""


@dataclass(frozen=True)
class Effort:
    """How long to look for a better plan.

    Attributes:
        gap: relative; a plan is good enough when none is known to cost less by more.
        seconds: after which the best that was found is returned.
        groups: of paths, that costs are bounded for one by one.
        seconds_beside: in all, for what is told beside the plan: what is due before a review, regrets with all else
            planned anew, the value of planning for all paths and that of knowing the path.
        clock: tells seconds.
    """

    gap: float = 1e-6
    seconds: float = 60.0
    groups: int = 20
    seconds_beside: float = 30.0
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        if not (self.gap >= 0 and self.seconds > 0 and self.groups >= 1):
            raise Invalid(f"a gap of {self.gap:g} within {self.seconds:g} s cannot be aimed at; give 0.01 and 60")


@dataclass(frozen=True)
class Solution:
    """A plan and how good it is known to be.

    Attributes:
        plan: the choice of each decision, shape (n_decisions,).
        objective: expected cost plus the weight times CVaR.
        bound: no plan costs less.
        in_time: whether the gap was reached before the time was over.
    """

    plan: np.ndarray
    objective: float
    bound: float
    in_time: bool

    @property
    def gap(self) -> float:
        """Relative to the objective, what a better plan could save at most."""
        return max(self.objective - self.bound, 0.0) / max(abs(self.objective), 1e-12)


class OutOfTime(Unavailable):
    """No plan that keeps the limits was found in time."""


class NoPlan(Invalid):
    """No plan keeps all limits."""


class Solver:
    """A problem with all that was learnt of it; solving it again with choices fixed begins from there."""

    def __init__(self, problem: Problem, effort: Effort) -> None:
        self.evaluator = Evaluator.of(problem)
        self.effort = effort
        self.risk = problem.risk
        start = self.evaluator.taken([0] * len(problem.decisions))
        costs = self.evaluator.costs(start)
        rows, services = rows_of(self.evaluator), services_of(self.evaluator)
        scale = float(np.abs(costs).mean()) or 1.0
        self.master = Master(self.evaluator, grouped(costs, effort.groups), rows, services, scale)
        self.learn(start)

    def learn(self, chosen: FloatArray) -> float:
        """Cut at a point, and return the objective there."""
        evaluator, slopes = self.evaluator, self.evaluator.cost.copy()
        cost = chosen @ evaluator.cost
        for at, part in enumerate(evaluator.parts):
            of_part, steep = evaluator.recourse(part, chosen)
            self.master.add_costs(at, of_part, steep, chosen)
            cost = cost + of_part
            slopes[part.columns] += steep
        if self.risk.weight:
            self.master.add_tail(self.risk.tail(cost), cost, slopes, chosen)
        for row in range(len(self.master.services)):
            self.master.add_service(row, chosen)
        return self.risk.measure(cost)

    def keeps_limits(self, chosen: FloatArray) -> bool:
        """Whether a plan keeps all limits, minimum service as it truly is."""
        return all(row.keeps(chosen) for row in self.master.rows) and not self.short(chosen)

    def short(self, chosen: FloatArray) -> tuple[Service, ...]:
        """The minima of service that a plan breaks."""
        services = self.master.services
        return tuple(each for each in services if not each.keeps(each.served(self.evaluator, chosen)))

    def around(self, plan: np.ndarray) -> Neighbourhood:
        """The plans that differ from a plan in one decision."""
        return Neighbourhood(self.evaluator, self.master.rows, self.master.services, plan)

    def solve(
        self,
        fixed: Mapping[int, float] | None = None,
        start: np.ndarray | None = None,
        seconds: float | None = None,
    ) -> Solution:
        """The best plan.

        Args:
            fixed: how much of some columns must be taken.
            start: a plan to begin from.
            seconds: for this time; those of the effort if it is not named.

        Raises:
            NoPlan: none keeps the limits.
            OutOfTime: none that keeps the limits was found in time.
        """
        search = _Search(self, dict(fixed or {}), self.effort.seconds if seconds is None else seconds)
        if start is not None:
            search.consider(self.evaluator.taken(start))
        search.relax()
        search.integrate()
        return search.result()


class _Search:
    """One run of the decomposition."""

    def __init__(self, solver: Solver, fixed: dict[int, float], seconds: float) -> None:
        self.solver, self.fixed, self.seconds = solver, fixed, seconds
        self.ends = solver.effort.clock() + seconds
        self.best: FloatArray | None = None
        self.objective, self.bound = np.inf, -np.inf
        self.seen: set[bytes] = set()

    def left(self) -> float:
        return self.ends - self.solver.effort.clock()

    def done(self) -> bool:
        tolerance = self.solver.effort.gap * max(abs(self.objective), 1e-12)
        return self.best is not None and self.objective - self.bound <= tolerance

    def relax(self) -> None:
        """Cut the relaxation until it hardly rises, and begin from the plan that is nearest to it."""
        solver, best, chosen = self.solver, np.inf, None
        for _ in range(_ROUNDS):
            found, _ = solver.master.relaxed(self.fixed)
            self._check(found)
            if found.chosen is None or self.left() < 0.5 * self.seconds:
                break
            chosen = found.chosen
            self.bound = max(self.bound, found.bound)
            best = min(best, solver.learn(chosen))
            if best - found.bound <= max(0.2 * solver.effort.gap, 1e-7) * max(abs(best), 1e-12):
                break
        if chosen is not None:
            self.consider(solver.evaluator.taken(solver.evaluator.plan(chosen)))

    def integrate(self) -> None:
        """Solve in whole numbers, cut, and repeat; a plan that comes back was told true, and none is better.

        One that comes back and breaks a limit does so by less than the solver sees, and is forbidden.
        """
        solver, share = self.solver, _SHARE
        for _ in range(_ROUNDS):
            if self.left() <= 0:
                return
            found = solver.master.solved(0.3 * solver.effort.gap, share * self.left(), self.fixed)
            self._check(found)
            self.bound = max(self.bound, found.bound)
            share = _SHARE if found.complete else min(2 * share, 1.0)
            if found.chosen is None or self.done():
                if found.complete or self.done():
                    return
                continue
            kept = self.consider(found.chosen)
            known = found.chosen.tobytes() in self.seen
            self.seen.add(found.chosen.tobytes())
            if known and not kept:
                solver.master.forbid(found.chosen)
            if (known and kept and found.complete) or self.done():
                return

    def consider(self, chosen: FloatArray) -> bool:
        """Cut at a plan, and take it, or one that it is mended to, if it is the best so far.

        Returns:
            Whether the plan keeps the limits.
        """
        objective, short = self.solver.learn(chosen), self.solver.short(chosen)
        for part in {each.part for each in short}:
            self.solver.master.forbid(chosen, part)
        kept = not short and all(row.keeps(chosen) for row in self.solver.master.rows)
        if objective < self.objective and (kept or short):
            self.improve(chosen)
        return kept

    def improve(self, chosen: FloatArray) -> None:
        """Mend a plan where it breaks minimum service, make it better, one decision at a time, and take it."""
        evaluator = self.solver.evaluator
        around = self.solver.around(evaluator.plan(chosen))
        held = {int(row) for row in np.searchsorted(evaluator.first, list(self.fixed), side="right") - 1}
        if not around.mend(held, lambda: self.left() > 0):
            return
        around.descend(held, lambda: self.left() > 0)
        if around.objective < self.objective:
            self.best, self.objective = around.chosen, around.objective
            self.solver.learn(around.chosen)

    def _check(self, found: Found) -> None:
        if found.infeasible and self.best is None:
            raise NoPlan("no plan keeps all limits")

    def result(self) -> Solution:
        if self.best is None:
            raise OutOfTime(
                f"no plan that keeps the limits was found in {self.seconds:g} s; allow more time or relax a limit"
            )
        plan = self.solver.evaluator.plan(self.best)
        return Solution(plan, self.objective, min(self.bound, self.objective), self.done() or self.left() > 0)
