"""What waited beside what was in use."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from sqlalchemy import Connection, select

from demand.calendar import number
from demand.errors import Invalid
from demand.history import FloatArray, Panel, panel_from_long
from demand.series import DIMENSIONS, SeriesKey, Workload
from demand.tidy import Batch
from service.store.bulk import read_columns
from service.store.ids import among
from service.store.instants import from_hours, to_hour, to_hours
from service.store.series import SeriesRepository, StoredSeries
from service.store.tables import QUEUE
from service.store.upserts import upsert


class QueueRepository:
    """Queues of the stored series."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, batches: Iterable[Batch]) -> int:
        """Store rows, each the average queue of one bucket of a stored series; a row for the same bucket replaces it.

        Returns:
            How many rows were stored.

        Raises:
            Invalid: a row is refused, or its series is not stored with its unit.
        """
        count = 0
        for batch in batches:
            _check(batch)
            for labels, part in batch.rows.groupby([*DIMENSIONS, "unit"], sort=False):
                series = self._series(tuple(map(str, labels)), int(part["line"].iloc[0]))
                hours = to_hours(pd.DatetimeIndex(part["timestamp"])).tolist()
                newest = dict(zip(hours, part["value"].tolist(), strict=True))
                rows = [{"series_id": series.id, "hour": hour, "value": value} for hour, value in newest.items()]
                upsert(self._connection, QUEUE, rows)
                count += len(rows)
        return count

    def aligned(self, series_ids: Sequence[int], panel: Panel) -> FloatArray:
        """What queued in each bucket of a panel of these series, NaN where nobody counted.

        A bucket that is wider than those of its series is known where at least half of it is.
        """
        queued = np.full(panel.values.shape, np.nan)
        for row, series in enumerate(SeriesRepository(self._connection).get_all(series_ids)):
            self._fill(queued[row], series, panel)
        return queued

    def _fill(self, row: FloatArray, series: StoredSeries, panel: Panel) -> None:
        mine = among(QUEUE.c.series_id, [series.id], self._connection.dialect)
        inside = mine, QUEUE.c.hour >= to_hour(panel.start), QUEUE.c.hour < to_hour(panel.end)
        statement = select(QUEUE.c.series_id, QUEUE.c.hour, QUEUE.c.value).where(*inside)
        _, hours, values = read_columns(self._connection, statement, ("i4", "i4", "f8"))
        if not len(hours):
            return
        places = np.zeros(len(hours), dtype=np.int64)
        own = panel_from_long([series.key], [series.unit], series.granularity, (places, from_hours(hours), values))
        # Buckets that the queue covers only at either end of its record are left out by `coarser`; nobody counted them.
        whole = own.coarser(panel.granularity)
        first = number(whole.start, panel.granularity) - number(panel.start, panel.granularity)
        row[first : first + whole.n_steps] = whole.values[0]

    def _series(self, labels: tuple[str, ...], line: int) -> StoredSeries:
        provider, region, accelerator, workload, stage, tenant, unit = labels
        key = SeriesKey(provider, region, accelerator, Workload(workload), stage, tenant)
        found = SeriesRepository(self._connection).by_key([key]).get(key)
        if found is None or found.unit != unit:
            raise Invalid(
                f"line {line}: no series {key} in {unit} is stored, so nothing can queue for it; send what was in use "
                "with POST /v1/observations first, and list what is stored with GET /v1/series"
            )
        return found


def _check(batch: Batch) -> None:
    if batch.rejected:
        first = batch.rejections[0]
        raise Invalid(
            f"{batch.rejected:,} rows cannot be used, the first in line {first.line}: {first.column} {first.value!r} "
            f"{first.reason}; nothing was stored"
        )
