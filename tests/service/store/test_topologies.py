from datetime import datetime, timedelta

import pytest

from demand.errors import Invalid
from demand.series import Workload
from planning.pools import DemandClass, Pool, Topology
from service.store.capacity_blocks import Signature
from service.store.engine import Store
from service.store.topologies import (
    OutdatedTopology,
    TopologyNotFound,
    TopologyRepository,
    to_topology,
    topology_document,
)

POOLS = (Pool("eu", ("eu-west", "eu-north"), ("H100",)), Pool("us", ("us-east",), (), 2.25))
CLASSES = (
    DemandClass("training", "eu", Workload.TRAINING, priority=0, cost_short=4.5),
    DemandClass("inference", "us", Workload.INFERENCE, ("eu",), 1, 9.0),
)
TOPOLOGY = Topology(POOLS, CLASSES, {"eu": 1.5}, "accelerators")
OTHER = Topology(POOLS, CLASSES, {"eu": 2.0})
ANNA = Signature("anna", "the planning round")


def test_pools_come_back_as_they_were_and_every_version_is_kept(store: Store) -> None:
    with store.read() as unit:
        assert unit.topologies.newest() is None
    for number, topology in enumerate((TOPOLOGY, OTHER, TOPOLOGY), start=1):
        with store.begin() as unit:
            assert unit.topologies.replace(topology, ANNA).version == number
    with store.read() as unit:
        newest = unit.topologies.newest()
        assert newest == unit.topologies.get(3)
        assert [unit.topologies.get(number).topology for number in (1, 2, 3)] == [TOPOLOGY, OTHER, TOPOLOGY]
        assert unit.topologies.get(1).signature == ANNA
        with pytest.raises(TopologyNotFound, match="no version 4"):
            unit.topologies.get(4)


def test_storing_what_is_in_force_makes_no_version(store: Store) -> None:
    for _ in range(2):
        with store.begin() as unit:
            assert unit.topologies.replace(TOPOLOGY, ANNA).version == 1


def test_a_change_of_what_has_changed_since_is_refused(store: Store) -> None:
    with store.begin() as unit:
        unit.topologies.replace(TOPOLOGY, ANNA, expected_version=0)
    with pytest.raises(OutdatedTopology, match="version 1 and not 0"), store.begin() as unit:
        unit.topologies.replace(OTHER, ANNA, expected_version=0)


def test_the_pools_of_an_instant_are_those_that_were_in_force(sqlite_store: Store, noon: datetime) -> None:
    hours = iter(range(2))
    with sqlite_store.begin() as unit:
        ticking = TopologyRepository(unit.topologies._connection, lambda: noon + timedelta(hours=next(hours)))
        first, second = ticking.replace(TOPOLOGY, ANNA), ticking.replace(OTHER, ANNA)
        assert unit.topologies.newest(as_of=noon - timedelta(minutes=1)) is None
        assert unit.topologies.newest(as_of=noon) == first
        assert unit.topologies.newest(as_of=noon + timedelta(hours=1)) == second


def test_the_document_of_pools_tells_all_of_them() -> None:
    assert to_topology(topology_document(TOPOLOGY)) == TOPOLOGY


@pytest.mark.parametrize(
    ("topology", "told"),
    [
        (Topology(POOLS, CLASSES, {"mars": 1.0}), "'mars', which is no pool; there are eu, us"),
        (Topology(POOLS, CLASSES, {"eu": -1.0}), "'eu' has a cost of -1"),
        (Topology(POOLS, (*CLASSES, CLASSES[0])), "two classes 'training'"),
    ],
)
def test_what_pools_do_not_tell_alone_is_refused(store: Store, topology: Topology, told: str) -> None:
    with pytest.raises(Invalid, match=told), store.begin() as unit:
        unit.topologies.replace(topology, ANNA)
