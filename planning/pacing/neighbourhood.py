"""Plans that differ from a plan in one decision: what they cost, and whether one of them is better."""

from collections.abc import Callable, Collection, Iterator, Sequence

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
        self.served = [each.served(evaluator, self.chosen) for each in self.services]
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
        chosen = self.swapped(row, choice)
        if not all(limit.keeps(chosen) for limit in self.rows):
            return False
        return all(each.keeps(served) for each, served in zip(self.services, self._served(row, chosen), strict=True))

    def missing(self, served: Sequence[float]) -> float:
        """By how much what is served is less than it must be, as shares of what is asked for; 0 where it is enough."""
        pairs = zip(self.services, served, strict=True)
        return sum((each.least - amount) / each.asked for each, amount in pairs if not each.keeps(amount))

    def mend(self, held: Collection[int], running: Callable[[], bool]) -> bool:
        """Change one decision after the other until minimum service is kept, by what costs least for what it adds.

        Args:
            held: rows of decisions that are not touched.
            running: whether there is time left.

        Returns:
            Whether all limits are kept then.
        """
        while (missing := self.missing(self.served)) and running():
            best, dearest = None, np.inf
            for row, choice in self._with_more(held):
                left = self.missing(self._served(row, chosen := self.swapped(row, choice)))
                if left < missing and all(limit.keeps(chosen) for limit in self.rows) and running():
                    price = (self.measure(row, choice) - self.objective) / (missing - left)
                    if price < dearest:
                        best, dearest = (row, choice), price
            if best is None:
                return False
            self._change(*best)
        return not missing and all(limit.keeps(self.chosen) for limit in self.rows)

    def _with_more(self, held: Collection[int]) -> Iterator[tuple[int, int]]:
        """Changes that supply more at some time, where service is missing."""
        pairs = zip(self.services, self.served, strict=True)
        short = {each.part for each, served in pairs if not each.keeps(served)}
        for row, decision in enumerate(self.evaluator.problem.decisions):
            if row in held or self.evaluator.part_of[row] not in short:
                continue
            own = decision.choices[self.plan[row]].supply
            yield from ((row, at) for at, each in enumerate(decision.choices) if (each.supply > own).any())

    def _served(self, row: int, chosen: FloatArray) -> list[float]:
        """What is served when a decision is made otherwise."""
        at = self.evaluator.part_of[row]
        pairs = zip(self.services, self.served, strict=True)
        return [each.served(self.evaluator, chosen) if each.part == at else served for each, served in pairs]

    def _change(self, row: int, choice: int) -> None:
        plan = self.plan.copy()
        plan[row] = choice
        self.move_to(plan)

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
                        self._change(row, choice)
                        improved = True
                        break
