"""How much wider or narrower than a random walk's an error really grows with its lead, from a series' own past.

Demand that returns to its mean strays less far than its steps say, demand whose shocks follow each other farther. The
factor is measured at leads one, two, four ..., and what little one series says of long leads is shared with its kin.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from demand.history import FloatArray
from forecasting.trend_filter import Belief, Filtered, moments

IntArray = npt.NDArray[np.int64]

ORIGINS = 24
"""Moments of the past that are forecast from."""

INSIDE = 0.8
"""Share of errors that the factor makes the band hold."""

BELIEF = 16.0
"""Independent errors' worth of belief in kin, and of the kin's belief in the random walk."""

FITTED_AWAY = 8.0
"""Surprises without which past errors are not believed, as what they are measured against was fitted to them."""

LIMITS = (0.3, 3.0)


def rehearsal_origins(n_steps: int) -> tuple[int, ...]:
    """After how many buckets the past is forecast from: the last two thirds of the history."""
    return tuple(np.unique(np.linspace(n_steps / 3, n_steps - 1, ORIGINS).astype(int).clip(1)).tolist())


def rehearsal_leads(n_steps: int) -> IntArray:
    """Leads at which errors are measured: powers of two up to a third of the history."""
    return 2 ** np.arange(int(np.log2(max(n_steps, 3) / 3)) + 1)


def reach_factors(
    values: FloatArray, filtered: Filtered, belief: Belief, groups: Sequence[object], freedom: float
) -> FloatArray:
    """Factors of the standard deviation at the leads of `rehearsal_leads`.

    Args:
        values: what was filtered, shape (n_series, n_steps), NaN where missing.
        filtered: what the filter found, with the past at `rehearsal_origins`.
        belief: which dynamics is believed.
        groups: series of the same group share what they know.
        freedom: degrees of freedom of the quantiles.

    Returns:
        Shape (n_series, n_leads).
    """
    leads = rehearsal_leads(values.shape[1])
    errors = _errors(values, filtered, belief, leads) / stdtrit(freedom, (1 + INSIDE) / 2)
    whole = np.isfinite(values).sum(axis=1, keepdims=True) * 2 / 3 / leads
    trusted = np.maximum(1 - FITTED_AWAY / np.maximum(filtered.evidence, 1e-9), 0.0)[:, None]
    independent = trusted * np.minimum(np.isfinite(errors).sum(axis=1), whole)
    kin = np.zeros(independent.shape)
    for group in dict.fromkeys(groups):
        rows = np.array([each == group for each in groups])
        among = errors[rows].reshape(1, -1, len(leads))
        count = independent[rows].sum(axis=0)
        kin[rows] = count / (count + BELIEF) * _log_quantile(among, count[None])
    own = _log_quantile(errors, independent)
    factors: FloatArray = np.exp((independent * own + BELIEF * kin) / (independent + BELIEF))
    return factors


def _log_quantile(errors: FloatArray, independent: FloatArray) -> FloatArray:
    """Logarithm of the error that holds the wanted share of new ones, over the middle axis; zero where none is known.

    Of n errors the share p (n + 1) / n is taken, as in conformal prediction (Vovk et al., 2005).
    """
    known = np.isfinite(errors).any(axis=1)
    share = np.minimum(INSIDE * (1 + 1 / np.maximum(independent, 1e-9)), 1.0)
    filled = np.sort(np.where(np.isfinite(errors), errors, np.inf), axis=1)
    place = share * (np.isfinite(errors).sum(axis=1) - 1)
    taken = np.take_along_axis(filled, np.ceil(np.maximum(place, 0)).astype(int)[:, None], axis=1)[:, 0]
    return np.asarray(np.log(np.clip(np.where(known, taken, 1.0), *LIMITS)))


def factors_at(factors: FloatArray, horizon: int) -> FloatArray:
    """The factors at every lead up to the horizon, the last one going on, shape (n_series, horizon)."""
    known = np.arange(factors.shape[1], dtype=float)
    place = np.minimum(np.log2(np.arange(1, horizon + 1)), known[-1])
    below = np.floor(place).astype(int)
    above = np.minimum(below + 1, len(known) - 1)
    weight = place - below
    return np.asarray((1 - weight) * factors[:, below] + weight * factors[:, above])


def _errors(values: FloatArray, filtered: Filtered, belief: Belief, leads: IntArray) -> FloatArray:
    """Absolute errors in standard deviations, shape (n_series, n_origins, n_leads); NaN where nothing is known."""
    errors = np.full((len(values), len(filtered.past), len(leads)), np.nan)
    for row, (origin, trend) in enumerate(filtered.past.items()):
        middle, variance = moments(trend, belief, leads)
        inside = origin + leads <= values.shape[1]
        deviation = np.sqrt(np.where(variance > 0, variance, np.nan))[:, inside]
        errors[:, row, inside] = np.abs(values[:, origin + leads[inside] - 1] - middle[:, inside]) / deviation
    return errors
