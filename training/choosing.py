"""Which model forecasts which series."""

import numpy as np

from demand.history import FloatArray
from training.backtest import Backtest
from training.recipe import Choice


def choose(backtest: Backtest, fallback: str) -> tuple[Choice, ...]:
    """The model with the lowest backtest loss, per series.

    A model that was only tried at the later origins, for want of history, is compared with the seasonal naive at
    those origins: its score is the naive's score over all origins times its ratio to the naive where both were tried.

    Args:
        backtest: losses of all models.
        fallback: the model for a series on which none could be compared.
    """
    ratios = relative_losses(backtest)
    scores = np.where(np.isfinite(ratios), np.nan_to_num(ratios) * _mean(backtest.naive), np.nan)
    return tuple(_choice(backtest, scores[:, row], row, fallback) for row in range(backtest.naive.shape[0]))


def relative_losses(backtest: Backtest) -> FloatArray:
    """Loss of each model over the loss of the naive at the origins where both were tried, shape (n_models, n_series).

    Where the naive's loss is zero, as on a constant series, a model is as good only if its own loss is zero too.
    """
    tried = ~np.isnan(backtest.losses) & ~np.isnan(backtest.naive)
    own = np.where(tried, backtest.losses, 0.0).sum(axis=2)
    naive = np.where(tried, backtest.naive, 0.0).sum(axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(naive > 0, own / naive, np.where(own > 0, np.inf, 1.0))
    return np.where(tried.any(axis=2), ratio, np.nan)


def _choice(backtest: Backtest, scores: FloatArray, row: int, fallback: str) -> Choice:
    naive = float(_mean(backtest.naive)[row])
    usable = np.isfinite(scores)
    if not usable.any():
        return Choice(
            model=fallback,
            naive_score=None if np.isnan(naive) else naive,
            warnings=(f"the history is too short to compare models, so the {fallback} is used unchecked",),
        )
    best = int(np.argmin(np.where(usable, scores, np.inf)))
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
