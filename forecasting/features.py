"""What a learned model sees of a series at one moment: its recent past and the calendar, free of level and size."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from demand.calendar import Granularity, buckets
from demand.history import FloatArray, Panel

IntArray = npt.NDArray[np.int64]

REPEATS = 3
"""How many past occurrences of the same place in a season are shown."""

UNKNOWN = -1e9
"""Stands for a missing feature, far below any scaled level; trees only compare."""

CALM = 0.5
"""Least share of a series' usual seasonal change that is its scale, however calm it was of late."""

STILL = 1e-6
"""The same as a share of its mean level, for a series that hardly ever changed."""

_WINDOWS = {
    Granularity.HOUR: (6, 24, 168, 672),
    Granularity.DAY: (7, 28, 91, 364),
    Granularity.WEEK: (4, 13, 26, 52),
    Granularity.MONTH: (3, 6, 12, 24),
}
"""Buckets that recent means and deviations are taken over."""


@dataclass(frozen=True)
class Moments:
    """Moments to look ahead from.

    Attributes:
        rows: row of the panel, shape (n_moments,).
        origins: position of the first bucket that is not known yet.
        leads: buckets ahead, 1 for the bucket at the origin.
    """

    rows: IntArray
    origins: IntArray
    leads: IntArray

    @property
    def targets(self) -> IntArray:
        """Position of the bucket that is asked for."""
        return self.origins + self.leads - 1


@dataclass(frozen=True)
class FeatureSource:
    """Everything about a panel that features are looked up from.

    Attributes:
        panel: the history.
        last: last known value before each position, shape (n_series, n_steps + 1); NaN before the first.
        means: recent means before each position, per window, shape (n_windows, n_series, n_steps + 1).
        deviations: the same for standard deviations.
        scales: usual size of a change from one season to the next, above zero, shape (n_series, n_steps + 1).
    """

    panel: Panel
    last: FloatArray
    means: FloatArray
    deviations: FloatArray
    scales: FloatArray

    def scale(self, moments: Moments) -> FloatArray:
        """The unit that levels are measured in, shape (n_moments,)."""
        return self.scales[moments.rows, moments.origins]

    def guesses(self, moments: Moments) -> FloatArray:
        """Simple forecasts, known wherever something came before, shape (n_moments, n_guesses).

        Per season the latest value at the same place and the mean of the last few, then recent means, then the last
        known value, which also stands in for the others where they are missing.
        """
        columns = []
        for season in self.panel.granularity.rhythm.whole_seasons:
            same = self._same_place(moments, season)
            columns += [same[0], _mean(same)]
        columns += [mean[moments.rows, moments.origins] for mean in self.means]
        last = self.last[moments.rows, moments.origins]
        return np.stack([np.where(np.isnan(column), last, column) for column in (*columns, last)], axis=1)

    def features(self, moments: Moments, anchors: FloatArray) -> FloatArray:
        """Features, `UNKNOWN` where missing, shape (n_moments, n_features)."""
        rows, origins = moments.rows, moments.origins
        scale = self.scale(moments)
        seasons = self.panel.granularity.rhythm.whole_seasons
        earlier = [np.stack(self._same_place(moments, season)[1:], axis=1) for season in seasons]
        levels = [self.guesses(moments), *earlier]
        relative = (np.concatenate(levels, axis=1) - anchors[:, None]) / scale[:, None]
        spread = self.deviations[:, rows, origins].T / scale[:, None]
        calendar = _calendar(self.panel, moments.targets)
        columns = [moments.leads[:, None], calendar, relative, spread, (anchors / scale)[:, None]]
        return np.nan_to_num(np.concatenate(columns, axis=1), nan=UNKNOWN)

    def _same_place(self, moments: Moments, season: int) -> list[FloatArray]:
        latest = moments.targets - season * -(-moments.leads // season)
        places = [latest - season * back for back in range(REPEATS)]
        values = self.panel.values
        return [np.where(place >= 0, values[moments.rows, np.maximum(place, 0)], np.nan) for place in places]


def feature_source(panel: Panel) -> FeatureSource:
    """Prepare the look-ups for a panel."""
    recents = [_recent(panel.values, window) for window in _WINDOWS[panel.granularity]]
    means, deviations = np.stack([mean for mean, _ in recents]), np.stack([spread for _, spread in recents])
    last = pd.DataFrame(panel.values.T).ffill().to_numpy().T
    before = np.concatenate([np.full((panel.n_series, 1), np.nan), last], axis=1)
    return FeatureSource(panel, before, means, deviations, _scales(panel))


def _scales(panel: Panel) -> FloatArray:
    season = panel.granularity.rhythm.naive_season
    changes = np.full_like(panel.values, np.nan)
    changes[:, season:] = np.abs(panel.values[:, season:] - panel.values[:, :-season])
    recent, _ = _recent(changes, _WINDOWS[panel.granularity][-1])
    whole = _mean(list(changes.T))[:, None]
    level = _mean(list(panel.values.T))[:, None]
    scales = np.fmax(recent, np.fmax(CALM * whole, STILL * level))
    return np.fmax(scales, np.finfo(float).tiny)


def _recent(values: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    known = ~np.isnan(values)
    centre = np.nan_to_num(_mean(list(values.T)))[:, None]
    filled = np.where(known, values - centre, 0.0)
    count = _window_sums(known.astype(float), window)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = _window_sums(filled, window) / count
        variance = _window_sums(filled**2, window) / count - mean**2
    return mean + centre, np.sqrt(np.maximum(variance, 0.0))


def _window_sums(values: FloatArray, window: int) -> FloatArray:
    total = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
    return np.asarray(total - total[:, np.maximum(np.arange(total.shape[1]) - window, 0)])


def _mean(columns: list[FloatArray]) -> FloatArray:
    stacked = np.stack(columns)
    known = ~np.isnan(stacked)
    count = known.sum(axis=0)
    return np.where(count > 0, np.where(known, stacked, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)


def _calendar(panel: Panel, targets: IntArray) -> FloatArray:
    reach = int(targets.max(initial=0)) + 1
    dates = buckets(panel.start, reach, panel.granularity)
    parts: dict[Granularity, tuple[pd.Index, ...]] = {
        Granularity.HOUR: (dates.hour, dates.dayofweek),
        Granularity.DAY: (dates.dayofweek, dates.dayofyear),
        Granularity.WEEK: (dates.dayofyear,),
        Granularity.MONTH: (dates.month,),
    }
    return np.stack([np.asarray(part, dtype=float)[targets] for part in parts[panel.granularity]], axis=1)
