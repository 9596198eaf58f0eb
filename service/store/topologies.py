"""The stored versions of pools and classes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from demand.errors import Conflict, Invalid, NotFound
from demand.series import Workload
from planning.pools import DemandClass, Pool, Topology
from service.store.capacity_blocks import Signature
from service.store.capacity_tables import CAPACITY_TOPOLOGY
from service.store.instants import from_micros, to_micros
from service.store.locks import CAPACITY_LOCK, take_lock


@dataclass(frozen=True)
class StoredTopology:
    """Pools and classes of the store.

    Attributes:
        topology: what they are.
        version: from 1.
        changed_at: when this version was stored.
        signature: by whom and why.
    """

    topology: Topology
    version: int
    changed_at: datetime
    signature: Signature


class TopologyNotFound(NotFound):
    """The pools never had this version."""

    def __init__(self, version: int) -> None:
        super().__init__(f"pools have no version {version}; read the newest with GET /v1/pools")


class OutdatedTopology(Conflict):
    """The pools have changed since they were read by who changes them now."""

    def __init__(self, present: int, expected: int) -> None:
        super().__init__(
            f"the pools have version {present} and not {expected} any more: somebody changed them; read them again and "
            "repeat your change on what they are now"
        )


class TopologyRepository:
    """Pools and classes: every version that was stored."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime]) -> None:
        self._connection = connection
        self._clock = clock

    def newest(self, *, as_of: datetime | None = None) -> StoredTopology | None:
        """The version in force, now or at an instant; None if none was stored by then."""
        statement = select(CAPACITY_TOPOLOGY).order_by(CAPACITY_TOPOLOGY.c.version.desc()).limit(1)
        if as_of is not None:
            statement = statement.where(CAPACITY_TOPOLOGY.c.changed_at <= to_micros(as_of))
        row = self._connection.execute(statement).one_or_none()
        return None if row is None else _stored(row)

    def get(self, version: int) -> StoredTopology:
        """One version.

        Raises:
            TopologyNotFound: there is none.
        """
        statement = select(CAPACITY_TOPOLOGY).where(CAPACITY_TOPOLOGY.c.version == version)
        row = self._connection.execute(statement).one_or_none()
        if row is None:
            raise TopologyNotFound(version)
        return _stored(row)

    def replace(
        self, topology: Topology, signature: Signature, *, expected_version: int | None = None
    ) -> StoredTopology:
        """Store a new version; what is in force already stays as it is.

        Args:
            topology: what is to be in force.
            signature: who wants it, and why.
            expected_version: that it replaces, 0 for none; any if not given.

        Raises:
            OutdatedTopology: another version is in force.
            Invalid: a cost is negative or of no pool, or there are two classes of a name.
        """
        check_topology(topology)
        take_lock(self._connection, CAPACITY_LOCK)
        present = self.newest()
        version = 0 if present is None else present.version
        if expected_version is not None and expected_version != version:
            raise OutdatedTopology(version, expected_version)
        if present is not None and present.topology == topology:
            return present
        newest = self._connection.execute(select(func.max(CAPACITY_TOPOLOGY.c.changed_at))).scalar_one()
        now = to_micros(self._clock())
        row = {
            "version": version + 1,
            "document": topology_document(topology),
            "changed_at": now if newest is None else max(now, newest + 1),
            "changed_by": signature.by,
            "note": signature.note,
        }
        self._connection.execute(insert(CAPACITY_TOPOLOGY).values(row))
        return self.get(version + 1)


def check_topology(topology: Topology) -> None:
    """Refuse what the pools and classes alone do not tell.

    Raises:
        Invalid: a cost is negative or of no pool, or there are two classes of a name.
    """
    names = [each.name for each in topology.classes]
    if twice := [name for name in names if names.count(name) > 1]:
        raise Invalid(f"there are two classes {twice[0]!r}; classes are told apart by their names")
    pools = {pool.name for pool in topology.pools}
    for name, cost in topology.cost_idle.items():
        if name not in pools:
            raise Invalid(
                f"there is a cost of idling for {name!r}, which is no pool; there are {', '.join(sorted(pools))}"
            )
        if cost < 0:
            raise Invalid(f"pool {name!r} has a cost of {cost:g} when it idles; give one above zero")


def topology_document(topology: Topology) -> dict[str, Any]:
    """Pools and classes as JSON."""
    return {
        "pools": [
            {
                "name": pool.name,
                "regions": list(pool.regions),
                "accelerators": list(pool.accelerators),
                "rate": float(pool.rate),
            }
            for pool in topology.pools
        ],
        "classes": [
            {
                "name": each.name,
                "home": each.home,
                "workload": each.workload.value,
                "elsewhere": list(each.elsewhere),
                "priority": each.priority,
                "cost_short": float(each.cost_short),
            }
            for each in topology.classes
        ],
        "cost_idle": dict(topology.cost_idle),
        "unit": topology.unit,
    }


def to_topology(document: Mapping[str, Any]) -> Topology:
    """The pools and classes that a document describes.

    Raises:
        Invalid: they make no sense.
    """
    return Topology(
        tuple(
            Pool(each["name"], tuple(each["regions"]), tuple(each["accelerators"]), each["rate"])
            for each in document["pools"]
        ),
        tuple(
            DemandClass(
                each["name"],
                each["home"],
                Workload(each["workload"]),
                tuple(each["elsewhere"]),
                each["priority"],
                each["cost_short"],
            )
            for each in document["classes"]
        ),
        dict(document["cost_idle"]),
        document["unit"],
    )


def _stored(row: Row[Any]) -> StoredTopology:
    signature = Signature(row.changed_by, row.note)
    return StoredTopology(to_topology(row.document), row.version, from_micros(row.changed_at), signature)
