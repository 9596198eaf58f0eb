"""How much supply to aim at when too little and too much both cost, at each lead time."""

import numpy as np

from demand.errors import Invalid
from demand.history import FloatArray

_ROUNDING = 1e-9
"""Relative to the steepest slope of cost: what is left by the rounding of sums, and no slope."""


def critical_ratio(cost_short: FloatArray, cost_idle: FloatArray) -> FloatArray:
    """The chance of meeting all demand that is worth its cost: cost_short / (cost_short + cost_idle).

    Args:
        cost_short: of one accelerator that is missing for an hour.
        cost_idle: of one that idles for an hour, in the same currency.

    Raises:
        Invalid: a cost is negative, or both are zero, so that any supply is as good as any other.
    """
    if (np.minimum(cost_short, cost_idle) < 0).any():
        raise Invalid("a cost per accelerator-hour is negative; give costs of zero or more")
    total = np.asarray(cost_short + cost_idle, dtype=np.float64)
    if (total == 0).any():
        raise Invalid("neither a missing nor an idle accelerator costs anything, so no supply is better than another")
    return np.asarray(cost_short / total)


def target_supply(demand: FloatArray, cost_short: FloatArray, cost_idle: float) -> FloatArray:
    """The supply of least expected cost for classes of demand that are served one after the other.

    What the first k classes ask for together exceeds supply S by (D_k - S)+, so the cost of a path is the sum over k of
    (c_k - c_(k+1)) (D_k - S)+, plus c_idle (S - D_K)+: straight lines that bend at the D_k. Where all classes cost the
    same, its least is at the quantile c / (c + c_idle) of demand (Arrow, Harris and Marschak, 1951, Optimal inventory
    policy). Where a class that is served later costs more there may be several local minima, and the least of them
    counts. It is the smallest of the best: no supply costs less on average over the paths.

    Args:
        demand: accelerators of the pool, not negative, in the order of service, shape (n_classes, n_paths, n_steps).
        cost_short: of one accelerator that is missing for an hour, shape (n_classes,).
        cost_idle: of one that idles for an hour.

    Returns:
        Accelerators, shape (n_steps,).

    Raises:
        Invalid: as for `critical_ratio`, for the dearest class.
    """
    critical_ratio(np.array(cost_short.max()), np.array(cost_idle))
    places, bends = _bends(demand, cost_short, cost_idle)
    n_paths = demand.shape[1]
    slopes = np.cumsum(bends, axis=1) - n_paths * cost_short[0]
    costs = np.zeros_like(places)
    np.cumsum(slopes[:, :-1] * np.diff(places, axis=1), axis=1, out=costs[:, 1:])
    rising = slopes >= -_ROUNDING * n_paths * (float(cost_short.max()) + cost_idle)
    valleys = rising.copy()
    valleys[:, 1:] &= ~rising[:, :-1]
    least = np.argmin(np.where(valleys, costs, np.inf), axis=1)
    return np.asarray(np.take_along_axis(places, least[:, None], axis=1)[:, 0])


def _bends(demand: FloatArray, cost_short: FloatArray, cost_idle: float) -> tuple[FloatArray, FloatArray]:
    """Where the sum of the costs of all paths bends, from no supply on, and by how much its slope rises there.

    Returns:
        Accelerators in ascending order, and money per accelerator and hour; both of shape (n_steps, n_bends).
    """
    falls = cost_short - np.append(cost_short[1:], -cost_idle)
    bent = np.flatnonzero(falls)
    together = np.cumsum(demand, axis=0)[bent]
    _, n_paths, n_steps = demand.shape
    places = np.zeros((n_steps, 1 + len(bent) * n_paths))
    places[:, 1:] = together.reshape(-1, n_steps).T
    order = np.argsort(places, axis=1)
    rises = np.concatenate([[0.0], np.repeat(falls[bent], n_paths)])
    return np.take_along_axis(places, order, axis=1), rises[order]


def expected_cost(
    demand: FloatArray, supply: FloatArray, cost_short: FloatArray, cost_idle: float, hours: FloatArray
) -> FloatArray:
    """What missing and idle accelerators cost on average in each step.

    Args:
        demand: accelerators, in the order of service, shape (n_classes, n_paths, n_steps).
        supply: accelerators, certain with shape (n_steps,), or path by path with shape (n_paths, n_steps).
        cost_short: of one accelerator that is missing for an hour, shape (n_classes,).
        cost_idle: of one that idles for an hour.
        hours: in each step, shape (n_steps,).

    Returns:
        Money, shape (n_steps,).
    """
    beyond = np.maximum(np.cumsum(demand, axis=0) - supply, 0.0).mean(axis=1)
    missing = np.diff(beyond, axis=0, prepend=0.0)
    idle = np.maximum(supply - demand.sum(axis=0), 0.0).mean(axis=0)
    return np.asarray((cost_short @ missing + cost_idle * idle) * hours)
