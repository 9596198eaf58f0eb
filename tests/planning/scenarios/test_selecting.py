import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.errors import Invalid
from demand.paths import DemandPaths
from demand.series import Selection
from planning.ledger import Phase
from planning.scenarios.selecting import EVERYTHING, BlockSelection, listed, selected_blocks, series_rows
from tests.planning.scenarios.blocks import BLOCKS, HALL, LEASE, TALKS
from tests.planning.scenarios.making import level


@pytest.mark.parametrize(
    ("selection", "rows"),
    [
        (EVERYTHING, [0, 1, 2]),
        (Selection(region=("us",)), [2]),
        (Selection(tenant=("acme",), workload=("inference",)), [1]),
    ],
)
def test_series_are_found(selection: Selection, rows: list[int]) -> None:
    assert series_rows("x", level(), selection) == rows


def test_demand_that_is_not_by_series_is_refused() -> None:
    total = DemandPaths(("total",), Granularity.MONTH, pd.Timestamp("2026-01-01", tz="UTC"), np.ones((1, 1, 1)))
    with pytest.raises(Invalid, match="sum the paths after a scenario"):
        series_rows("x", total, EVERYTHING)


@pytest.mark.parametrize(
    ("selection", "found"),
    [
        (BlockSelection(), [*BLOCKS]),
        (BlockSelection(region=("eu",)), [HALL, LEASE]),
        (BlockSelection(region=("eu",), phase=(Phase.LEASE,)), [LEASE]),
        (BlockSelection(names=("talks", "hall")), [HALL, TALKS]),
    ],
)
def test_blocks_are_found(selection: BlockSelection, found: list[object]) -> None:
    assert selected_blocks("x", BLOCKS, selection) == found


def test_what_the_ledger_has_none_of_is_said() -> None:
    with pytest.raises(Invalid, match=r"blocks with phase in \['shell'\], of which the ledger has none"):
        selected_blocks("x", BLOCKS, BlockSelection(phase=(Phase.SHELL,)))


def test_long_lists_are_cut_short() -> None:
    assert listed([str(number) for number in range(12)]) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"
