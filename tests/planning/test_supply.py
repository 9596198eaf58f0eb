from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from demand.calendar import Granularity, buckets
from demand.errors import Invalid
from demand.series import Workload
from planning.estimates import Estimate
from planning.ledger import MEGAWATTS, Block, Commitment, Phase
from planning.pools import DemandClass, Pool, Topology
from planning.scenarios.supply_edits import BlockEdit, Cut, RegionCap, SupplyEdits
from planning.states import CommitmentState
from planning.supply import Sampling, SupplyPaths, online_days, online_share, supply_paths

TOPOLOGY = Topology((Pool("eu", ("eu",)),), (DemandClass("all", "eu", Workload.INFERENCE),))
OUTER = stats.norm.ppf(0.9)


def day(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


EDGES = buckets(day("2027-01-01"), 13, Granularity.MONTH)
BLOCK = Block("hall 1", 1000, day("2027-05-01"), "acme", "eu", "H100", state=CommitmentState.PENDING)
LIVE = replace(BLOCK, name="there", online=day("2025-01-01"), phase=Phase.LIVE, state=CommitmentState.ACTIVE)
SLIPPING = replace(BLOCK, slip_days=Estimate(-30, 0, 30))


def supply(*blocks: Block, counted: Commitment = Commitment.EVERYTHING, n_paths: int = 500) -> SupplyPaths:
    return supply_paths(blocks, EDGES, TOPOLOGY, Sampling(n_paths, 3), counted)


def test_a_block_counts_for_the_part_of_a_month_in_which_it_is_online() -> None:
    block = replace(BLOCK, online=day("2027-04-16"), end=day("2027-11-04"))
    expected = [0, 0, 0, 500, 1000, 1000, 1000, 1000, 1000, 1000, 100, 0]
    np.testing.assert_allclose(supply(block).pools[0], [expected] * 500)


def test_what_slips_past_its_end_is_never_there() -> None:
    late = np.array([10_000.0, np.inf])
    edges = buckets(pd.Timestamp(9_990, unit="D", tz="UTC"), 40, Granularity.DAY)
    share = online_share(late, pd.Timestamp(9_995, unit="D", tz="UTC"), edges)
    assert (share == 0).all()


def test_the_chance_to_be_online_is_that_to_convert_times_that_not_to_slip_so_far() -> None:
    n_paths = 40_000
    block = replace(BLOCK, slip_days=Estimate(0, 30, 60), conversion=0.7)
    (online,) = online_days([block], EDGES[0], Sampling(n_paths, 5))
    start = (day("2027-05-01") - day("1970-01-01")).days
    for days in (10, 30, 75):
        expected = 0.7 * stats.norm.cdf((days - 30) / (30 / OUTER))
        error = 4 * np.sqrt(expected * (1 - expected) / n_paths)
        assert abs((online <= start + days).mean() - expected) < error
    assert abs(np.isinf(online).mean() - 0.3) < 4 * np.sqrt(0.21 / n_paths)


@pytest.mark.parametrize("correlation", [0.0, 0.5, 1.0])
def test_blocks_of_a_place_slip_together_as_much_as_is_said(correlation: float) -> None:
    blocks = [SLIPPING, replace(SLIPPING, name="hall 2"), replace(SLIPPING, name="elsewhere", region="us")]
    online = online_days(blocks, EDGES[0], Sampling(20_000, 5, correlation))
    found = np.corrcoef(online)
    assert found[0, 1] == pytest.approx(correlation, abs=4 / np.sqrt(20_000))
    assert found[0, 2] == pytest.approx(0, abs=4 / np.sqrt(20_000))
    assert online.std(axis=1) == pytest.approx(30 / OUTER, rel=0.03)


def test_draws_of_a_block_do_not_depend_on_the_others() -> None:
    alone = online_days([SLIPPING], EDGES[0], Sampling(50))
    among = online_days([replace(SLIPPING, name="other", conversion=0.1), SLIPPING], EDGES[0], Sampling(50))
    np.testing.assert_array_equal(alone[0], among[1])


def test_what_is_overdue_comes_after_now_as_the_rest_of_its_distribution_says() -> None:
    n_paths = 40_000
    block = replace(BLOCK, online=day("2026-12-01"), slip_days=Estimate(-60, 0, 60))
    (online,) = online_days([block], day("2027-01-01"), Sampling(n_paths, 9))
    wait = online - (day("2027-01-01") - day("1970-01-01")).days
    assert (wait >= 0).all()
    left = stats.truncnorm(31 / (60 / OUTER), np.inf, loc=-31, scale=60 / OUTER)
    assert stats.kstest(wait, left.cdf).pvalue > 0.01


def test_what_is_long_overdue_is_due_at_once() -> None:
    for slip in (Estimate.certain(10), Estimate(0, 0, 1), Estimate(0, 5, 5)):
        block = replace(BLOCK, online=day("2020-01-01"), slip_days=slip)
        assert (supply(block).pools[0] == 1000).mean() > 0.99


def test_a_block_waits_for_others_and_fails_with_them() -> None:
    power = replace(SLIPPING, name="power", slip_days=Estimate(0, 60, 200), conversion=0.6)
    waiting = replace(BLOCK, after=("power",), conversion=0.9)
    first, second = online_days([waiting, power], EDGES[0], Sampling(2000))
    assert (first >= second).all()
    assert np.isinf(first[np.isinf(second)]).all()
    assert 0 < np.isinf(first[np.isfinite(second)]).mean() < 0.5


def test_a_block_that_waits_for_what_is_not_counted_is_left_out_by_name_and_so_is_what_waits_for_it() -> None:
    talk = replace(BLOCK, name="talk", state=CommitmentState.PROPOSED)
    hall, chips = replace(BLOCK, after=("talk",)), replace(BLOCK, name="chips", after=("hall 1",))
    paths = supply(talk, hall, chips, counted=Commitment.COMMITTED)
    assert [(each.name, each.reason) for each in paths.uncounted] == [
        ("hall 1", "it waits for 'talk', which is not counted"),
        ("chips", "it waits for 'hall 1', which is not counted"),
    ]
    assert (paths.pools == 0).all()
    assert supply(talk, hall, chips).uncounted == ()


def test_what_is_live_waits_for_nothing() -> None:
    paths = supply(replace(LIVE, after=("gone",)), counted=Commitment.LIVE)
    assert (paths.pools == 1000).all()


def test_blocks_in_no_pool_are_named() -> None:
    paths = supply(
        BLOCK, replace(BLOCK, name="mine", region="us"), replace(BLOCK, name="bare", region="", accelerator="")
    )
    assert [(each.name, each.reason.split(";")[0]) for each in paths.uncounted] == [
        ("mine", "no pool holds us, H100"),
        ("bare", "no pool holds no region or accelerator"),
    ]
    assert [block.name for block in paths.blocks] == ["hall 1"]


def test_megawatts_become_accelerators_by_the_power_of_one() -> None:
    block = replace(BLOCK, unit=MEGAWATTS, quantity=14)
    assert "no power is known for accelerator 'H100'" in supply(block).uncounted[0].reason
    power = {"H100": np.array([0.0014, 0.002])}
    paths = supply_paths([block, LIVE], EDGES, TOPOLOGY, Sampling(2), Commitment.EVERYTHING, power)
    np.testing.assert_allclose(paths.pools[0, :, -1], (11_000, 8_000))
    np.testing.assert_allclose(paths.levels()[0, :, -1], (10_000, 7_000))


def test_pools_are_the_sums_of_their_blocks() -> None:
    blocks = [LIVE, SLIPPING, replace(SLIPPING, name="hall 2", conversion=0.4, end=day("2027-09-10"))]
    paths = supply(*blocks)
    np.testing.assert_allclose(paths.levels().sum(axis=0), paths.pools[0])
    assert paths.pool_rows.tolist() == [0, 0, 0]


def test_an_empty_ledger_supplies_nothing() -> None:
    assert (supply().pools == 0).all()
    assert supply().levels().shape == (0, 500, 12)


def test_sampling_is_checked() -> None:
    with pytest.raises(Invalid, match="at least one"):
        Sampling(0)
    with pytest.raises(Invalid, match=r"correlate by 1\.2"):
        Sampling(1, correlation=1.2)


@given(
    conversion=st.floats(0, 1),
    slips=st.tuples(st.floats(-20, 0), st.floats(0, 20), st.floats(20, 900)),
    later=st.floats(0, 400),
)
@settings(max_examples=40, deadline=None)
def test_a_surer_or_earlier_block_that_is_not_yet_due_never_supplies_less_on_any_path(
    conversion: float, slips: tuple[float, float, float], later: float
) -> None:
    block = replace(BLOCK, online=day("2027-08-01"), slip_days=Estimate(*slips), conversion=conversion)
    had = supply(block, n_paths=60).pools
    assert (supply(replace(block, conversion=1.0), n_paths=60).pools >= had).all()
    delayed = replace(block, slip_days=Estimate(*(slip + later for slip in slips)))
    assert (supply(delayed, n_paths=60).pools <= had + 1e-6).all()


@given(states=st.lists(st.tuples(st.sampled_from(CommitmentState), st.booleans()), max_size=6))
@settings(max_examples=30, deadline=None)
def test_everything_supplies_no_less_than_what_is_committed_and_that_no_less_than_what_is_live(
    states: list[tuple[CommitmentState, bool]],
) -> None:
    blocks = [replace(LIVE if live else SLIPPING, name=str(n), state=state) for n, (state, live) in enumerate(states)]
    live, committed, everything = (supply(*blocks, counted=counted, n_paths=20).pools for counted in Commitment)
    assert (live <= committed).all()
    assert (committed <= everything).all()


def edited(edits: SupplyEdits, *blocks: Block) -> np.ndarray:
    drawn = supply_paths(blocks, EDGES, TOPOLOGY, Sampling(edits.n_paths, 3, edits=edits), Commitment.EVERYTHING)
    np.testing.assert_allclose(drawn.levels().sum(axis=0), drawn.pools[0])
    return drawn.pools[0]


def test_a_scenario_delays_blocks_and_those_that_wait_for_them() -> None:
    waiting = replace(BLOCK, name="hall 2", quantity=10.0, after=("hall 1",))
    edits = SupplyEdits(2).having("hall 1", BlockEdit(extra_days=np.array([0.0, 61.0])))
    pools = edited(edits, BLOCK, waiting)
    assert pools.tolist() == [[0] * 4 + [1010] * 8, [0] * 6 + [1010] * 6]


def test_a_scenario_changes_the_chance_that_blocks_convert() -> None:
    for chances in ([1.0, 0.0], [0.0, 1.0]):
        edits = SupplyEdits(2).having("hall 1", BlockEdit(conversion=np.array(chances)))
        assert (edited(edits, replace(BLOCK, conversion=0.5))[:, -1] / 1000).tolist() == chances


def test_a_scenario_takes_a_part_of_what_is_there() -> None:
    cut = Cut(np.array([-np.inf, np.inf]), np.array([0.25, 0.0]))
    assert edited(SupplyEdits(2).having("there", BlockEdit(cuts=(cut,))), LIVE)[:, 0].tolist() == [250, 1000]


def test_a_scenario_caps_the_power_of_all_blocks_together() -> None:
    cap = RegionCap((), np.array([12.0, 99.0]), np.full(2, -np.inf), np.full(2, np.inf), {"H100": 0.01})
    pools = edited(SupplyEdits(2, caps=(cap,)), LIVE, BLOCK)
    np.testing.assert_allclose(pools[:, [0, -1]], [[1000, 1200], [1000, 2000]])


def test_a_scenario_of_nothing_changes_nothing_and_one_of_other_paths_is_refused() -> None:
    np.testing.assert_array_equal(edited(SupplyEdits(500), SLIPPING, LIVE), supply(SLIPPING, LIVE).pools[0])
    with pytest.raises(Invalid, match="a scenario of 2 paths does not fit one of 3"):
        Sampling(3, edits=SupplyEdits(2))
