"""What it is worth to decide about a block as late as is allowed, with the demand seen by then.

An approximation: paths are put into a few clusters of equal size by the demand that the block's pools, and those that
are tied to them, meet in the last step seen before the deadline; one action is chosen per cluster, and all other blocks
stay as planned. Actions are chosen on one half of the paths and paid for on the other, and the other way round, so that
chance differences between clusters are not taken for information.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from demand.history import FloatArray
from planning.pacing.actions import Action
from planning.pacing.neighbourhood import Neighbourhood

CLUSTERS = 4
LEAST_PATHS = 40
"""Fewer paths than this are too few to halve and cluster."""


@dataclass(frozen=True)
class Waiting:
    """Deciding now against deciding at the deadline.

    Attributes:
        deadline: when the last way out closes.
        value: what waiting saves of the objective; below zero where it costs more than it tells.
        n_steps_seen: steps of demand that end by the deadline.
        reason: why there is no value, where there is none.
    """

    deadline: pd.Timestamp | None
    value: float | None
    n_steps_seen: int
    reason: str = ""


def value_of_waiting(around: Neighbourhood, row: int, seed: int = 0) -> Waiting:
    """What waiting with one decision is worth.

    Args:
        around: the plan.
        row: of the decision.
        seed: of the halves.
    """
    evaluator = around.evaluator
    problem, decision = evaluator.problem, evaluator.problem.decisions[row]
    if decision.deadline is None or len(decision.later) < 2:
        return Waiting(decision.deadline, None, 0, "no way out is open")
    seen = int((problem.terms.edges[1:] <= decision.deadline).sum())
    if not seen:
        return Waiting(decision.deadline, None, 0, "no step ends before the deadline, so nothing is learnt by then")
    if problem.shape[0] < LEAST_PATHS:
        return Waiting(decision.deadline, None, seen, f"fewer than {LEAST_PATHS} paths do not tell")
    still = [at for at, each in enumerate(decision.choices) if _is_open(each.action, decision.deadline)]
    allowed = [choice for choice in still if choice == around.plan[row] or around.keeps_limits(row, choice)]
    costs = np.stack([_later_cost(around, row, choice) for choice in allowed])
    weights = problem.risk.weights(around.costs(row, int(around.plan[row])))
    part = evaluator.parts[evaluator.part_of[row]]
    policy = _policy_cost(costs, weights, part.demand[:, :, seen - 1].sum(axis=0), seed)
    return Waiting(decision.deadline, around.objective - problem.risk.measure(policy), seen)


def _is_open(action: Action, moment: pd.Timestamp) -> bool:
    """Whether an action can still be decided on then."""
    return action.way is None or action.way.until >= moment


def _later_cost(around: Neighbourhood, row: int, choice: int) -> FloatArray:
    """All costs per path if this choice is made at the deadline, shape (n_paths,)."""
    evaluator, at = around.evaluator, around.evaluator.part_of[row]
    decision, part = evaluator.problem.decisions[row], evaluator.parts[at]
    now, later = decision.choices[around.plan[row]], decision.later[choice]
    supply = part.pooled(around.chosen)
    supply[part.topology.pools.index(evaluator.problem.topology.pools[decision.pool])] += later.supply - now.supply
    found = part.tariff.recourse(part.demand, np.maximum(supply, 0.0), evaluator.problem.weighted_hours)
    others = around.chosen @ evaluator.cost + sum(around.by_part) - around.by_part[at]
    return np.asarray(others - now.cost + later.cost + found.cost.sum(axis=1))


def _policy_cost(costs: FloatArray, weights: FloatArray, seen: FloatArray, seed: int) -> FloatArray:
    """Costs per path of the choices that clusters of the other half of the paths call for.

    Args:
        costs: of each choice, shape (n_choices, n_paths).
        weights: of the paths.
        seen: what is known by then, shape (n_paths,).
        seed: of the halves.
    """
    half = np.random.default_rng(seed).permutation(len(seen)) % 2 == 0
    total = np.empty(len(seen))
    for learnt in (half, ~half):
        borders = np.quantile(seen[learnt], np.arange(1, CLUSTERS) / CLUSTERS)
        cluster = np.searchsorted(borders, seen)
        for each in range(CLUSTERS):
            among, others = learnt & (cluster == each), ~learnt & (cluster == each)
            if not among.any():
                among = learnt
            total[others] = costs[(costs[:, among] @ weights[among]).argmin(), others]
    return total
