"""The crossover: when inference demand passes training and stays above it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from demand.errors import Invalid
from demand.history import FloatArray
from planning.occurrence import Occurrence
from planning.spread import ascending, quantiles


@dataclass(frozen=True)
class Crossover:
    """When inference passes training for good, and how the two compare until then.

    Attributes:
        passes: the first step from which inference is above training to the end of the horizon.
        ahead: the chance that inference is above training, shape (n_rows, n_steps).
        share: inference over training and inference, on average over paths, NaN where there is neither on any, shape
            (n_rows, n_steps).
        share_quantiles: its quantiles, shape (n_rows, n_steps, n_levels).
    """

    passes: Occurrence
    ahead: FloatArray
    share: FloatArray
    share_quantiles: FloatArray


def crossover(training: FloatArray, inference: FloatArray, levels: Sequence[float]) -> Crossover:
    """When inference passes training and stays above.

    It is known up to the horizon only: that training overtakes again later cannot be told. Demand that is equal has
    not passed.

    Args:
        training: levels, shape (n_rows, n_paths, n_steps).
        inference: levels of the same shape, path i drawn together with path i of training.
        levels: of the quantiles of the share.

    Raises:
        Invalid: the shapes differ.
    """
    if training.shape != inference.shape:
        raise Invalid(f"training of shape {training.shape} and inference of {inference.shape} are not joint paths")
    above = inference > training
    n_steps = above.shape[2]
    stays = np.logical_and.accumulate(above[:, :, ::-1], axis=2)
    mean, spread = _share(training, inference, levels)
    return Crossover(Occurrence(n_steps - stays.sum(axis=2), n_steps), above.mean(axis=1), mean, spread)


def _share(training: FloatArray, inference: FloatArray, levels: Sequence[float]) -> tuple[FloatArray, FloatArray]:
    """Mean and quantiles of the share of inference, over the paths that have any demand."""
    total = training + inference
    share = np.divide(inference, total, out=np.full_like(total, np.nan), where=total > 0)
    told = (total > 0).sum(axis=1)
    mean = np.divide(np.nansum(share, axis=1), told, out=np.full(told.shape, np.nan), where=told > 0)
    spread = quantiles(ascending(share), levels)
    for row, step in np.argwhere((told > 0) & (told < total.shape[1])):
        own = share[row, :, step]
        spread[row, step] = quantiles(np.sort(own[~np.isnan(own)]), levels)
    return mean, spread
