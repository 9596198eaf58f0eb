import pytest

from demand.errors import Invalid
from demand.series import SeriesKey, Workload
from planning.pools import DemandClass, Pool, Topology, default_topology

EU, US = Pool("eu", ("eu",)), Pool("us", ("us",), ("H100",))


def test_a_pool_holds_what_its_region_and_group_name() -> None:
    assert EU.holds("eu", "anything")
    assert not US.holds("us", "A100")
    topology = Topology((EU, US), (DemandClass("x", "eu", Workload.INFERENCE, ("us",)),))
    assert topology.pool_of("us", "H100") == 1
    assert topology.pool_of("asia", "H100") is None


def test_training_does_not_move() -> None:
    with pytest.raises(Invalid, match="one coupled site"):
        DemandClass("x", "eu", Workload.TRAINING, ("us",))


@pytest.mark.parametrize(
    ("pools", "home", "words"),
    [((EU, EU), "eu", "same name"), ((EU,), "us", "no pool; there are eu"), ((EU, US), "eu", "'us' serves nothing")],
)
def test_what_does_not_go_together_is_refused(pools: tuple[Pool, ...], home: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        Topology(pools, (DemandClass("x", home, Workload.INFERENCE),))


def test_rates_and_costs_are_checked() -> None:
    with pytest.raises(Invalid, match="serves nothing"):
        Pool("eu", rate=0)
    with pytest.raises(Invalid, match="cost of -1"):
        DemandClass("x", "eu", Workload.INFERENCE, cost_short=-1)


def test_by_default_every_place_is_a_pool_and_training_comes_first() -> None:
    keys = [
        SeriesKey(region="eu", accelerator="H100", workload=Workload.INFERENCE, tenant="a"),
        SeriesKey(region="eu", accelerator="H100", workload=Workload.INFERENCE, tenant="b"),
        SeriesKey(region="eu", accelerator="H100", workload=Workload.TRAINING),
    ]
    topology = default_topology(keys, [("us", "A100")])
    assert [pool.name for pool in topology.pools] == ["eu H100", "us A100"]
    assert [each.name for each in topology.classes] == [
        *("eu H100 training", "eu H100 inference", "us A100 unattributed"),
    ]
    assert topology.classes[0].priority < topology.classes[1].priority


def test_pools_can_be_told_apart_by_less() -> None:
    keys = [
        SeriesKey(region=region, accelerator=accelerator, workload=Workload.INFERENCE)
        for region in ("eu", "us")
        for accelerator in ("A100", "H100")
    ]
    by_region = default_topology(keys, [("asia", "H100")], ("region",))
    assert [pool.name for pool in by_region.pools] == ["asia", "eu", "us"]
    assert by_region.pool_of("eu", "B200") == 1
    assert [each.name for each in by_region.classes] == ["eu inference", "us inference", "asia unattributed"]
    whole = default_topology(keys, (), ())
    assert [pool.name for pool in whole.pools] == ["everything"]
    assert whole.pool_of("asia", "B200") == 0
