"""How much supply to aim at when too little and too much both cost, at each lead time."""

import numpy as np

from demand.errors import Invalid
from demand.history import FloatArray
from planning.spread import ascending, least_covering


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


def target_supply(demand: FloatArray, cost_short: FloatArray, cost_idle: FloatArray) -> FloatArray:
    """The supply of least expected cost, if it can still be chosen for each step: a quantile of demand.

    It is the smallest of the best: no other supply costs less on average over the paths (Arrow, Harris and Marschak,
    1951, Optimal inventory policy).

    Args:
        demand: accelerators, shape (n_rows, n_paths, n_steps).
        cost_short: of one accelerator that is missing for an hour, shape (n_rows,).
        cost_idle: of one that idles for an hour, shape (n_rows,).

    Returns:
        Accelerators, shape (n_rows, n_steps).

    Raises:
        Invalid: as for `critical_ratio`.
    """
    return np.asarray(least_covering(ascending(demand), critical_ratio(cost_short, cost_idle)[:, None]))


def expected_cost(
    demand: FloatArray, supply: FloatArray, cost_short: FloatArray, cost_idle: FloatArray, hours: FloatArray
) -> FloatArray:
    """What missing and idle accelerators cost on average in each step.

    Args:
        demand: accelerators, shape (n_rows, n_paths, n_steps).
        supply: accelerators, certain with shape (n_rows, n_steps), or path by path with the shape of demand.
        cost_short: of one accelerator that is missing for an hour, shape (n_rows,).
        cost_idle: of one that idles for an hour, shape (n_rows,).
        hours: in each step, shape (n_steps,).

    Returns:
        Money, shape (n_rows, n_steps).
    """
    short = demand - (supply[:, None, :] if supply.ndim == 2 else supply)
    missing, idle = np.maximum(short, 0).mean(axis=1), np.maximum(-short, 0).mean(axis=1)
    return np.asarray((missing * cost_short[:, None] + idle * cost_idle[:, None]) * hours)
