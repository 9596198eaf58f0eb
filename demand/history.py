"""Past demand of many series on one regular grid."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from demand.calendar import Granularity, buckets, check_coarser, floor, previous, step_of
from demand.errors import Invalid
from demand.series import SeriesKey

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Panel:
    """Many series on one grid.

    Attributes:
        keys: the identity of each series.
        units: the unit of each series.
        granularity: the width of a bucket.
        start: the start of the first bucket, UTC.
        values: the average level in each bucket, shape (n_series, n_steps); NaN where nothing is known.
        caps: what each series will not grow beyond, shape (n_series,), NaN where that is not known; None where it is
            known of no series.
    """

    keys: tuple[SeriesKey, ...]
    units: tuple[str, ...]
    granularity: Granularity
    start: pd.Timestamp
    values: FloatArray
    caps: FloatArray | None = None

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or not len(self.keys) == len(self.units) == len(self.values):
            raise Invalid(
                f"a panel of {len(self.keys)} keys and {len(self.units)} units cannot hold values of shape "
                f"{self.values.shape}; give one row of values, one key and one unit per series"
            )
        if self.caps is not None and self.caps.shape != (len(self.keys),):
            raise Invalid(
                f"a panel of {len(self.keys)} series cannot have caps of shape {self.caps.shape}; give one per series, "
                "NaN where none is known"
            )

    @property
    def n_series(self) -> int:
        """How many series there are."""
        return len(self.keys)

    @property
    def n_steps(self) -> int:
        """How many buckets the grid has."""
        return int(self.values.shape[1])

    @property
    def index(self) -> pd.DatetimeIndex:
        """The starts of all buckets."""
        return buckets(self.start, self.n_steps, self.granularity)

    @property
    def end(self) -> pd.Timestamp:
        """The start of the first bucket after the grid: where a forecast begins."""
        return buckets(self.start, self.n_steps + 1, self.granularity)[-1]

    def between(self, first: int, stop: int) -> "Panel":
        """The buckets from position `first` up to, not including, `stop`, both counted from the start."""
        first = max(first, 0)
        start = buckets(self.start, first + 1, self.granularity)[-1]
        return replace(self, start=start, values=self.values[:, first:stop])

    def last(self, steps: int) -> "Panel":
        """At most the last `steps` buckets."""
        return self.between(self.n_steps - steps, self.n_steps)

    def select(self, rows: Sequence[int]) -> "Panel":
        """The series at these positions, in this order."""
        return replace(
            self,
            keys=tuple(self.keys[row] for row in rows),
            units=tuple(self.units[row] for row in rows),
            values=self.values[list(rows)],
            caps=None if self.caps is None else self.caps[list(rows)],
        )

    def coarser(self, granularity: Granularity) -> "Panel":
        """Averages over coarser buckets.

        A coarse bucket is known where at least half of its finer buckets are, and a finer one belongs to the coarse
        bucket that it starts in. Buckets that the grid covers only in part, at either end, are left out.

        Raises:
            Invalid: the granularity is finer than that of the panel.
        """
        if granularity is self.granularity:
            return self
        check_coarser(self.granularity, granularity)
        columns = floor(self.index, granularity)
        before, after = floor(pd.DatetimeIndex([previous(self.start, self.granularity), self.end]), granularity)
        whole = columns.unique()
        whole = whole[(whole != before) & (whole != after)]
        frame = pd.DataFrame(self.values.T, index=columns)
        grouped = frame.groupby(level=0)
        share = grouped.count().div(grouped.size(), axis=0)
        means = grouped.mean().where(share >= 0.5).reindex(whole)
        start = whole[0] if len(whole) else floor(pd.DatetimeIndex([self.end]), granularity)[0]
        return replace(self, granularity=granularity, start=start, values=means.to_numpy().T.copy())


def panel_from_long(
    keys: Sequence[SeriesKey],
    units: Sequence[str],
    granularity: Granularity,
    observations: tuple[npt.NDArray[np.int64], pd.DatetimeIndex, FloatArray],
) -> Panel:
    """A panel from observations in long form.

    Args:
        keys: the identity of each series.
        units: the unit of each series.
        granularity: the width of a bucket.
        observations: row (position in `keys`), timestamp and value of each observation; timestamps on one grid.

    Raises:
        Invalid: there is no observation, or the timestamps do not share one grid.
    """
    rows, timestamps, values = observations
    if not len(timestamps):
        raise Invalid("there is no observation to build a history from; ingest some first")
    start = timestamps.min()
    steps = step_of(timestamps, start, granularity)
    grid = buckets(start, int(steps.max()) + 1, granularity)
    off = np.flatnonzero(np.asarray(grid[steps] != timestamps))
    if len(off):
        raise Invalid(
            f"timestamp {timestamps[off[0]].isoformat()} is off the {granularity} grid that starts at "
            f"{start.isoformat()}; series of one panel must share their bucket starts"
        )
    table = np.full((len(keys), len(grid)), np.nan)
    table[rows, steps] = values
    return Panel(tuple(keys), tuple(units), granularity, start, table)
