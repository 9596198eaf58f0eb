"""What a backtest teaches about each series: weights of models, widths of intervals, and how the ensemble errs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from demand.history import FloatArray, Panel
from forecasting import ensemble
from forecasting.calibration import Calibration, Outcomes, calibrate
from forecasting.ensemble import IntArray, Trials
from forecasting.metrics import coverage
from forecasting.quantiles import DECILES, proper
from forecasting.unchecked_widths import widened_where_unchecked
from training.backtest import Backtest, stretches
from training.recipe import Choice, PastErrors

ENSEMBLE = "ensemble"

LEAST_KIND = 3
"""Series of one workload from which they are a kind of their own."""


@dataclass(frozen=True)
class Lesson:
    """What was learned from a panel.

    Attributes:
        choices: per series.
        errors: actual less median of the ensemble, in units of its own band where it was forecast without knowing the
            outcome; NaN where unknown; shape (n_series, n_steps).
    """

    choices: tuple[Choice, ...]
    errors: FloatArray


def learn(past: Backtest, prior: FloatArray, panel: Panel) -> Lesson:
    """Weigh the models and correct the widths, per series and stretch of the horizon.

    Args:
        past: the backtest, of at least one window.
        prior: weight of each of its models before anything is known, shape (n_models,).
        panel: the history that it was made on.
    """
    trials, kinds = past.trials(), kinds_of(panel)
    learned = ensemble.learn(trials, prior, kinds)
    weights, blind = learned.weights, proper(learned.blind)
    calibration, corrected = _calibrated(blind, trials)
    usual = int(stretches(panel.granularity, panel.granularity.rhythm.backtest_horizon)[-1]) + 1
    widths = widened_where_unchecked(calibration, usual)
    covered = coverage(trials.actual, corrected[..., 0], corrected[..., -1])
    scores = np.concatenate([past.losses, past.loss(corrected)[None]])
    choices = tuple(_choice(past, row, weights, widths, scores, covered) for row in range(panel.n_series))
    choices = tuple(
        _with_errors(choice, trials, blind[row, :, len(DECILES) // 2], row) for row, choice in enumerate(choices)
    )
    middle, band = blind[..., len(DECILES) // 2], blind[..., -1] - blind[..., 0]
    least = np.maximum(band, 0.1 * band.mean(axis=1, keepdims=True))
    least = np.where(least > np.finfo(np.float32).tiny * np.maximum(np.abs(middle), 1.0), least, np.inf)
    return Lesson(choices, (trials.actual - middle) / least)


def unlearned(models: Sequence[str], prior: FloatArray, panel: Panel) -> tuple[Choice, ...]:
    """The choices where the history is too short for any backtest: the prior's weights, and wider intervals."""
    reason = "the history is too short to compare models, so their usual weights and wider intervals are used unchecked"
    unchecked = Calibration.unchecked(1, 1)
    weights = {name: (float(share),) for name, share in zip(models, prior / prior.sum(), strict=True)}
    return (Choice(ENSEMBLE, warnings=(reason,), weights=weights, widths=_widths(unchecked, 0)),) * panel.n_series


def kinds_of(panel: Panel) -> IntArray:
    """A number per series: the same for series of one workload, if there are a few of them."""
    workloads = [key.workload for key in panel.keys]
    kinds = [workload if workloads.count(workload) >= LEAST_KIND else None for workload in workloads]
    numbered = list(dict.fromkeys(kinds))
    return np.array([numbered.index(kind) for kind in kinds])


def _calibrated(blind: FloatArray, trials: Trials) -> tuple[Calibration, FloatArray]:
    """Factors from all origins; and the deciles of each origin corrected by the factors of the others."""
    outcomes = Outcomes.of(blind, DECILES, trials.actual, trials.stretch)
    corrected = blind.copy()
    for origin in range(trials.origins if trials.origins > 1 else 0):
        here = trials.origin == origin
        known = Outcomes.of(blind[:, ~here], DECILES, trials.actual[:, ~here], trials.stretch[~here])
        factors = calibrate(known, trials.origins - 1)
        corrected[:, here] = factors.applied(blind[:, here], DECILES, trials.stretch[here])
    return calibrate(outcomes, trials.origins), corrected


def _choice(
    past: Backtest, row: int, weights: FloatArray, calibration: Calibration, scores: FloatArray, covered: FloatArray
) -> Choice:
    names = (*past.models, ENSEMBLE)
    comparable = relative_scores(scores[:, row])
    tried = {name: float(score) for name, score in zip(names, comparable, strict=True) if np.isfinite(score)}
    naive = tried.get(past.models[0])
    failed = {name: past.failures[name, row] for name in past.models if (name, row) in past.failures}
    warnings = [f"{name} was left out: {reason}" for name, reason in failed.items()]
    if naive is None:
        warnings.append("nothing of the series' own past could be compared, so weights and widths are those of others")
    return Choice(
        model=ENSEMBLE,
        scores=tried,
        naive_score=naive,
        coverage_80=None if np.isnan(covered[row]) else float(covered[row]),
        warnings=tuple(warnings),
        weights={
            name: tuple(weights[at, row].tolist()) for at, name in enumerate(past.models) if weights[at, row].any()
        },
        widths=_widths(calibration, row),
    )


def relative_scores(losses: FloatArray) -> FloatArray:
    """Mean losses as if all models had been tried at all origins, NaN where one was at none; shape (n_models,).

    A model that was only tried at the later origins, for want of history, must gain nothing if those were easy: its
    mean there is scaled by what the first model's mean over all origins is of its mean there.

    Args:
        losses: shape (n_models, n_origins), the first model tried wherever any is.
    """
    known = ~np.isnan(losses)
    first = losses[0]
    result = np.full(len(losses), np.nan)
    for at, there in enumerate(known):
        both = there & known[0]
        if both.any():
            share = np.nanmean(first[known[0]]) / first[both].mean() if first[both].mean() > 0 else 1.0
            result[at] = losses[at][both].mean() * share
    return result


def _widths(calibration: Calibration, row: int) -> dict[str, tuple[float, ...]]:
    return {"lower": tuple(calibration.lower[row].tolist()), "upper": tuple(calibration.upper[row].tolist())}


def _with_errors(choice: Choice, trials: Trials, median: FloatArray, row: int) -> Choice:
    errors = trials.actual[row] - median
    kept = []
    for stretch in range(int(trials.stretch.max()) + 1):
        here = (trials.stretch == stretch) & ~np.isnan(errors)
        if here.any():
            until = int(np.flatnonzero(trials.stretch[trials.origin == 0] == stretch)[-1]) + 1
            low, high = np.quantile(errors[here], [0.1, 0.9]).tolist()
            kept.append(PastErrors(until, int(here.sum()), float(errors[here].mean()), low, high))
    return Choice(**{**vars(choice), "errors": tuple(kept)})
