"""The limits of a problem as rows of a linear programme over its choices, each with its name."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

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
        unit: of the limit; empty for an order of blocks.
    """

    name: str
    kind: str
    weights: FloatArray
    most: float
    unit: str = ""

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
    currency = decisions[0].block.currency
    if limits.budget is not None:
        since = evaluator.problem.terms.now
        name = f"the budget of {told(limits.budget)} {currency} for all that is paid from {since:%Y-%m-%d} on"
        yield Row(name, "budget", spending.sum(axis=1), limits.budget, currency)
    for step, most in enumerate(() if limits.budget_per_step is None else limits.budget_per_step):
        name = f"the budget of {told(most)} {currency} {span_of(evaluator, step, step + 1)}"
        yield Row(name, "budget per step", spending[:, step], float(most), currency)


def _power(evaluator: Evaluator) -> Iterator[Row]:
    problem = evaluator.problem
    if problem.limits.power_mw is None or not problem.decisions:
        return
    power = np.concatenate([problem.power(each) for each in problem.decisions])
    for step, most in enumerate(problem.limits.power_mw):
        name = f"the power cap of {told(most)} MW {span_of(evaluator, step, step + 1)}"
        yield Row(name, "power", power[:, step], float(most), "MW")


def _order(evaluator: Evaluator) -> Iterator[Row]:
    decisions = evaluator.problem.decisions
    for pair in evaluator.problem.excluded:
        weights = np.zeros(evaluator.n_columns)
        for decision, choice in pair:
            weights[evaluator.first[decision] + choice] += 1
        (before, one), (after, other) = pair
        first, second = decisions[before], decisions[after]
        name = (
            f"that {second.block.name!r} waits for {first.block.name!r}, so that it cannot "
            f"{second.choices[other].action} if that is to {first.choices[one].action}"
        )
        yield Row(name, "order", weights, 1.0)


def told(amount: float) -> str:
    """An amount as people write it, to hundredths from one on."""
    return f"{amount:,.2f}".rstrip("0").rstrip(".") if amount >= 1 or amount == 0 else f"{amount:.4g}"


def span_of(evaluator: Evaluator, first: int, end: int) -> str:
    """From when until when some steps are."""
    edges = evaluator.problem.terms.edges
    return f"from {_moment(edges[first])} until {_moment(edges[end])}"


def _moment(edge: pd.Timestamp) -> str:
    """A date, with the hour where it is not midnight."""
    return f"{edge:%Y-%m-%d}" if edge == edge.normalize() else f"{edge:%Y-%m-%d %H:%M}"
