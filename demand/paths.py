"""Demand ahead as joint sample paths: the one currency of everything downstream of the models."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from demand.calendar import Granularity, buckets, check_coarser, floor, previous
from demand.errors import Invalid
from demand.history import FloatArray


@dataclass(frozen=True)
class DemandPaths:
    """Joint draws of future demand; path i of one series belongs to path i of every other.

    Attributes:
        labels: what each series stands for, such as a `SeriesKey` or a group of them.
        granularity: the width of a bucket.
        start: the start of the first bucket, UTC.
        values: non-negative levels, shape (n_series, n_paths, n_steps).
    """

    labels: tuple[Hashable, ...]
    granularity: Granularity
    start: pd.Timestamp
    values: FloatArray

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or len(self.labels) != len(self.values):
            raise Invalid(f"{len(self.labels)} labels do not fit paths of shape {self.values.shape}")
        if not ((self.values >= 0) & (self.values < np.inf)).all():
            raise Invalid("demand paths must be finite and never below zero")

    @property
    def index(self) -> pd.DatetimeIndex:
        """The starts of all buckets."""
        return buckets(self.start, self.values.shape[2], self.granularity)

    def mean(self) -> FloatArray:
        """The expected level, shape (n_series, n_steps)."""
        return np.asarray(self.values.mean(axis=1))

    def quantiles(self, levels: Sequence[float]) -> FloatArray:
        """Quantiles over the paths, shape (n_series, n_steps, n_levels)."""
        return np.moveaxis(np.quantile(self.values, list(levels), axis=1, method="hazen"), 0, -1)

    def sums(self, groups: Sequence[Hashable]) -> "DemandPaths":
        """Sums path by path of the series that share a group label, one label per series, in order of appearance."""
        labels = tuple(dict.fromkeys(groups))
        position = {label: row for row, label in enumerate(labels)}
        totals = np.zeros((len(labels), *self.values.shape[1:]))
        np.add.at(totals, [position[group] for group in groups], self.values)
        return replace(self, labels=labels, values=totals)

    def coarser(self, granularity: Granularity) -> "DemandPaths":
        """Averages path by path over the coarser buckets that are covered in whole.

        Raises:
            Invalid: no coarser bucket is, or the granularity is finer than that of the paths.
        """
        if granularity is self.granularity:
            return self
        check_coarser(self.granularity, granularity)
        columns = floor(self.index, granularity)
        end = buckets(self.start, self.values.shape[2] + 1, self.granularity)[-1]
        before, after = floor(pd.DatetimeIndex([previous(self.start, self.granularity), end]), granularity)
        whole = columns.unique()
        whole = whole[(whole != before) & (whole != after)]
        if not len(whole):
            raise Invalid(f"the paths cover no whole {granularity}; ask for a longer horizon")
        means = [self.values[:, :, np.asarray(columns == start)].mean(axis=2) for start in whole]
        return replace(self, granularity=granularity, start=whole[0], values=np.stack(means, axis=2))
