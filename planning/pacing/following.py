"""What a plan costs when what is not due yet is decided at its own deadline, by the demand seen until then.

A decision rule for each block that can wait: paths are put into clusters of equal size by the demand that the block's
pools, and those that are tied to them, meet in the last step seen before the deadline, and each cluster has an action
of its own. Rules see nothing but what will be known, so what they cost can be had; a better rule may exist. They are
found one block after the other until none gets better (decision rules as in Garstka and Wets, 1974).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from demand.history import FloatArray
from planning.pacing.evaluation import Evaluator, Part
from planning.pacing.payments import Choice
from planning.pacing.problem import Decision
from planning.pacing.rows import Row

CLUSTERS = 4

IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Rule:
    """A block that can wait, and what is known when it is decided.

    Attributes:
        row: of the decision.
        options: its choices that are open at the deadline, as rows of its choices.
        cluster: of each path, shape (n_paths,).
    """

    row: int
    options: tuple[int, ...]
    cluster: IntArray


@dataclass
class _Doing:
    """What a block does on each path: the choices, and their supply and cost, path by path."""

    chosen: IntArray
    supply: FloatArray
    cost: FloatArray

    @classmethod
    def throughout(cls, choice: int, what: Choice) -> "_Doing":
        return cls(np.full(len(what.cost), choice, dtype=np.intp), what.supply.copy(), what.cost.copy())

    def replaced(self, paths: npt.NDArray[np.bool_], choice: int, what: Choice) -> None:
        self.chosen[paths], self.supply[paths], self.cost[paths] = choice, what.supply[paths], what.cost[paths]


class Following:
    """Plans whose blocks that are not due follow rules.

    Args:
        evaluator: of the problem.
        limits: that hold whatever the rules choose.
        plan: what all blocks do if they follow nothing, shape (n_decisions,).
        due: rows of the decisions that are made now.
        running: whether there is time left.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        limits: tuple[Row, ...],
        plan: np.ndarray,
        due: Collection[int],
        running: Callable[[], bool],
    ) -> None:
        self._evaluator, self._running = evaluator, running
        self._weights = evaluator.problem.risk.weights(evaluator.costs(evaluator.taken(plan)))
        self._limits = np.array([each.weights / each.scale for each in limits])
        self._most = np.array([each.most / each.scale + 1e-9 for each in limits])
        self._used = [{int(choice)} for choice in plan]
        self.rules = _rules(evaluator, due)

    def costs(self, part: int, plan: np.ndarray) -> FloatArray:
        """What the blocks and the demand of a part cost with its rules as they are best, shape (n_paths,).

        Args:
            part: its row.
            plan: what is due, and what the rest does before it follows anything.
        """
        state = _State(self._evaluator, part, plan)
        for row in state.doing:
            self._used[row] = {int(plan[row])}
        rules, improved = [each for each in self.rules if each.row in state.doing], True
        while improved and self._running():
            improved = sum(self._improve(state, each) for each in rules) > 0
        return np.asarray(sum(each.cost for each in state.doing.values()) + state.recourse)

    def _improve(self, state: "_State", rule: Rule) -> bool:
        """The best choice of a block in each cluster; says whether that is better than what was chosen."""
        options = [choice for choice in rule.options if self._keeps(rule.row, choice)]
        if not options:
            return False
        decision, doing = self._evaluator.problem.decisions[rule.row], state.doing[rule.row]
        costs = np.stack([state.cost_with(rule.row, decision.later[choice]) for choice in options]) * self._weights
        now, improved = (doing.cost + state.recourse) * self._weights, False
        for each in range(int(rule.cluster.max()) + 1):
            among = rule.cluster == each
            measured, own = costs[:, among].sum(axis=1), now[among].sum()
            if measured.min() < own - 1e-9 * abs(own):
                choice = options[int(measured.argmin())]
                doing.replaced(among, choice, decision.later[choice])
                improved = True
        if improved:
            state.allocate()
            self._used[rule.row] = set(doing.chosen.tolist())
        return improved

    def _keeps(self, row: int, choice: int) -> bool:
        """Whether all limits hold with one more choice in use, whatever the other rules choose of theirs."""
        if not len(self._most):
            return True
        first, most = self._evaluator.first, np.zeros(len(self._most))
        for at, used in enumerate(self._used):
            columns = [first[at] + each for each in (used | {choice} if at == row else used)]
            most += self._limits[:, columns].max(axis=1)
        return bool((most <= self._most).all())


class _State:
    """What the blocks of a part do, and what shortage and idleness cost with it, path by path."""

    def __init__(self, evaluator: Evaluator, part: int, plan: np.ndarray) -> None:
        self._part: Part = evaluator.parts[part]
        self._hours = evaluator.problem.weighted_hours
        decisions, pools = evaluator.problem.decisions, evaluator.problem.topology.pools
        rows = np.flatnonzero(evaluator.part_of == part).tolist()
        self._pool = {row: self._part.topology.pools.index(pools[decisions[row].pool]) for row in rows}
        self.doing = {row: _Doing.throughout(int(plan[row]), decisions[row].choices[plan[row]]) for row in rows}
        self.allocate()

    def allocate(self) -> None:
        """Work out supply and what it costs anew."""
        shape = (len(self._part.topology.pools), *self._part.demand.shape[1:])
        self._supply = np.zeros(shape)
        for row, doing in self.doing.items():
            self._supply[self._pool[row]] += doing.supply
        self.recourse = self._recourse(self._supply)

    def cost_with(self, row: int, other: Choice) -> FloatArray:
        """Payments for a block and what shortage and idleness cost if it did something else, shape (n_paths,)."""
        supply = self._supply.copy()
        supply[self._pool[row]] += other.supply - self.doing[row].supply
        return np.asarray(other.cost + self._recourse(supply))

    def _recourse(self, supply: FloatArray) -> FloatArray:
        # Sums and differences of the same numbers may fall short of zero by rounding.
        found = self._part.tariff.recourse(self._part.demand, np.maximum(supply, 0.0), self._hours)
        return np.asarray(found.cost.sum(axis=1))


def _rules(evaluator: Evaluator, due: Collection[int]) -> tuple[Rule, ...]:
    """The blocks of which something is learnt before they have to be decided, those that wait longest first."""
    decisions, found = evaluator.problem.decisions, []
    for row, decision in enumerate(decisions):
        options = _open_at_the_deadline(decision)
        seen = 0 if decision.deadline is None else int((evaluator.problem.terms.edges[1:] <= decision.deadline).sum())
        if row in due or len(options) < 2 or not seen:
            continue
        demand = evaluator.parts[evaluator.part_of[row]].demand[:, :, seen - 1].sum(axis=0)
        # Paths that cannot be told apart by then are in one cluster.
        borders = np.quantile(demand, np.arange(1, CLUSTERS) / CLUSTERS)
        found.append(Rule(row, options, np.searchsorted(borders, demand)))
    return tuple(sorted(found, key=lambda each: decisions[each.row].deadline or 0, reverse=True))


def _open_at_the_deadline(decision: Decision) -> tuple[int, ...]:
    if decision.deadline is None:
        return ()
    ways = [each.action.way for each in decision.choices]
    return tuple(at for at, way in enumerate(ways) if way is None or way.until >= decision.deadline)
