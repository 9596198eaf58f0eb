"""History that comes in a file, held in memory for forecasts of which nothing is stored."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from demand.calendar import Granularity, buckets, number
from demand.history import Panel, panel_from_long
from demand.series import SeriesKey
from training.ports import Extent, Partition


@dataclass(frozen=True)
class History:
    """Observations held in memory, one entry per series and in the same order; fulfils `HistorySource`."""

    keys: tuple[SeriesKey, ...]
    units: tuple[str, ...]
    granularities: tuple[Granularity, ...]
    observations: tuple["pd.Series[float]", ...]

    def extents(self) -> dict[int, Extent]:
        """How far each series reaches, by its position."""
        return {
            row: Extent(self.granularities[row], known.index[0], known.index[-1], len(known))
            for row, known in enumerate(self.observations)
        }

    def panel(self, partition: Partition, context: int) -> Panel:
        """The last `context` buckets up to the cut-off, one row per series of the partition."""
        after = buckets(partition.cut_off, 2, partition.granularity)[-1]
        known = [self._row(row, partition.granularity, after) for row in partition.series_ids]
        start = min((part.index[0] for part in known if len(part)), default=partition.cut_off)
        steps = number(after, partition.granularity) - number(start, partition.granularity)
        index = buckets(start, steps, partition.granularity)
        return Panel(
            tuple(self.keys[row] for row in partition.series_ids),
            tuple(self.units[row] for row in partition.series_ids),
            partition.granularity,
            start,
            np.stack([part.reindex(index).to_numpy(dtype=np.float64) for part in known]),
        ).last(context)

    def _row(self, row: int, granularity: Granularity, stop: pd.Timestamp) -> "pd.Series[float]":
        known = self.observations[row]
        if self.granularities[row] is not granularity:
            values = np.asarray(known, dtype=np.float64)
            observed = np.zeros(len(known), dtype=np.int64), pd.DatetimeIndex(known.index), values
            fine = panel_from_long([self.keys[row]], [self.units[row]], self.granularities[row], observed)
            coarse = fine.coarser(granularity)
            known = pd.Series(coarse.values[0], index=coarse.index).dropna()
        return known[known.index < stop]
