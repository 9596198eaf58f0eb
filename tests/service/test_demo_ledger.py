import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.history import Panel
from demand.series import SeriesKey, Workload
from planning.ledger import Block, Commitment, check_ledger
from service.demo_ledger import simulated_ledger, simulated_pools

NOW = pd.Timestamp("2026-03-01", tz="UTC")


@pytest.fixture
def fleet() -> Panel:
    keys = (
        SeriesKey(region="eu", accelerator="H100", workload=Workload.TRAINING),
        SeriesKey(region="eu", accelerator="H100", workload=Workload.INFERENCE),
        SeriesKey(region="us", accelerator="B200", workload=Workload.INFERENCE),
    )
    values = np.full((3, 400), np.array([[600.0], [400.0], [80.0]]))
    values[2, :-20] = np.nan
    return Panel(keys, ("accelerators",) * 3, Granularity.HOUR, NOW, values)


def level(blocks: tuple[Block, ...], region: str, counted: Commitment) -> float:
    return sum(block.quantity for block in blocks if block.region == region and counted.counts(block))


def test_supply_is_in_proportion_to_demand_at_every_degree_of_commitment(fleet: Panel) -> None:
    blocks = simulated_ledger(fleet, NOW)
    check_ledger(blocks)
    assert [level(blocks, "eu", counted) for counted in Commitment] == [1104, 1408, 2208]
    assert [level(blocks, "us", counted) for counted in Commitment] == [88, 112, 176]


def test_what_is_not_live_can_still_be_decided(fleet: Panel) -> None:
    for block in simulated_ledger(fleet, NOW):
        assert bool(block.ways_out) is (block.online > NOW)
        assert all(way.until > NOW for way in block.ways_out)


def test_pools_have_prices(fleet: Panel) -> None:
    pools = simulated_pools(fleet)
    assert [pool.name for pool in pools.pools] == ["eu H100", "us B200"]
    assert set(pools.cost_idle) == {"eu H100", "us B200"}
    assert all(each.cost_short > pools.cost_idle[each.home] for each in pools.classes)
