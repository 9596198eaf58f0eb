"""The plan: an action per block, with what it saves, until when it can be decided, and why."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from demand.errors import Invalid
from planning.pacing.actions import Action, Closed
from planning.pacing.clashes import refuse
from planning.pacing.facts import Fact, facts_of
from planning.pacing.neighbourhood import Neighbourhood
from planning.pacing.prices import Price, shadow_prices
from planning.pacing.problem import Problem
from planning.pacing.regret import Alternative, alternatives
from planning.pacing.review import Review, Reviewed, reviewed
from planning.pacing.solving import Effort, NoPlan, Solution, Solver
from planning.pacing.waiting import Waiting, value_of_waiting
from planning.pacing.words import why
from planning.pacing.worth import PerfectInformation, StochasticWorth, perfect_information, stochastic_worth


@dataclass(frozen=True)
class Advice:
    """What to do about one block.

    Attributes:
        block: its name.
        action: what to do.
        decide_by: until when: of a way out that is taken, its last moment; to proceed, the earliest moment at which
            another way out closes; None where nothing can be decided.
        value: what the action saves of the objective against the best alternative; 0 where there is none.
        alternatives: the other actions, each with its regret.
        waiting: what it is worth to decide at the deadline.
        near_tie: whether an alternative is as good, as far as can be told.
        why: in plain words.
        due: whether it has to be decided before the next review, or at all where none is named.
    """

    block: str
    action: Action
    decide_by: pd.Timestamp | None
    value: float
    alternatives: tuple[Alternative, ...]
    waiting: Waiting
    near_tie: bool
    why: str
    due: bool


@dataclass(frozen=True)
class Costs:
    """What a plan costs, discounted.

    Attributes:
        expected: on average over the paths.
        cvar: on average over the dearest paths.
        payments: expected payments for blocks.
        recourse: expected cost of shortage and idleness.
        quantiles: of the cost over the paths, at 0.1, 0.5 and 0.9.
    """

    expected: float
    cvar: float
    payments: float
    recourse: float
    quantiles: tuple[float, float, float]


@dataclass(frozen=True)
class Plan:
    """What to do about all blocks.

    Attributes:
        made: the date of planning.
        blocks: advice on each, in the order of the problem.
        objective: expected cost plus the weight times CVaR.
        bound: no plan costs less.
        gap: of the two, relative to the objective.
        in_time: whether the gap that was asked for was reached before time was over.
        costs: of the plan.
        prices: of limits that bind.
        closed: ways out that are not available, with the reason.
        stochastic: the value of planning for all paths.
        information: the value of knowing the path.
        facts: what the plan was made from, for comparison with later ones.
        review: what is due before plans are made again, if that is known.
    """

    made: pd.Timestamp
    blocks: tuple[Advice, ...]
    objective: float
    bound: float
    gap: float
    in_time: bool
    costs: Costs
    prices: tuple[Price, ...]
    closed: tuple[Closed, ...]
    stochastic: StochasticWorth
    information: PerfectInformation
    facts: Mapping[str, Fact]
    review: Review | None = None

    def of(self, block: str) -> Advice | None:
        """The advice on a block, if there is one of this name."""
        return next((each for each in self.blocks if each.block == block), None)


def make_plan(problem: Problem, effort: Effort | None = None, review: pd.Timestamp | None = None) -> Plan:
    """The best plan, with all that is to be said of it.

    Args:
        problem: from `draft`.
        effort: how long to look for a better plan, and what gap is good enough.
        review: when plans are made again, so that what is not due before can follow what is seen; None if all is
            decided now.

    Raises:
        NoPlan: no plan keeps all limits; the message names those that clash.
        OutOfTime: none was found in time.
        Invalid: the review is not after the date of planning.
    """
    effort = effort or Effort()
    if review is not None and review <= problem.terms.now:
        raise Invalid(f"the next review on {review:%Y-%m-%d} is not after the date of planning; give a later one")
    solver = Solver(problem, effort)
    try:
        at_once = solver.solve()
    except NoPlan:
        raise refuse(problem) from None
    prices, beside = shadow_prices(solver), effort.seconds_beside / 4
    staged = Reviewed(at_once) if review is None else reviewed(solver, at_once, review, beside)
    solution = staged.solution
    others = alternatives(solver, staged, beside)
    around = solver.around(solution.plan)
    return Plan(
        made=problem.terms.now,
        blocks=tuple(_advice(around, row, each, staged.review) for row, each in enumerate(others)),
        objective=solution.objective,
        bound=solution.bound,
        gap=solution.gap,
        in_time=solution.in_time,
        costs=_costs(solver, solution),
        prices=prices,
        closed=problem.closed,
        stochastic=stochastic_worth(solver, at_once, beside),
        information=perfect_information(solver, at_once, beside),
        facts=facts_of(problem),
        review=staged.review,
    )


def _advice(around: Neighbourhood, row: int, others: tuple[Alternative, ...], review: Review | None) -> Advice:
    decision = around.evaluator.problem.decisions[row]
    action = decision.choices[around.plan[row]].action
    waiting = value_of_waiting(around, row)
    open_until = [each.action.way.until for each in others if each.action.way is not None]
    return Advice(
        block=decision.block.name,
        action=action,
        decide_by=action.way.until if action.way is not None else min(open_until, default=None),
        value=min((each.regret for each in others), default=0.0),
        alternatives=others,
        waiting=waiting,
        near_tie=any(each.near_tie for each in others),
        why=why(decision, action, others, waiting, review),
        due=bool(others) if review is None else decision.block.name in review.due,
    )


def _costs(solver: Solver, solution: Solution) -> Costs:
    chosen = solver.evaluator.taken(solution.plan)
    costs = solver.evaluator.costs(chosen)
    payments = float(chosen @ solver.evaluator.cost.mean(axis=1))
    low, mid, high = np.quantile(costs, (0.1, 0.5, 0.9), method="hazen")
    return Costs(
        expected=float(costs.mean()),
        cvar=float(solver.risk.tail(costs) @ costs),
        payments=payments,
        recourse=float(costs.mean()) - payments,
        quantiles=(float(low), float(mid), float(high)),
    )
