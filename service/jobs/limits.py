"""What the store knows of limits and queues, as the pipeline sees it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from demand.calendar import Granularity, number
from demand.history import Panel
from demand.limits import Limit, is_full, is_over, members
from demand.saturation import saturation
from service.jobs.ports import ending_at
from service.store.engine import Store
from service.store.series import StoredSeries
from service.store.unit_of_work import UnitOfWork
from training.ports import Bounds, Partition


@dataclass(frozen=True)
class StoredLimits:
    """Limits and queues as they are stored now, over history as it was when the run began; fulfils `LimitSource`."""

    store: Store
    as_of: datetime | None

    def bounds(self, partition: Partition, panel: Panel) -> Bounds:
        """What held down the history of a partition.

        Series that share a limit with those of the partition are read too, wherever they are trained themselves.
        """
        with self.store.read() as unit:
            known = replace(Bounds.none(panel), queued=unit.queues.aligned(partition.series_ids, panel))
            limits = [stored.limit for stored in unit.limits.find()]
            limits = [limit for limit in limits if len(members(limit, panel.keys, panel.units))]
            if not limits:
                return known
            company = self._with_company(unit, partition, panel, limits)
        own = slice(0, panel.n_series)
        limited = np.zeros(panel.n_series, dtype=bool)
        for limit in limits:
            limited[members(limit, panel.keys, panel.units)] |= limit.holds_use_down
        return replace(
            known,
            limited=limited,
            full=is_full(company, limits)[own],
            over=is_over(company, limits)[own],
            saturation=saturation(company, limits).first(panel.n_series),
        )

    def _with_company(self, unit: UnitOfWork, partition: Partition, panel: Panel, limits: Sequence[Limit]) -> Panel:
        """The panel, followed by the other series that share its limits."""
        others = {
            each.id: each
            for limit in limits
            for each in unit.series.find(limit.selection)
            if each.id not in partition.series_ids and can_join(each, limit, panel.granularity)
        }
        if not others:
            return panel
        ids = [*partition.series_ids, *others]
        reach = panel.n_steps + self._further(unit, list(others), partition)
        wide = unit.observations.panel(ids, panel.granularity, as_of=self.as_of, last=reach)
        wide = ending_at(wide, partition.cut_off, panel.n_steps)
        lacking = panel.n_steps - wide.n_steps
        theirs = np.pad(wide.values[panel.n_series :], ((0, 0), (lacking, 0)), constant_values=np.nan)
        values = np.concatenate([panel.values, theirs])
        return replace(panel, keys=wide.keys, units=wide.units, values=values)

    def _further(self, unit: UnitOfWork, series_ids: Sequence[int], partition: Partition) -> int:
        """How many buckets some series reach beyond the cut-off."""
        extents = unit.observations.extents(series_ids, as_of=self.as_of)
        newest = max((number(extent.last, partition.granularity) for extent in extents.values()), default=0)
        return max(newest - number(partition.cut_off, partition.granularity), 0)


def can_join(series: StoredSeries, limit: Limit, granularity: Granularity) -> bool:
    """Whether the use of a series can be added up with that of others that share a limit, bucket by bucket."""
    if granularity is Granularity.WEEK and series.granularity is Granularity.WEEK:
        return False  # its weeks may start on another weekday
    order = list(Granularity).index
    return series.unit == limit.unit and order(series.granularity) <= order(granularity)
