"""Which model forecasts which series."""

import numpy as np

from demand.history import FloatArray
from training.backtest import Backtest
from training.recipe import Choice

FLEET_ORIGINS = 4
"""How many origins of its own a series needs before they count as much as those of all series together."""

_LEAST_RATIO = 1e-3
"""A model without any loss is taken for one with this share of the naive's, as a logarithm needs one."""


def choose(backtest: Backtest, fallback: str) -> tuple[Choice, ...]:
    """The model that did best in the backtest, per series.

    A handful of origins says little about one series, and the best of many models on them was often only lucky. So
    the logarithm of a model's loss relative to the naive is averaged with its mean over all series, weighted by the
    number of origins (shrinkage towards the group, as in James and Stein, 1961).

    Args:
        backtest: losses of all models.
        fallback: the model for a series on which none could be compared.
    """
    ratios = relative_losses(backtest)
    ranking = _shrunk(ratios, origins=(~np.isnan(backtest.losses)).sum(axis=2))
    scores = np.where(np.isfinite(ratios), np.nan_to_num(ratios) * _mean(backtest.naive), np.nan)
    return tuple(
        _choice(backtest, scores[:, row], ranking[:, row], row, fallback) for row in range(backtest.naive.shape[0])
    )


def relative_losses(backtest: Backtest) -> FloatArray:
    """Loss of each model over the loss of the naive at the origins where both were tried, shape (n_models, n_series).

    A model that was only tried at the later origins, for want of history, so gains nothing if those were easy. Where
    the naive's loss is zero, as on a constant series, a model is as good only if its own loss is zero too.
    """
    tried = ~np.isnan(backtest.losses) & ~np.isnan(backtest.naive)
    own = np.where(tried, backtest.losses, 0.0).sum(axis=2)
    naive = np.where(tried, backtest.naive, 0.0).sum(axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(naive > 0, own / naive, np.where(own > 0, np.inf, 1.0))
    return np.where(tried.any(axis=2), ratio, np.nan)


def _shrunk(ratios: FloatArray, origins: FloatArray) -> FloatArray:
    """Logarithms of the ratios, drawn towards each model's mean over the series; NaN where there is no ratio."""
    known = np.isfinite(ratios)
    logarithms = np.log(np.where(known, np.maximum(ratios, _LEAST_RATIO), 1.0))
    group = logarithms.sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1, keepdims=True), 1)
    own_weight = origins / (origins + FLEET_ORIGINS)
    return np.where(known, own_weight * logarithms + (1 - own_weight) * group, np.nan)


def _choice(backtest: Backtest, scores: FloatArray, ranking: FloatArray, row: int, fallback: str) -> Choice:
    naive = float(_mean(backtest.naive)[row])
    usable = np.isfinite(ranking)
    if not usable.any():
        cause = "the history is too short to compare models" if np.isnan(naive) else "no model could forecast its past"
        return Choice(
            model=fallback,
            naive_score=None if np.isnan(naive) else naive,
            warnings=(f"{cause}, so the {fallback} is used unchecked",),
        )
    best = int(np.argmin(np.where(usable, ranking, np.inf)))
    covered = float(backtest.coverage[best, row])
    return Choice(
        model=backtest.models[best],
        scores={backtest.models[m]: float(scores[m]) for m in np.flatnonzero(usable)},
        naive_score=naive,
        coverage_80=None if np.isnan(covered) else covered,
    )


def _mean(losses: FloatArray) -> FloatArray:
    known = ~np.isnan(losses)
    total = np.where(known, losses, 0.0).sum(axis=-1)
    return np.where(known.any(axis=-1), total / np.maximum(known.sum(axis=-1), 1), np.nan)
