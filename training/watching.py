"""How published forecasts turned out, against the seasonal naive that was possible when they were issued."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri, stdtrit

from demand.calendar import Granularity, floor
from demand.history import FloatArray, Panel
from forecasting.metrics import pinball_loss, seasonal_scale
from forecasting.quantiles import DECILES, GRID, proper
from forecasting.seasonal_naive import SeasonalNaive, difference_rms

IntArray = npt.NDArray[np.int64]

_DECILES = [GRID.index(level) for level in DECILES]
_LOWER, _MEDIAN, _UPPER = (GRID.index(level) for level in (0.1, 0.5, 0.9))

_SPANS = {Granularity.HOUR: Granularity.DAY, Granularity.DAY: Granularity.WEEK}


def span_starts(index: pd.DatetimeIndex, granularity: Granularity) -> pd.DatetimeIndex:
    """The start of the span that each bucket is scored in: the day of an hour, the week of a day, else the bucket.

    Outcomes of one span are seen as one when it is told how sure a score is, since they err together.
    """
    return floor(index, _SPANS[granularity]) if granularity in _SPANS else index


@dataclass(frozen=True)
class Baseline:
    """The seasonal naive of one series as it could be told when a forecast was issued.

    Attributes:
        middle: what is repeated at each place of the season, from the first forecast bucket on, shape (season,).
        ages: how many seasons before its first repetition that was observed, shape (season,).
        deviation: root mean square of seasonal differences.
        scale: mean absolute seasonal difference, which losses are divided by.
    """

    middle: FloatArray
    ages: IntArray
    deviation: float
    scale: float

    def deciles(self, first: int, n_steps: int) -> FloatArray:
        """Its deciles at consecutive steps, shape (n_steps, 9).

        Args:
            first: the first step, 0 being the first forecast bucket.
            n_steps: how many.
        """
        steps = np.arange(first, first + n_steps)
        place, repeated = steps % len(self.middle), steps // len(self.middle)
        spread = self.deviation * np.sqrt(self.ages[place] + repeated)
        return proper(self.middle[place][:, None] + spread[:, None] * ndtri(np.asarray(DECILES)))


def baselines(history: Panel) -> tuple[Baseline | None, ...]:
    """The seasonal naive of each series; None of one without any observation.

    Args:
        history: as it was known when the forecasts were issued, up to the bucket before their first.
    """
    fitted = SeasonalNaive().fit(history, seed=0)
    middle, _ = fitted.gaussian(fitted.season)
    ages = np.ceil((fitted.n_steps + np.arange(fitted.season) - fitted.sources) / fitted.season).astype(np.int64)
    deviation = difference_rms(history.values, fitted.season)
    scale = seasonal_scale(history.values, fitted.season)
    return tuple(
        None
        if fitted.sources[row, 0] < 0
        else Baseline(middle[row], ages[row], float(deviation[row]), float(scale[row]))
        for row in range(history.n_series)
    )


@dataclass(frozen=True)
class StepScores:
    """How forecasts of one series turned out step by step; NaN where that is not known, shape (n_forecasts, n_steps).

    Attributes:
        loss: scaled quantile loss.
        naive_loss: the same of the baseline.
        error: outcome less median, in the unit of demand.
        covered: 1 where the outcome lies from the 10 % to the 90 % quantile, bounds included, else 0.
    """

    loss: FloatArray
    naive_loss: FloatArray
    error: FloatArray
    covered: FloatArray


def step_scores(actual: FloatArray, quantiles: FloatArray, naive: FloatArray, scale: FloatArray) -> StepScores:
    """Score forecasts of one series for the same buckets.

    Args:
        actual: what came true for each, NaN where it is not known, shape (n_forecasts, n_steps).
        quantiles: at `GRID`, NaN where one tells nothing of a bucket, shape (n_forecasts, n_steps, n_levels).
        naive: deciles of the baseline of each, shape (n_forecasts, n_steps, 9).
        scale: that losses are divided by, shape (n_forecasts,).
    """
    loss = 2 * pinball_loss(actual, quantiles[..., _DECILES], DECILES).mean(axis=-1) / scale[:, None]
    naive_loss = 2 * pinball_loss(actual, naive, DECILES).mean(axis=-1) / scale[:, None]
    error = actual - quantiles[..., _MEDIAN]
    inside = (actual >= quantiles[..., _LOWER]) & (actual <= quantiles[..., _UPPER])
    return StepScores(loss, naive_loss, error, np.where(np.isnan(error), np.nan, inside))


@dataclass(frozen=True)
class Tally:
    """Outcomes of many spans of time, as sums over the spans.

    Attributes:
        spans: how many spans.
        n: outcomes of all spans.
        covered: those of them inside the 80 % band.
        n_squared: sum over spans of the square of the span's outcomes.
        both: sum over spans of the product of its outcomes and those covered.
        covered_squared: sum over spans of the square of those covered.
    """

    spans: int
    n: int
    covered: float
    n_squared: float
    both: float
    covered_squared: float

    def interval(self) -> tuple[float, float] | None:
        """Bounds that hold the true coverage with 95 %, None for a single span, which says nothing of others.

        Outcomes of one span err together, so spans are what is counted: the ratio of sums has the variance of a
        cluster sample (Cochran, Sampling Techniques, 1977, section 11.8), which is turned into a number of independent
        outcomes, for an interval of Wilson (1927) with the t distribution in place of the normal.
        """
        if self.spans < 2:
            return None
        share = self.covered / self.n
        squares = self.covered_squared - 2 * share * self.both + share**2 * self.n_squared
        variance = max(squares, 0.0) / self.n**2 * self.spans / (self.spans - 1)
        spread = share * (1 - share)
        worth = min(spread / variance, self.n) if variance > 0 and spread > 0 else self.spans
        z = float(stdtrit(self.spans - 1, 0.975))
        middle = (share + z**2 / (2 * worth)) / (1 + z**2 / worth)
        half = z * np.sqrt(spread / worth + z**2 / (4 * worth**2)) / (1 + z**2 / worth)
        return max(float(middle - half), 0.0), min(float(middle + half), 1.0)


@dataclass(frozen=True)
class Outcomes:
    """Forecasts of one series with what came true of their buckets, all over the same buckets.

    Attributes:
        scores: step by step.
        actual: what came true, NaN where it is not known, shape (n_forecasts, n_steps).
        spans: which span each bucket lies in, counted from zero, shape (n_steps,).
        stretches: of the horizon, per forecast and bucket, shape (n_forecasts, n_steps).
        models: of each forecast, counted from zero, shape (n_forecasts,).
    """

    scores: StepScores
    actual: FloatArray
    spans: IntArray
    stretches: IntArray
    models: IntArray


@dataclass(frozen=True)
class Sums:
    """How forecasts of one span, stretch of the horizon and model turned out, as sums over pairs of both.

    Attributes:
        span: which span, counted from zero.
        stretch: which stretch of the horizon.
        model: which model, counted from zero.
        forecasts: how many forecasts.
        n: how many pairs.
        loss: of scaled quantile losses.
        naive_loss: the same of the baselines.
        error: of outcomes less medians.
        actual: of outcomes.
        covered: pairs whose outcome lies in the 80 % band.
    """

    span: int
    stretch: int
    model: int
    forecasts: int
    n: int
    loss: float
    naive_loss: float
    error: float
    actual: float
    covered: int


def sums(outcomes: Outcomes) -> list[Sums]:
    """Sums over every span, stretch and model of which anything is known."""
    scores = outcomes.scores
    known = ~np.isnan(scores.loss) & ~np.isnan(scores.naive_loss)
    if not known.any():
        return []
    shape = (int(outcomes.spans.max()) + 1, int(outcomes.stretches.max()) + 1, int(outcomes.models.max()) + 1)
    spans, models = np.broadcast_to(outcomes.spans, known.shape), np.broadcast_to(outcomes.models[:, None], known.shape)
    places = np.ravel_multi_index((spans[known], outcomes.stretches[known], models[known]), shape)
    rows = np.nonzero(known)[0]
    parts = (scores.loss, scores.naive_loss, scores.error, outcomes.actual, scores.covered)
    totals = [np.bincount(places, weights=part[known]) for part in parts]
    counts = np.bincount(places)
    forecasts = np.bincount(np.unique(places * len(known) + rows) // len(known))
    present = np.flatnonzero(counts)
    return [
        Sums(
            span=int(span),
            stretch=int(stretch),
            model=int(model),
            forecasts=int(forecasts[place]),
            n=int(counts[place]),
            loss=float(totals[0][place]),
            naive_loss=float(totals[1][place]),
            error=float(totals[2][place]),
            actual=float(totals[3][place]),
            covered=int(totals[4][place]),
        )
        for place, span, stretch, model in zip(present, *np.unravel_index(present, shape), strict=True)
    ]
