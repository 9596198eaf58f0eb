import numpy as np
import pandas as pd
import pytest

from demand.calendar import Granularity
from demand.paths import DemandPaths
from demand.series import SeriesKey, Workload
from planning.classes import class_demand
from planning.pools import DemandClass, Pool, Topology

START = pd.Timestamp("2026-01-01", tz="UTC")
TOPOLOGY = Topology(
    (Pool("eu", ("eu",)), Pool("us", ("us",), ("H100",))),
    (
        DemandClass("train", "eu", Workload.TRAINING),
        DemandClass("serve", "eu", Workload.INFERENCE),
        DemandClass("serve us", "us", Workload.INFERENCE),
    ),
)


def test_demand_is_summed_by_home_and_workload_and_the_rest_is_named() -> None:
    keys = (
        SeriesKey(region="eu", accelerator="A100", workload=Workload.INFERENCE, tenant="a"),
        SeriesKey(region="eu", accelerator="H100", workload=Workload.INFERENCE),
        SeriesKey(region="us", accelerator="H100", workload=Workload.INFERENCE),
        SeriesKey(region="us", accelerator="A100", workload=Workload.INFERENCE),
        SeriesKey(region="eu", workload=Workload.UNATTRIBUTED),
    )
    values = np.arange(1.0, 6.0)[:, None, None] * np.ones((5, 2, 3))
    found = class_demand(DemandPaths(keys, Granularity.MONTH, START, values), TOPOLOGY)
    np.testing.assert_allclose(found.values, np.array([0.0, 3.0, 3.0])[:, None, None] * np.ones((3, 2, 3)))
    assert found.unplaced == keys[3:]


def test_demand_without_keys_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="no key of a series"):
        class_demand(DemandPaths(("eu",), Granularity.MONTH, START, np.ones((1, 1, 1))), TOPOLOGY)
