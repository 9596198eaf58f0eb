"""The limits of a problem as rows of a linear programme over its choices, each with its name."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from demand.history import FloatArray
from planning.pacing.evaluation import Evaluator

TOLERANCE = 1e-6
"""Relative to the limit; the solver keeps rows no more exactly."""


@dataclass(frozen=True)
class Row:
    """One limit: the sum over what is taken is at most `most`.

    Attributes:
        name: in words.
        kind: what it belongs to: budget, budget per step, power or order.
        weights: of each choice, shape (n_columns,).
        most: the limit.
    """

    name: str
    kind: str
    weights: FloatArray
    most: float

    @property
    def scale(self) -> float:
        """A number as large as those in the row, above zero."""
        return max(abs(self.most), float(np.abs(self.weights).max(initial=0.0)), 1e-12)

    def keeps(self, chosen: FloatArray) -> bool:
        """Whether what is taken stays within the limit."""
        return bool(self.weights @ chosen <= self.most + TOLERANCE * self.scale)


def rows_of(evaluator: Evaluator) -> tuple[Row, ...]:
    """All linear limits."""
    return (*_budgets(evaluator), *_power(evaluator), *_order(evaluator))


def _budgets(evaluator: Evaluator) -> Iterator[Row]:
    limits, decisions = evaluator.problem.limits, evaluator.problem.decisions
    if not decisions:
        return
    spending = np.stack([choice.spending for each in decisions for choice in each.choices])
    if limits.budget is not None:
        yield Row(f"the budget of {limits.budget:g}", "budget", spending.sum(axis=1), limits.budget)
    if limits.budget_per_step is not None:
        for step, most in enumerate(limits.budget_per_step):
            day = evaluator.problem.terms.edges[step]
            yield Row(
                f"the budget of {most:g} in the step from {day:%Y-%m-%d}",
                "budget per step",
                spending[:, step],
                float(most),
            )


def _power(evaluator: Evaluator) -> Iterator[Row]:
    problem = evaluator.problem
    if problem.limits.power_mw is None or not problem.decisions:
        return
    power = np.concatenate([problem.power(each) for each in problem.decisions])
    for step, most in enumerate(problem.limits.power_mw):
        day = problem.terms.edges[step]
        yield Row(f"power of {most:g} MW in the step from {day:%Y-%m-%d}", "power", power[:, step], float(most))


def _order(evaluator: Evaluator) -> Iterator[Row]:
    decisions = evaluator.problem.decisions
    for pair in evaluator.problem.excluded:
        weights = np.zeros(evaluator.n_columns)
        for decision, choice in pair:
            weights[evaluator.first[decision] + choice] += 1
        (before, one), (after, other) = pair
        first, second = decisions[before], decisions[after]
        name = (
            f"{second.block.name!r} waits for {first.block.name!r}: no {second.choices[other].action} with "
            f"{first.choices[one].action}"
        )
        yield Row(name, "order", weights, 1.0)
