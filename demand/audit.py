"""What is odd about a history: gaps, long runs of zeros, stuck values and level breaks.

Every check compares a series with itself, so that what is usual for it raises no alarm: zeros of a series that is idle
every night, flat stretches of one that moves in steps, slow seasons and trends.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from demand.calendar import Granularity
from demand.history import FloatArray, Panel
from demand.series import SeriesKey

LONG_RUN = {Granularity.HOUR: 6, Granularity.DAY: 3, Granularity.WEEK: 3, Granularity.MONTH: 3}
LONG_STUCK = {Granularity.HOUR: 24, Granularity.DAY: 7, Granularity.WEEK: 6, Granularity.MONTH: 6}
WINDOW = {Granularity.HOUR: 168, Granularity.DAY: 28, Granularity.WEEK: 13, Granularity.MONTH: 6}
WINDOWS_NEEDED = 10
SEASONS_NEEDED = 2
BREAK_SCORE = 5.0

_MAD_TO_SIGMA = 1.4826


class FindingKind(StrEnum):
    """What an audit looks for."""

    GAP = "gap"
    ZERO_RUN = "zero_run"
    STUCK = "stuck"
    LEVEL_BREAK = "level_break"


@dataclass(frozen=True)
class Finding:
    """One oddity of one series.

    Attributes:
        key: the series.
        kind: what it is.
        start: the first bucket of the run, or of the new level.
        buckets: how long the run is, or how many buckets each level was taken over.
        detail: the same in words, with values.
    """

    key: SeriesKey
    kind: FindingKind
    start: pd.Timestamp
    buckets: int
    detail: str


def audit(panel: Panel) -> tuple[Finding, ...]:
    """Everything odd about a panel, by series in its order and then by time.

    A series is looked at from its first to its last observation. Runs are odd that are longer than is usual for the
    series; a level break is a jump between the medians of adjacent windows that stands out from all others.
    """
    findings = []
    for row, values in enumerate(panel.values):
        known = np.flatnonzero(~np.isnan(values))
        if len(known):
            series = _Series(panel, row, int(known[0]), values[known[0] : known[-1] + 1])
            found = [*_gaps(series), *_zero_runs(series), *_stuck_values(series), *_level_breaks(series)]
            findings += sorted(found, key=lambda finding: finding.start)
    return tuple(findings)


@dataclass(frozen=True)
class _Series:
    panel: Panel
    row: int
    offset: int
    values: FloatArray

    def finding(self, kind: FindingKind, first: int, buckets: int, detail: str) -> Finding:
        return Finding(self.panel.keys[self.row], kind, self.panel.index[self.offset + first], buckets, detail)

    @property
    def unit(self) -> str:
        return self.panel.units[self.row].replace("_", " ")

    @property
    def bucket(self) -> str:
        return str(self.panel.granularity)


def _gaps(series: _Series) -> Iterator[Finding]:
    for first, length in _runs(np.isnan(series.values)):
        detail = f"{length} {series.bucket}s in a row are missing" if length > 1 else f"one {series.bucket} is missing"
        yield series.finding(FindingKind.GAP, first, length, detail)


def _zero_runs(series: _Series) -> Iterator[Finding]:
    """Runs of zeros after the first demand; before it, the series had not begun."""
    runs = [run for run in _runs(series.values == 0) if run[0] > 0]
    for first, length in _unusual(runs, LONG_RUN[series.panel.granularity], times=2):
        yield series.finding(FindingKind.ZERO_RUN, first, length, f"{length} {series.bucket}s in a row are zero")


def _stuck_values(series: _Series) -> Iterator[Finding]:
    values = series.values
    changes = np.flatnonzero(np.diff(values) != 0) + 1
    runs = [(first, stop - first) for first, stop in pairwise([0, *changes.tolist(), len(values)])]
    if len(runs) == 1:
        return  # A series that never moves has nothing to compare with.
    runs = [(first, length) for first, length in runs if values[first] > 0]
    for first, length in _unusual(runs, LONG_STUCK[series.panel.granularity], times=4):
        detail = f"{length} {series.bucket}s in a row are exactly {values[first]:g} {series.unit}"
        yield series.finding(FindingKind.STUCK, first, length, detail)


def _level_breaks(series: _Series) -> Iterator[Finding]:
    window = WINDOW[series.panel.granularity]
    longest_season = series.panel.granularity.rhythm.seasons[-1]
    if len(series.values) < max(WINDOWS_NEEDED * window, SEASONS_NEEDED * longest_season):
        return
    medians = pd.Series(series.values).rolling(window, min_periods=window // 2).median().to_numpy()
    before, after = medians[window - 1 : -window], medians[2 * window - 1 :]
    jumps = after - before
    floor = _smallest_jump(series, before, after)
    for peak in _peaks(np.abs(jumps), window):
        elsewhere = np.delete(jumps, slice(max(peak - window, 0), peak + window + 1))
        usual = np.nanmedian(elsewhere) if len(elsewhere) >= window else 0.0
        spread = _spread(elsewhere - usual) if len(elsewhere) >= window else 0.0
        if abs(jumps[peak] - usual) > max(BREAK_SCORE * spread, floor[peak]):
            verb = "rises" if jumps[peak] > 0 else "falls"
            levels = f"from {before[peak]:.4g} to {after[peak]:.4g} {series.unit}"
            detail = f"the median of {window} {series.bucket}s {verb} {levels}"
            yield series.finding(FindingKind.LEVEL_BREAK, peak + window, window, detail)


def _smallest_jump(series: _Series, before: FloatArray, after: FloatArray) -> FloatArray:
    """Jumps that are worth telling: beyond the noise around the seasons, and a sixth of the larger level."""
    season = series.panel.granularity.rhythm.naive_season
    noise = _spread(series.values[season:] - series.values[:-season]) / np.sqrt(2)
    return np.asarray(np.maximum(noise, np.maximum(before, after) / 6))


def _peaks(heights: FloatArray, window: int) -> Iterator[int]:
    """Positions of the largest heights, highest first, each more than a window away from the ones before."""
    left = np.where(np.isnan(heights), -np.inf, heights)
    while left[peak := int(left.argmax())] > 0:
        yield peak
        left[max(peak - window, 0) : peak + window + 1] = -np.inf


def _spread(values: FloatArray) -> float:
    """The standard deviation as far as the middle half tells it."""
    known = values[~np.isnan(values)]
    return float(_MAD_TO_SIGMA * np.median(np.abs(known - np.median(known)))) if len(known) else 0.0


def _unusual(runs: list[tuple[int, int]], shortest: int, times: float) -> Iterator[tuple[int, int]]:
    """Runs of at least `shortest` that are more than so many times as long as nine in ten of the other runs."""
    lengths = np.array([length for _, length in runs])
    for position, (first, length) in enumerate(runs):
        if length >= shortest:
            others = np.delete(lengths, position)
            if not len(others) or length > times * np.quantile(others, 0.9):
                yield first, length


def _runs(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First position and length of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(first), int(stop - first)) for first, stop in edges.reshape(-1, 2)]
