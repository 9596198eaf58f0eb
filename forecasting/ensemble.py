"""The ensemble: quantiles of many models averaged, with weights that their past forecasts have earned.

Weights lie on the simplex and minimise the logarithm of the pinball loss of the average, one logarithm per rolling
origin, so that what counts is by what factor a mixture is better, on quiet series as on busy ones. A handful of origins
says little about one series. So weights are learned from the general to the particular: of all series together, drawn
towards a prior; of each kind of series, drawn towards those; of each series, drawn towards its kind's; and of each
stretch of the horizon, drawn towards the series'. Each draw is a Kullback-Leibler distance that counts as much as a
number of origins. Averaging quantiles, not probabilities, keeps the shape of what is averaged (Lichtendahl,
Grushka-Cockayne and Winkler, 2013); the descent is by exponentiated gradients (Kivinen and Warmuth, 1997).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from demand.history import FloatArray
from forecasting.metrics import pinball_loss

IntArray = npt.NDArray[np.int64]

PRIOR_ORIGINS = 8.0
"""Origins, of all series together, that the prior counts as much as."""

KIND_ORIGINS = 8.0
"""Origins of a kind of series that the weights of all series count as much as."""

OWN_ORIGINS = 4.0
"""Origins of a series that the weights of its kind count as much as; and of a stretch, those of all stretches."""

LEAST_WEIGHT = 0.02
"""Smaller weights are dropped, so that a model that hardly counts need not be fitted."""

REACH = 2.0
"""Distance from the heaviest model, in units of its own mean absolute spread, up to which weights count in full."""

ITERATIONS = 25
STEP = 0.7
_STEEPEST = 5.0
_LEAST_RATIO = 1e-3
"""Losses below this share of the first model's count as equal: a perfect score must not outweigh everything."""

_ROUNDING = 1e-9
"""The same as a share of the largest number of a series, for a first model that is perfect."""

_MOST_STEPS = 192
"""Steps that weights are learned from; more are thinned out evenly, as neighbours say the same."""


@dataclass(frozen=True)
class Trials:
    """What models said of buckets whose outcome is known, over several rolling origins.

    Attributes:
        quantiles: shape (n_models, n_series, n_steps, n_levels); all NaN for a series that a model was not tried on.
            The first model must have been tried on all.
        actual: outcomes, NaN where unknown, shape (n_series, n_steps).
        levels: probabilities of the last axis, symmetric about one half.
        origin: which origin each step was forecast from, ascending from 0, shape (n_steps,).
        stretch: which stretch of the horizon each step belongs to, shape (n_steps,).
    """

    quantiles: FloatArray
    actual: FloatArray
    levels: tuple[float, ...]
    origin: IntArray
    stretch: IntArray

    @property
    def origins(self) -> int:
        """How many origins there are."""
        return int(self.origin.max(initial=-1)) + 1

    @property
    def tried(self) -> npt.NDArray[np.bool_]:
        """Which models were tried on which series, shape (n_models, n_series)."""
        return ~np.asarray(np.isnan(self.quantiles).any(axis=(2, 3)))

    def where(self, steps: npt.NDArray[np.bool_]) -> "Trials":
        """The steps that are marked; origins keep their numbers."""
        cut = replace(self, quantiles=self.quantiles[:, :, steps], actual=self.actual[:, steps])
        return replace(cut, origin=self.origin[steps], stretch=self.stretch[steps])

    def thinned(self) -> "Trials":
        """Every second or n-th step, where there are many."""
        every = -(-len(self.origin) // _MOST_STEPS)
        return self if every <= 1 else self.where(np.arange(len(self.origin)) % every == 0)


@dataclass(frozen=True)
class Learned:
    """What trials teach.

    Attributes:
        weights: they sum to one over models, shape (n_models, n_series, n_stretches); there are as many stretches as
            were tried.
        blind: quantiles of the ensemble at every step of the trials, each with weights learned from the other origins
            (from the prior where there are none); shape (n_series, n_steps, n_levels).
    """

    weights: FloatArray
    blind: FloatArray


def learn(trials: Trials, prior: FloatArray, kinds: IntArray) -> Learned:
    """Weights of models per series and stretch.

    Args:
        trials: at least one origin.
        prior: the weight of each model before anything is known, shape (n_models,).
        kinds: a number per series, from 0; series of one kind are drawn together, shape (n_series,).
    """
    folds = [*range(trials.origins), None]
    together = _stacked(trials.thinned(), folds)
    shift = np.repeat(np.arange(len(folds)), len(kinds))
    everyone, alike = shift, np.tile(kinds, len(folds)) + shift * (int(kinds.max()) + 1)
    weights = _learn(together, prior, (everyone, alike, np.arange(len(shift))))
    weights = weights.reshape(len(prior), len(folds), len(kinds), -1)
    blind = np.full(trials.quantiles.shape[1:], np.nan)
    for origin in range(trials.origins):
        here = trials.origin == origin
        said = trials.quantiles[:, :, here]
        kept = weights[:, origin] * influence(weights[:, origin], said)[..., None]
        blind[:, here] = combine(kept, said, trials.stretch[here])
    return Learned(weights[:, -1], blind)


def _stacked(trials: Trials, folds: Sequence[int | None]) -> Trials:
    """The series once per fold, each time without the outcomes of one origin, so that all folds are learned at once."""
    actual = [np.where(trials.origin == left_out, np.nan, trials.actual) for left_out in folds]
    return replace(trials, quantiles=np.tile(trials.quantiles, (1, len(folds), 1, 1)), actual=np.concatenate(actual))


def _learn(trials: Trials, prior: FloatArray, groupings: tuple[IntArray, IntArray, IntArray]) -> FloatArray:
    tried, (everyone, alike, own) = trials.tried, groupings
    anchor = np.repeat(np.log(np.maximum(prior / prior.sum(), _LEAST_RATIO))[:, None], len(own), axis=1)
    whole = _Objective.of(trials)
    for grouping, origins in ((everyone, PRIOR_ORIGINS), (alike, KIND_ORIGINS), (own, OWN_ORIGINS)):
        if grouping is not alike or int(alike.max()) > int(everyone.max()):
            anchor = _descend(whole, anchor, grouping, origins)
    stretches = [
        _descend(_Objective.of(trials.where(trials.stretch == stretch)), anchor, own, OWN_ORIGINS)
        for stretch in range(int(trials.stretch.max()) + 1)
    ]
    return np.stack([_trimmed(_weights(each, tried)) for each in stretches], axis=-1)


def combine(weights: FloatArray, quantiles: FloatArray, stretch: IntArray) -> FloatArray:
    """The weighted average of quantiles; where a model says nothing, the others share its weight.

    A stretch in which none of the others has any is averaged with their mean weights in the other stretches.

    Args:
        weights: shape (n_models, n_series, n_stretches); a later stretch has the weights of the last.
        quantiles: shape (n_models, n_series, n_steps, n_levels), NaN for a series that a model cannot forecast.
        stretch: of each step, shape (n_steps,).

    Returns:
        Shape (n_series, n_steps, n_levels); NaN for a series that no model with a weight can forecast.
    """
    able = ~np.asarray(np.isnan(quantiles).any(axis=(2, 3)))
    left = weights * able[..., None]
    left = np.where(left.sum(axis=0) > 0, left, left.mean(axis=2, keepdims=True))
    share = left[:, :, np.minimum(stretch, weights.shape[2] - 1)]
    total = share.sum(axis=0)
    share = np.divide(share, total, out=np.full_like(share, np.nan), where=total > 0)
    return np.asarray(np.einsum("msn,msnl->snl", share, np.where(able[..., None, None], quantiles, 0.0)))


def influence(weights: FloatArray, quantiles: FloatArray) -> FloatArray:
    """What share of its weight each model may keep, so that none that is far off moves the average far.

    What a model adds to an average is its weight times its distance. One with a small weight and a huge distance, such
    as a model that has not seen that a series has come to rest, would spoil what the others know; so beyond `REACH`
    times the spread of the heaviest model, weights fall with the distance (as influence is bounded by Huber, 1964).

    Args:
        weights: shape (n_models, n_series, n_stretches).
        quantiles: shape (n_models, n_series, n_steps, n_levels), NaN for a series that a model cannot forecast.

    Returns:
        In [0, 1], one for the heaviest model of each series; shape (n_models, n_series).
    """
    able = ~np.asarray(np.isnan(quantiles).any(axis=(2, 3)))
    known = np.where(able[..., None, None], quantiles, 0.0)
    heaviest = known[np.where(able, weights.mean(axis=2), -1.0).argmax(axis=0), np.arange(known.shape[1])]
    middle = heaviest[..., heaviest.shape[-1] // 2, None]
    spread = np.abs(heaviest - middle).mean(axis=(1, 2))
    distance = np.abs(known - heaviest).mean(axis=(2, 3))
    far = distance > REACH * spread
    return np.where(far, REACH * spread / np.where(far, distance, 1.0), 1.0)


@dataclass(frozen=True)
class _Objective:
    """The mean logarithm of an average's pinball loss over the origins of each series.

    Every series is in units of its largest outcome, and what is large is kept in 32 bits, which is exact enough
    for a direction and takes half the time.

    Attributes:
        quantiles: shape (n_models, n_series, n_steps, n_levels), zero where a model was not tried.
        actual: zero where unknown, shape (n_series, n_steps, 1).
        known: where it is not, shape (n_series, n_steps).
        levels: probabilities of the last axis.
        one_hot: which step belongs to which origin, shape (n_steps, n_origins).
        counts: numbers that losses are means of, at least one, shape (n_series, n_origins).
        floors: least loss that is told apart, shape (n_series, n_origins).
        tried: shape (n_models, n_series).
    """

    quantiles: npt.NDArray[np.float32]
    actual: npt.NDArray[np.float32]
    known: npt.NDArray[np.bool_]
    levels: npt.NDArray[np.float32]
    one_hot: FloatArray
    counts: FloatArray
    floors: FloatArray
    tried: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, trials: Trials) -> "_Objective":
        """The objective over all steps of the trials."""
        one_hot = (trials.origin[:, None] == np.arange(trials.origins)).astype(float)
        known = ~np.isnan(trials.actual)
        counts = np.maximum(known @ one_hot, 1) * len(trials.levels)
        first = np.nan_to_num(pinball_loss(trials.actual, trials.quantiles[0], trials.levels)).sum(axis=-1)
        quantiles, actual = np.nan_to_num(trials.quantiles), np.nan_to_num(trials.actual)[..., None]
        largest = np.maximum(quantiles.max(axis=(0, 2, 3), initial=0.0), actual.max(axis=(1, 2), initial=0.0))
        floors = np.maximum(_LEAST_RATIO * (first @ one_hot) / counts, _ROUNDING * largest[:, None])
        unit = actual.max(axis=(1, 2), initial=0.0)
        unit = np.where(unit > largest * _ROUNDING, unit, np.where(largest > 0, largest, 1.0))[:, None]
        floors = np.where(floors > np.finfo(np.float32).tiny, floors / unit, 1.0)
        said, came = (quantiles / unit[..., None]).astype(np.float32), (actual / unit[..., None]).astype(np.float32)
        return cls(said, came, known, np.asarray(trials.levels, np.float32), one_hot, counts, floors, trials.tried)

    @property
    def origins(self) -> FloatArray:
        """Origins with any known outcome, shape (n_series,)."""
        return np.asarray(((self.known @ self.one_hot) > 0).sum(axis=1).astype(float))

    def gradient(self, weights: FloatArray) -> FloatArray:
        """Slope along each weight, at weights of shape (n_models, n_series); zero where nothing is known."""
        mixed = np.einsum("ms,msnl->snl", weights.astype(np.float32), self.quantiles)
        slope = (self.actual < mixed) - self.levels
        losses = np.where(self.known, ((mixed - self.actual) * slope).sum(axis=-1), 0.0) @ self.one_hot
        per_origin = np.maximum(losses / self.counts, self.floors) * self.counts
        share = (1 / per_origin) @ self.one_hot.T * self.known / np.maximum(self.origins, 1)[:, None]
        return np.asarray(np.einsum("snl,msnl->ms", slope * share[..., None].astype(np.float32), self.quantiles))


def _descend(objective: _Objective, anchor: FloatArray, grouping: IntArray, origins: float) -> FloatArray:
    """Logarithms of weights that minimise the objective plus the distance from the anchor, one set per group.

    Args:
        objective: of the trials.
        anchor: logarithms of the weights that are drawn towards, alike within a group; (n_models, n_series).
        grouping: the group of each series, numbered from 0.
        origins: how many origins the distance counts as much as.
    """
    tried = objective.tried
    evidence = objective.origins
    total = np.maximum(np.bincount(grouping, evidence), 1.0)
    start = _sums(anchor, grouping) / np.maximum(np.bincount(grouping), 1)
    drawn = origins / total
    logarithms, average = start, np.zeros_like(start)
    for step in range(ITERATIONS):
        weights = _weights(logarithms[:, grouping], tried)
        slope = objective.gradient(weights)
        slope = np.where(tried, slope - (weights * slope).sum(axis=0), 0.0)
        slope = np.clip(_sums(slope * evidence, grouping) / total, -_STEEPEST, _STEEPEST)
        rate = STEP / np.sqrt(1 + step / 10)
        # the distance is minimised in the step, not by its slope, which would overshoot where it counts for much
        logarithms = (logarithms + rate * (drawn * start - slope)) / (1 + rate * drawn)
        logarithms = logarithms - np.logaddexp.reduce(logarithms, axis=0)
        if step >= ITERATIONS // 2:
            average += np.exp(logarithms)
    return np.asarray(np.log(np.maximum(average / average.sum(axis=0), np.finfo(float).tiny))[:, grouping])


def _sums(values: FloatArray, grouping: IntArray) -> FloatArray:
    """Sums over the series of each group, shape (n_models, n_groups)."""
    return np.stack([np.bincount(grouping, row) for row in values])


def _weights(logarithms: FloatArray, tried: npt.NDArray[np.bool_]) -> FloatArray:
    weights = np.exp(logarithms - logarithms.max(axis=0)) * tried
    return np.asarray(weights / weights.sum(axis=0))


def _trimmed(weights: FloatArray) -> FloatArray:
    kept = np.where(weights >= LEAST_WEIGHT, weights, 0.0)
    return np.asarray(kept / kept.sum(axis=0))
