"""How forecasts are scored: tiny pure functions.

The scaled quantile loss is the weighted-quantile-style loss used for scoring with a fixed set of levels: pinball loss
(Koenker and Bassett, 1978) x 2, averaged over levels and steps, divided by the in-sample seasonal difference as in the
mean absolute scaled error (Hyndman and Koehler, 2006).
"""

from collections.abc import Sequence

import numpy as np

from demand.history import FloatArray


def pinball_loss(actual: FloatArray, quantiles: FloatArray, levels: Sequence[float]) -> FloatArray:
    """max(q (y - x), (q - 1) (y - x)) for each quantile x at level q.

    Args:
        actual: shape (..., n_steps).
        quantiles: shape (..., n_steps, n_levels).
        levels: probabilities of the last axis.

    Returns:
        Losses in the unit of demand, shape (..., n_steps, n_levels); NaN where the actual is missing.
    """
    error = actual[..., None] - quantiles
    level = np.asarray(levels)
    return np.maximum(level * error, (level - 1) * error)


def seasonal_scale(history: FloatArray, season: int) -> FloatArray:
    """Mean absolute seasonal difference, shape (n_series,); the unit of demand.

    A series without any seasonal difference is scaled by its mean absolute level, or by one if that is zero too.
    """
    with np.errstate(invalid="ignore"):
        differences = (
            np.abs(history[:, season:] - history[:, :-season]) if history.shape[1] > season else history[:, :0]
        )
        scale = _nan_mean(differences)
        level = _nan_mean(np.abs(history))
    scale = np.where(scale > 0, scale, level)
    return np.where(scale > 0, scale, 1.0)


def scaled_quantile_loss(
    actual: FloatArray, quantiles: FloatArray, levels: Sequence[float], scale: FloatArray
) -> FloatArray:
    """Twice the mean pinball loss over steps and levels divided by the scale, shape (n_series,); lower is better."""
    loss = pinball_loss(actual, quantiles, levels)
    return 2 * _nan_mean(loss.reshape(len(loss), -1)) / scale


def coverage(actual: FloatArray, lower: FloatArray, upper: FloatArray) -> FloatArray:
    """Share of known actuals inside the band, bounds included, shape (n_series,)."""
    inside = ((actual >= lower) & (actual <= upper)).astype(float)
    return _nan_mean(np.where(np.isnan(actual), np.nan, inside))


def _nan_mean(values: FloatArray) -> FloatArray:
    known = ~np.isnan(values)
    count = known.sum(axis=-1)
    total = np.where(known, values, 0.0).sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
