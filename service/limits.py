"""How limits and queues are brought in."""

from contextlib import closing
from typing import BinaryIO

import pandas as pd

from demand.calendar import Granularity
from demand.limits import Limit, check_against_use
from service.connectors.files import Format, read_batches
from service.ingestion import LARGEST_UPLOAD_BYTES
from service.store.engine import Store
from service.store.limits import StoredLimit
from service.store.unit_of_work import UnitOfWork


def add_limit(store: Store, limit: Limit) -> StoredLimit:
    """Store a limit.

    Raises:
        Invalid: it lies below what its series have in use now.
    """
    with store.begin() as unit:
        _check(unit, limit)
        return unit.limits.create(limit)


def remove_limit(store: Store, limit_id: int) -> StoredLimit:
    """Forget a limit, and return what it was.

    Raises:
        LimitNotFound: there is none of this id.
    """
    with store.begin() as unit:
        return unit.limits.remove(limit_id)


def add_queues(store: Store, source: BinaryIO, form: Format) -> int:
    """Store what queued, all rows of a file or none, and return how many.

    Args:
        store: where to.
        source: tidy rows whose value is the average queue.
        form: the format of the file.

    Raises:
        Invalid: a row is refused, or belongs to no stored series.
        TooLarge: the file is compressed and unpacks to too much.
    """
    now = pd.Timestamp(store.now())
    batches = read_batches(source, form, now=now, largest_bytes=LARGEST_UPLOAD_BYTES)
    with closing(batches), store.begin() as unit:
        return unit.queues.save(batches)


def _check(unit: UnitOfWork, limit: Limit) -> None:
    found = [series for series in unit.series.find(limit.selection) if series.unit == limit.unit]
    known = unit.observations.extents([series.id for series in found])
    for granularity in Granularity:
        ids = [series.id for series in found if series.granularity is granularity and series.id in known]
        if not ids:
            continue
        newest = max(known[series_id].last for series_id in ids)
        current = [series_id for series_id in ids if known[series_id].last == newest]
        check_against_use(limit, unit.observations.panel(current, granularity, as_of=None, last=1))
