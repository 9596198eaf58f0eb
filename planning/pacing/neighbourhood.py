"""Plans that differ from a plan in one decision: what they cost, and whether one of them is better."""

from collections.abc import Callable, Collection

import numpy as np

from demand.history import FloatArray
from planning.pacing.evaluation import Evaluator
from planning.pacing.rows import Row
from planning.pacing.service import Service


class Neighbourhood:
    """A plan, taken apart so that a change of one decision is told from its own part."""

    def __init__(
        self, evaluator: Evaluator, rows: tuple[Row, ...], services: tuple[Service, ...], plan: np.ndarray
    ) -> None:
        self.evaluator, self.rows, self.services = evaluator, rows, services
        self.move_to(plan)

    def move_to(self, plan: np.ndarray) -> None:
        """Look around another plan."""
        evaluator = self.evaluator
        self.plan, self.chosen = plan.copy(), evaluator.taken(plan)
        self.by_part = [evaluator.cost_of_part(part, self.chosen) for part in evaluator.parts]
        self.kept = [each.keeps(each.served(evaluator, self.chosen)) for each in self.services]
        self.objective = evaluator.problem.risk.measure(self.chosen @ evaluator.cost + sum(self.by_part))

    def swapped(self, row: int, choice: int) -> FloatArray:
        """Which columns are taken when one decision is made otherwise."""
        chosen = self.chosen.copy()
        first = self.evaluator.first[row]
        chosen[first + self.plan[row]] = 0.0
        chosen[first + choice] = 1.0
        return chosen

    def costs(self, row: int, choice: int) -> FloatArray:
        """Costs per path, shape (n_paths,)."""
        evaluator, chosen = self.evaluator, self.swapped(row, choice)
        at = evaluator.part_of[row]
        own = evaluator.cost_of_part(evaluator.parts[at], chosen)
        return np.asarray(chosen @ evaluator.cost + sum(self.by_part) - self.by_part[at] + own)

    def measure(self, row: int, choice: int) -> float:
        """The objective."""
        return self.evaluator.problem.risk.measure(self.costs(row, choice))

    def keeps_limits(self, row: int, choice: int) -> bool:
        """Whether the plan keeps all limits."""
        evaluator, chosen = self.evaluator, self.swapped(row, choice)
        if not all(limit.keeps(chosen) for limit in self.rows):
            return False
        at = evaluator.part_of[row]
        return all(
            each.keeps(each.served(evaluator, chosen)) if each.part == at else kept
            for each, kept in zip(self.services, self.kept, strict=True)
        )

    def descend(self, held: Collection[int], running: Callable[[], bool]) -> None:
        """Make one decision after the other better, until none can be or time is over.

        Args:
            held: rows of decisions that are not touched.
            running: whether there is time left.
        """
        free = [row for row in range(len(self.plan)) if row not in held]
        improved = True
        while improved and running():
            improved = False
            for row in free:
                choices = range(len(self.evaluator.problem.decisions[row].choices))
                others = {choice: self.measure(row, choice) for choice in choices if choice != self.plan[row]}
                for choice in sorted(others, key=others.__getitem__):
                    if others[choice] >= self.objective - 1e-9 * abs(self.objective) or not running():
                        break
                    if self.keeps_limits(row, choice):
                        plan = self.plan.copy()
                        plan[row] = choice
                        self.move_to(plan)
                        improved = True
                        break
