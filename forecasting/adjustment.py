"""A layer around any model: what covariates explain is taken out of history, and put back into the forecast."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from demand.calendar import number
from demand.covariates import Covariates, Effect, Operation
from demand.history import FloatArray, Panel
from forecasting.covariate_columns import BoolArray, Column, Grid, Notes, columns, masked
from forecasting.covariate_effects import SHORTEST_SEASONS, Learned, learn, seasons_and_trend
from forecasting.level_breaks import level_break
from forecasting.quantiles import QuantileForecast, proper
from forecasting.stabilised import Stabilised, shifted

EIGHTY = float(ndtri(0.9))
"""Standard deviations from the middle of a Gaussian to the ends of its 80 % interval."""

LARGEST_LOG = float(np.log(1e6))
"""No stated factor is carried beyond a million, whatever the regressor does, so that numbers stay numbers."""


@dataclass(frozen=True)
class LearnedEffect:
    """What was learned of one covariate, at the largest swing that it had in the history.

    Attributes:
        name: `regressor ...` or `event ...`.
        factor: what demand of a usual level was multiplied by.
        low: the same at the lower end of an 80 % interval.
        high: the same at its upper end.
    """

    name: str
    factor: float
    low: float
    high: float


@dataclass(frozen=True)
class RowEffects:
    """What covariates do to one series ahead.

    Attributes:
        space: the space in which learned effects are shifts.
        shift: the learned change in that space, shape (horizon,).
        variance: how unsure it is, shape (horizon,).
        factor: of the stated effects that multiply, shape (horizon,).
        amount: of the stated effects that add, shape (horizon,).
        learned: what was learned of each covariate, for an explanation.
    """

    space: Stabilised
    shift: FloatArray
    variance: FloatArray
    factor: FloatArray
    amount: FloatArray
    learned: tuple[LearnedEffect, ...] = ()

    def apply(self, quantiles: FloatArray, levels: tuple[float, ...]) -> FloatArray:
        """Quantiles with the effects, from quantiles without, shape (horizon, n_levels)."""
        inside = self.space.forward(quantiles[None])[0]
        moved = self.space.back(shifted(inside, self.shift, self.variance, levels)[None])[0]
        # Out of the space and back again rounds; steps at which nothing happens are left as they are.
        learned = np.where(((self.shift != 0) | (self.variance > 0))[:, None], moved, quantiles)
        return proper(learned * self.factor[:, None] + self.amount[:, None])


@dataclass(frozen=True)
class Adjusted:
    """A history without what covariates explain.

    Attributes:
        panel: what models are given: masked buckets missing, effects taken out, one level throughout.
        seen: what was observed but for masked buckets; what forecasts with effects are compared with.
        effects: what to put back, by row; rows without any are left as they are.
        notes: what a reader should know, per series.
    """

    panel: Panel
    seen: Panel
    effects: dict[int, RowEffects]
    notes: tuple[tuple[str, ...], ...]

    def restore(self, forecast: QuantileForecast) -> QuantileForecast:
        """The forecast with the effects that are to come; wider where they are not surely known.

        Args:
            forecast: of the adjusted panel, over the horizon that it was adjusted for.
        """
        values = forecast.values.copy()
        for row, effects in self.effects.items():
            if row not in forecast.failures:
                values[row] = effects.apply(values[row], forecast.levels)
        return replace(forecast, values=values)


def adjust(panel: Panel, covariates: Covariates, horizon: int) -> Adjusted:
    """Take out of a history what covariates explain.

    Masked buckets become missing. Stated effects are undone as they are stated. Of what is left, the effects of other
    regressors and events are estimated in a space in which they are nearly factors, and undone too. A covariate that
    cannot be used is left out, with a note on the series that it concerns. What then is before a level break is brought
    to the level after it.

    Args:
        panel: the history.
        covariates: what is known beside it.
        horizon: buckets ahead.
    """
    notes = Notes(panel.n_series)
    grid = Grid(panel, horizon)
    values = np.where(masked(grid, covariates.events, notes), np.nan, panel.values)
    seen = replace(panel, values=values.copy())
    listed = columns(grid, covariates, notes)
    effects = {}
    for row in range(panel.n_series):
        own = [column for column in listed if column.rows[row]]
        if own:
            one = replace(panel, values=values).select([row])
            values[row], effects[row] = _adjust_row(one, row, own, notes)
    for row in range(panel.n_series):
        values[row] = _without_break(replace(panel, values=values), row, notes)
    return Adjusted(replace(panel, values=values), seen, effects, notes.all())


def _without_break(panel: Panel, row: int, notes: Notes) -> FloatArray:
    """The series with what comes before a level break brought to the level after it, so that its shape is kept."""
    values: FloatArray = panel.values[row]
    found = level_break(values, panel.granularity)
    if found is None:
        return values
    at = panel.index[found.step].isoformat()
    notes.add(_only(row, notes), f"level break at {at}; earlier history rescaled by {found.factor:.3g}")
    return np.where(np.arange(panel.n_steps) < found.step, values * found.factor, values)


def _adjust_row(one: Panel, row: int, own: list[Column], notes: Notes) -> tuple[FloatArray, RowEffects]:
    stated = [column for column in own if column.effect is not None]
    learned = [column for column in own if column.effect is None]
    factor, amount = _stated([(column.past, column.effect) for column in stated], one.n_steps)
    plain = np.where(np.isnan(one.values[0]), np.nan, np.maximum(one.values[0] - amount, 0.0) / factor)
    space = Stabilised.of(plain[None])
    horizon = len(own[0].ahead)
    fitted = _learn(replace(one, values=plain[None]), row, space, learned, notes) if learned else None
    shift, variance = np.zeros(horizon), np.zeros(horizon)
    told: tuple[LearnedEffect, ...] = ()
    if fitted is not None:
        past = np.nan_to_num(np.stack([column.past for column in learned], axis=1))
        ahead = np.stack([column.ahead for column in learned], axis=1)
        moved = space.back(space.forward(plain[None]) - fitted.shift(past))[0]
        plain = np.where(past.any(axis=1), moved, plain)
        told = _told(space, float(np.nanmean(plain)), fitted, learned)
        shift, variance = fitted.shift(ahead), fitted.variance(ahead)
    ahead_factor, ahead_amount = _stated([(column.ahead, column.effect) for column in stated], horizon)
    return plain, RowEffects(space, shift, variance, ahead_factor, ahead_amount, told)


def _told(space: Stabilised, level: float, fitted: Learned, own: list[Column]) -> tuple[LearnedEffect, ...]:
    swings = [float(column.past[np.nanargmax(np.abs(column.past))]) for column in own]
    usual = space.forward(np.array([[level]]))

    def factor(size: float) -> float:
        return float(space.back(usual + size)[0, 0] / max(level, 1e-9 * float(space.scales[0])))

    found = []
    for at, (column, swing) in enumerate(zip(own, swings, strict=True)):
        size, reach = fitted.sizes[at] * swing, EIGHTY * np.sqrt(fitted.covariance[at, at]) * abs(swing)
        if fitted.covariance[at, at] > 0:
            found.append(LearnedEffect(column.name, factor(size), factor(size - reach), factor(size + reach)))
    return tuple(found)


def _learn(one: Panel, row: int, space: Stabilised, own: list[Column], notes: Notes) -> Learned | None:
    known = ~np.isnan(one.values[0])
    this = _only(row, notes)
    for column in own:
        past = np.where(known & ~np.isnan(column.past), column.past, 0.0)
        occurrences = int((np.diff((past != 0).astype(int), prepend=0) == 1).sum())
        if not occurrences:
            notes.add(this, f"{column.name} was never seen to differ in the history, so no effect of it is known")
        elif occurrences == 1 and column.ahead.any():
            notes.add(this, f"{column.name} was seen once in the history, so its effect is not sure")
    background = seasons_and_trend(one.granularity, number(one.start, one.granularity), one.n_steps)
    series = space.forward(one.values)[0]
    unknown = np.any([np.isnan(column.past) for column in own], axis=0)
    series = np.where(unknown, np.nan, series)
    past = np.nan_to_num(np.stack([column.past for column in own], axis=1))
    least = SHORTEST_SEASONS * one.granularity.rhythm.naive_season
    fitted = learn(series, past, background) if (~np.isnan(series)).sum() >= least else None
    if fitted is None and (past[known] != 0).any():
        names = ", ".join(column.name for column in own)
        notes.add(this, f"the history is too short to learn an effect of {names}")
    return fitted


def _only(row: int, notes: Notes) -> BoolArray:
    return np.asarray(np.arange(notes.n_series) == row)


def _stated(known: list[tuple[FloatArray, Effect | None]], steps: int) -> tuple[FloatArray, FloatArray]:
    """The factor and the amount of stated effects at each step."""
    factor, amount = np.ones(steps), np.zeros(steps)
    for column, effect in known:
        if effect is not None and effect.operation is Operation.MULTIPLY:
            exponent = np.clip(np.log(effect.size) * np.nan_to_num(column), -LARGEST_LOG, LARGEST_LOG)
            factor = factor * np.exp(exponent)
        elif effect is not None:
            amount = amount + effect.size * np.nan_to_num(column)
    return factor, amount
