"""How limits and queues are brought in."""

from collections.abc import Iterable

from demand.calendar import Granularity
from demand.limits import Limit, check_against_use
from demand.tidy import Batch
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


def add_queues(store: Store, batches: Iterable[Batch]) -> int:
    """Store what queued, all rows or none, and return how many.

    Raises:
        Invalid: a row is refused, or belongs to no stored series.
    """
    with store.begin() as unit:
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
