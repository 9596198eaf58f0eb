"""Growth at long horizons: a damped trend per series, its rate pooled over the fleet, its uncertainty growing.

Everything is done in a variance-stabilised space, in which growth at a rate is a line and a season is a factor. The
quantiles are in closed form: Student's t around the mean of all dynamics that the history allows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import stdtrit

from demand.history import FloatArray, Panel
from forecasting.pooling import Prior, kin_prior
from forecasting.quantiles import QuantileForecast, check_levels, proper
from forecasting.reach import factors_at, reach_factors, rehearsal_origins
from forecasting.season_shape import cyclic_shape, repeated, short_seasons, year_of, yearly_shape
from forecasting.stable_space import StableSpace, stable_space
from forecasting.trend_filter import Belief, Filtered, Trend, beliefs, moments, run_filter, together

YEARLY_GROWTH = 1.0
"""Standard deviation of the logarithm of a year's growth, where no kin say better: from a third to thrice."""

PRIOR_EVIDENCE = 4.0
"""Surprises' worth of what kin say of the size of surprises."""

ORDINARY_CHANGE = 0.1
"""Share by which demand changes from bucket to bucket where neither the series nor its kin say."""

FITTED_AWAY = 2.0
"""Surprises' worth by which the best of many dynamics fits a history too well."""

TAIL = 6.0
"""Most degrees of freedom of the quantiles."""

STEADY = 8
"""Observations from which a series that never varied is taken to be constant."""

_AT_ONCE = 128
"""Series that are filtered at once, so that the work fits into the processor's cache."""

_HOURS_A_YEAR = 8766


@dataclass(frozen=True)
class PooledGrowth:
    """Damped growth with rates pooled over the fleet; logistic where the history says what caps a series.

    Attributes:
        name: the name of the model.
    """

    budget_seconds: ClassVar[float | None] = None
    across_series: ClassVar[bool] = True
    description: ClassVar[str] = (
        "Damped growth in a logarithmic space, its rate shared with similar series where the history is short."
    )

    name: str = "growth"

    def minimum_history(self, panel: Panel) -> int:  # noqa: ARG002 - the same at any rhythm
        """Three observations: two make a slope, the third says how far it was off."""
        return 3

    def fit(self, history: Panel, *, seed: int) -> "FittedGrowth":  # noqa: ARG002
        """Find level, growth and seasons of every series.

        Args:
            history: the panel; growth towards its caps is logistic.
            seed: not used, nothing is drawn.
        """
        space = stable_space(history.values, history.caps)
        values = space.into(history.values)
        season = cyclic_shape(values, short_seasons(history.granularity))
        rest = values - repeated(season, np.arange(-history.n_steps, 0))
        year = year_of(history.granularity)
        rest = rest - yearly_shape(rest, year, 0)[0] if year else rest
        filtered = _filtered(rest, rehearsal_origins(history.n_steps))
        workloads = [key.workload for key in history.keys]
        weights = beliefs(filtered, workloads)
        belief = Belief(weights, _scale(filtered, weights, rest, workloads))
        trend = _with_kin(filtered, belief, history, space)
        reach = reach_factors(rest, filtered, belief, workloads, TAIL)
        return FittedGrowth(self, history, space, _Learned(values, season, trend, belief, filtered.evidence, reach))


@dataclass(frozen=True)
class _Learned:
    """What was found: stabilised history, short seasonal shape, trend, dynamics, surprises, reach."""

    values: FloatArray
    season: FloatArray
    trend: Trend
    belief: Belief
    evidence: FloatArray
    reach: FloatArray


@dataclass(frozen=True)
class FittedGrowth:
    """Level, growth and seasons of every series."""

    model: PooledGrowth
    history: Panel
    space: StableSpace
    learned: _Learned

    def predict(self, horizon: int, levels: Sequence[float]) -> QuantileForecast:
        """Quantiles of the `horizon` buckets after the history."""
        ordered = check_levels(levels)
        learned = self.learned
        middle, variance = moments(learned.trend, learned.belief, np.arange(1, horizon + 1))
        middle = middle + self._seasons(horizon)
        spread = np.sqrt(variance) * factors_at(learned.reach, horizon)
        freedom = np.minimum(learned.evidence + PRIOR_EVIDENCE, TAIL)[:, None]
        scores = stdtrit(freedom, np.asarray(ordered))
        values = proper(self.space.back(middle[..., None] + spread[..., None] * scores[:, None, :]))
        observed = (~np.isnan(self.history.values)).sum(axis=1)
        minimum = self.model.minimum_history(self.history)
        few = np.flatnonzero(observed < minimum)
        values[few] = np.nan
        reasons = {
            int(row): f"{observed[row]} observed values are fewer than the {minimum} that the model needs"
            for row in few
        }
        return QuantileForecast(ordered, values, reasons)

    def _seasons(self, horizon: int) -> FloatArray:
        season, year = self.learned.season, year_of(self.history.granularity)
        seasons = repeated(season, np.arange(horizon))
        if year:
            rest = self.learned.values - repeated(season, np.arange(-self.history.n_steps, 0))
            seasons = seasons + yearly_shape(rest, year, horizon)[1]
        return seasons


def _filtered(values: FloatArray, origins: Sequence[int]) -> Filtered:
    usual = _usual_change(values)
    blocks = [slice(first, first + _AT_ONCE) for first in range(0, len(values), _AT_ONCE)]
    return together([run_filter(values[block], usual[block], origins) for block in blocks])


def _usual_change(values: FloatArray) -> FloatArray:
    """Size of an ordinary change between neighbours; the mean one where most are zero, without bound where all are."""
    changes = np.abs(np.diff(values, axis=1))
    known = np.isfinite(changes)
    mean = np.where(known, changes, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    middle = np.nanmedian(np.where(known.any(axis=1, keepdims=True), changes, 0.0), axis=1) if changes.size else mean
    usual = np.where(middle > 0, 1.48 * middle, 1.25 * mean)
    return np.where(usual > 0, usual, np.inf)


def _scale(filtered: Filtered, weights: FloatArray, values: FloatArray, groups: Sequence[object]) -> FloatArray:
    """Squared size of a one-step change: the series' own, with a few surprises' worth of its kin's median."""
    evidence = filtered.evidence
    own = (weights * filtered.squares).sum(axis=1) * evidence / np.maximum(evidence - FITTED_AWAY, 0.5)
    typical = np.full(len(own), ORDINARY_CHANGE**2)
    for group in dict.fromkeys(groups):
        kin = np.array([each == group for each in groups])
        told = own[kin & (evidence > 0)]
        if len(told) > 1:
            typical[kin] = np.median(told)
    pooled = (evidence * own + PRIOR_EVIDENCE * typical) / (evidence + PRIOR_EVIDENCE)
    known = np.isfinite(values)
    highest = np.where(known, values, -np.inf).max(axis=1, initial=-np.inf)
    flat = highest - np.where(known, values, np.inf).min(axis=1, initial=np.inf) < 1e-9
    return np.where(flat & (known.sum(axis=1) >= STEADY), 0.0, pooled)


def _with_kin(filtered: Filtered, belief: Belief, history: Panel, space: StableSpace) -> Trend:
    """The trend after each series was told how fast its kin grow."""
    trend, weights, scale = filtered.trend, belief.weights, belief.scale
    per_slope = space.relative_growth((weights * trend.level).sum(axis=1))
    slope = (weights * trend.slope).sum(axis=1)
    between = (weights * (trend.slope - slope[:, None]) ** 2).sum(axis=1)
    variance = scale * (weights * trend.slope_variance).sum(axis=1) + between
    told = (filtered.evidence > 0) & (scale > 0)
    yearly = np.full(len(slope), YEARLY_GROWTH * history.granularity.rhythm.hours / _HOURS_A_YEAR)
    prior = kin_prior(
        np.where(told, slope * per_slope, np.nan),
        variance * per_slope**2,
        [key.workload for key in history.keys],
        Prior(np.zeros(len(slope)), yearly**2),
    )
    spread = np.where(scale > 0, prior.variance / per_slope**2 / np.where(scale > 0, scale, 1.0), np.inf)
    mean = np.where(scale > 0, prior.mean / per_slope, 0.0)
    return trend.told_slope(mean[:, None], spread[:, None])
