"""Seasonal shapes of many series at once, kept only as far as they come again."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from demand.calendar import Granularity
from demand.history import FloatArray

RECENT_CYCLES = 12
"""Cycles of a short season that its shape is learned from, the newest ones."""

HARMONICS = 4
"""Waves that a yearly shape is made of."""

_NEARLY_A_YEAR = 0.9 * 8766
"""Hours."""


def short_shape(values: FloatArray, season: int) -> FloatArray:
    """Deviation from the moving average at each place of a season of a few buckets.

    Args:
        values: additive space, shape (n_series, n_steps), NaN where missing.
        season: buckets.

    Returns:
        Shape (n_series, season), place 0 being the first bucket after the history; zero where fewer than two cycles
        are known.
    """
    n_steps = values.shape[1]
    cycles = min(n_steps // season, RECENT_CYCLES)
    if season < 2 or cycles < 2:
        return np.zeros((len(values), season))
    deviations = (values - _moving_average(values, season))[:, n_steps - cycles * season :]
    return _coming_again(deviations.reshape(len(values), cycles, season))


def cyclic_shape(values: FloatArray, seasons: Sequence[int]) -> FloatArray:
    """One shape of seasons that are multiples of each other, the longer ones on top of the shorter ones.

    Args:
        values: additive space, shape (n_series, n_steps), NaN where missing.
        seasons: lengths in buckets, shortest first; there may be none.

    Returns:
        Shape (n_series, longest season), or (n_series, 1) without seasons; place 0 is the first bucket ahead.
    """
    shape = np.zeros((len(values), 1))
    for season in seasons:
        deviation = short_shape(values - repeated(shape, np.arange(-values.shape[1], 0)), season)
        shape = np.tile(shape, season // shape.shape[1]) + deviation
    return shape


def repeated(shape: FloatArray, steps: npt.NDArray[np.int64]) -> FloatArray:
    """A shape at these buckets, counted from the first one ahead; shape (n_series, n_steps)."""
    return shape[:, steps % shape.shape[1]]


def short_seasons(granularity: Granularity) -> tuple[int, ...]:
    """The seasons that are shorter than a year, in buckets."""
    rhythm = granularity.rhythm
    return tuple(each for each in rhythm.whole_seasons if each * rhythm.hours < _NEARLY_A_YEAR)


def year_of(granularity: Granularity) -> float | None:
    """A year in buckets, where forecasts at this granularity reach far enough for it to matter."""
    longest = granularity.rhythm.seasons[-1]
    return longest if longest * granularity.rhythm.hours >= _NEARLY_A_YEAR else None


def yearly_shape(values: FloatArray, season: float, horizon: int) -> tuple[FloatArray, FloatArray]:
    """A smooth yearly shape, over the history and ahead.

    Args:
        values: additive space, shape (n_series, n_steps), NaN where missing.
        season: buckets in a year.
        horizon: buckets ahead.

    Returns:
        Deviations of shape (n_series, n_steps) and (n_series, horizon); zero where fewer than two years are known.
    """
    n_steps = values.shape[1]
    years = int(n_steps / season)
    if years < 2:
        return np.zeros_like(values), np.zeros((len(values), horizon))
    steps = np.arange(n_steps)
    coefficients = np.stack([_waves_of(values, season, n_steps - (year + 1) * season) for year in range(years)], axis=1)
    shape = _coming_again(coefficients)
    ahead = np.arange(n_steps, n_steps + horizon)
    return shape @ _waves(steps - n_steps, season).T, shape @ _waves(ahead - n_steps, season).T


def _coming_again(cycles: FloatArray) -> FloatArray:
    """Mean over cycles, shrunk to the part of its variance that different cycles have in common.

    Args:
        cycles: shape (n_series, n_cycles, n_places), NaN where missing.

    Returns:
        Shape (n_series, n_places).
    """
    known = np.isfinite(cycles)
    filled = np.where(known, cycles, 0.0)
    counts = known.sum(axis=1)
    mean = filled.sum(axis=1) / np.maximum(counts, 1)
    whole = (counts >= 2).all(axis=1)
    within = (np.where(known, cycles - mean[:, None], 0.0) ** 2).sum(axis=1) / np.maximum(counts - 1, 1)
    noise = (within / np.maximum(counts, 1)).mean(axis=1)
    strength = (mean**2).mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = np.clip(np.nan_to_num(1 - noise / strength), 0.0, 1.0)
    return np.asarray(np.where(whole, kept, 0.0)[:, None] * mean)


def _moving_average(values: FloatArray, season: int) -> FloatArray:
    """Centred average over one season; NaN in its first and last half, and where a quarter is missing."""
    half = season // 2
    weights = np.ones(2 * half + 1)
    if season % 2 == 0:
        weights[[0, -1]] = 0.5
    padded = np.pad(values, ((0, 0), (half, half)), constant_values=np.nan)
    known = np.isfinite(padded)
    windows = np.lib.stride_tricks.sliding_window_view(np.where(known, padded, 0.0), len(weights), axis=1)
    shares = np.lib.stride_tricks.sliding_window_view(known.astype(float), len(weights), axis=1) @ weights
    average = (windows @ weights) / np.maximum(shares, 1.0)
    return np.asarray(np.where(shares >= 0.75 * season, average, np.nan))


def _waves(steps: np.ndarray, season: float) -> FloatArray:
    waves = min(HARMONICS, int(season / 2 - 0.5))
    angles = 2 * np.pi * np.outer(steps, np.arange(1, waves + 1)) / season
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


def _waves_of(values: FloatArray, season: float, first: float) -> FloatArray:
    """Waves of one year beside its straight line, shape (n_series, n_waves); NaN where a tenth is missing."""
    n_steps = values.shape[1]
    begin = max(round(first), 0)
    stop = min(round(first + season), n_steps)
    year = values[:, begin:stop]
    known = np.isfinite(year)
    whole = known.mean(axis=1) >= 0.9
    level = np.where(known, year, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    filled = np.where(known, year, level[:, None])
    steps = np.arange(begin, stop) - n_steps
    line = np.stack([np.ones(len(steps)), np.linspace(-1, 1, len(steps))], axis=1)
    design = np.concatenate([line, _waves(steps, season)], axis=1)
    fitted = np.linalg.lstsq(design, filled.T, rcond=None)[0].T[:, 2:]
    return np.asarray(np.where(whole[:, None], fitted, np.nan))
