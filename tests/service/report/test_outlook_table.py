import numpy as np
import pandas as pd
import pytest

from planning.ledger import Commitment
from service.outlooks import Prices
from service.report.outlook_table import OutlookTable, level_name, outlook_table
from tests.service.report.fleets import STEPS, TOLD, demand, prospect


def test_there_is_a_row_per_pool_degree_and_bucket() -> None:
    table = outlook_table(prospect("eu", "us"), TOLD.levels)
    assert len(table) == 2 * 3 * STEPS
    assert not table.duplicated(["pool", "commitment", "timestamp"]).any()
    assert set(table.commitment) == set(Commitment)


def test_numbers_are_those_of_the_paths() -> None:
    found = prospect("eu", "us", prices=Prices(9.0, 2.0))
    table = outlook_table(found, TOLD.levels)
    us = table[(table.pool == "us") & (table.commitment == "live")]
    total = demand("eu", "us").paths.values[2:].sum(axis=0)
    missing = np.maximum(total - 220, 0)
    np.testing.assert_allclose(us.demand_accelerators_p90, np.quantile(total, 0.9, axis=0, method="hazen"))
    np.testing.assert_allclose(us.chance_short, (missing > 0).mean(axis=0))
    np.testing.assert_allclose(us.unmet_accelerators_mean, missing.mean(axis=0))
    np.testing.assert_allclose(us.idle_accelerators_mean, np.maximum(220 - total, 0).mean(axis=0))
    np.testing.assert_allclose(us.utilization, np.minimum(total, 220).mean(axis=0) / 220)
    np.testing.assert_allclose(us.cost_short_usd_mean, 9 * missing.mean(axis=0) * us.hours)
    np.testing.assert_allclose(us.target_accelerators, np.sort(total, axis=0)[81])
    broken = np.maximum.accumulate(missing > 0, axis=1)
    np.testing.assert_allclose(us.chance_breached_by_then, broken.mean(axis=0))
    assert us.hours.iloc[:2].tolist() == [744, 672]


def test_classes_of_demand_have_rows_of_their_own() -> None:
    found = prospect("eu", "us", prices=Prices(9.0, 2.0))
    table = outlook_table(found, TOLD.levels, OutlookTable.CLASSES)
    assert len(table) == 4 * 3 * STEPS
    assert not table.duplicated(["class", "commitment", "timestamp"]).any()
    assert list(dict.fromkeys(zip(table.pool, table["class"], table.workload, strict=True))) == [
        (region, f"{region} {workload}", workload) for region in ("eu", "us") for workload in ("training", "inference")
    ]
    training, inference = demand("eu", "us").paths.values[2:]
    missing = np.maximum(inference - np.maximum(220 - training, 0), 0)
    us = table[(table["class"] == "us inference") & (table.commitment == "live")]
    np.testing.assert_allclose(us.demand_accelerators_mean, inference.mean(axis=0))
    np.testing.assert_allclose(us.chance_short, (missing > 0).mean(axis=0))
    np.testing.assert_allclose(us.unmet_accelerators_p90, np.quantile(missing, 0.9, axis=0, method="hazen"))
    np.testing.assert_allclose(us.cost_short_usd_mean, 9 * missing.mean(axis=0) * us.hours)
    broken = np.maximum.accumulate(missing > 0, axis=1)
    np.testing.assert_allclose(us.chance_breached_by_then, broken.mean(axis=0))


def test_classes_add_up_to_their_pools_by_the_same_columns() -> None:
    found = prospect("eu", "us", prices=Prices(9.0, 2.0))
    pools, classes = (outlook_table(found, TOLD.levels, each) for each in OutlookTable)
    where = ["pool", "commitment", "timestamp"]
    own = classes.groupby(where, sort=False)[["unmet_accelerators_mean", "cost_short_usd_mean"]].sum()
    pd.testing.assert_frame_equal(own, pools.set_index(where)[list(own.columns)])
    assert set(classes.columns) - set(pools.columns) == {"class", "workload"}


def test_what_is_not_known_is_empty_and_columns_stay() -> None:
    known, unknown = (outlook_table(prospect("eu", prices=each), TOLD.levels) for each in (Prices(9, 2), Prices()))
    assert list(known.columns) == list(unknown.columns)
    assert unknown.filter(like="cost").isna().all(axis=None)
    assert unknown.target_accelerators.isna().all()
    assert not known.isna().any(axis=None)


@pytest.mark.parametrize(("level", "name"), [(0.1, "p10"), (0.025, "p2.5"), (0.999, "p99.9"), (0.29, "p29")])
def test_quantiles_are_named_by_percent(level: float, name: str) -> None:
    assert level_name(level) == name
