from typing import Any

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from scipy.stats import norm

from demand.calendar import Granularity
from forecasting.quantiles import GRID
from service.store.engine import Store
from tests.service.api.fleet import rows, send
from tests.service.granularities import STARTS, publish_at

HOUR, DAY, WEEK, MONTH = Granularity


@pytest.fixture
def fleet(client: TestClient) -> TestClient:
    """Two days of four series."""
    send(client, rows())
    return client


def ask(client: TestClient, query: str, path: str = "") -> dict[str, Any]:
    answer = client.get(f"/v1/forecasts{path}?{query}")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def drawn(client: TestClient, granularity: Granularity, horizon: int, more: str = "") -> dict[str, pd.DataFrame]:
    """Per workload and group the paths, one column each, by time."""
    query = f"granularity={granularity}&horizon={horizon}&paths=500&group_by=provider,region{more}"
    answer = ask(client, query, "/paths")
    index = pd.DatetimeIndex(answer["timestamps"])
    return {
        f"{sorted(group['group'].values())} {workload}": pd.DataFrame(np.transpose(paths), index=index)
        for group in answer["groups"]
        for workload, paths in group["workloads"].items()
    }


def check_means(fine: dict[str, pd.DataFrame], coarse: dict[str, pd.DataFrame], rule: str, least: int) -> None:
    """Path by path, the finer ones average to the coarser ones over every whole bucket."""
    assert fine.keys() == coarse.keys()
    for name, paths in fine.items():
        means = paths.resample(rule).mean().iloc[1:-1]
        common = means.index.intersection(coarse[name].index)
        assert len(common) >= least
        np.testing.assert_allclose(means.loc[common], coarse[name].loc[common], rtol=1e-9)
        assert (paths >= 0).all(axis=None)


def test_hours_average_to_days_and_days_to_months_in_every_path_of_every_group(fleet: TestClient, store: Store) -> None:
    for granularity in (HOUR, DAY, MONTH):
        publish_at(store, granularity)
    days = drawn(fleet, DAY, 160)
    check_means(drawn(fleet, HOUR, 600), days, "D", 23)
    check_means(days, drawn(fleet, MONTH, 12), "MS", 4)


def test_hours_average_to_days_where_there_are_no_months(fleet: TestClient, store: Store) -> None:
    for granularity in (HOUR, DAY):
        publish_at(store, granularity)
    check_means(drawn(fleet, HOUR, 600), drawn(fleet, DAY, 40), "D", 23)


def test_a_longer_horizon_begins_with_the_paths_of_a_shorter_one(fleet: TestClient, store: Store) -> None:
    for granularity in (HOUR, DAY, MONTH):
        publish_at(store, granularity)
    for granularity, short, long in ((HOUR, 30, 400), (DAY, 5, 100)):
        beginning, whole = drawn(fleet, granularity, short), drawn(fleet, granularity, long)
        for name, paths in beginning.items():
            np.testing.assert_allclose(paths, whole[name].iloc[:short], rtol=1e-12)


def test_one_series_alone_has_the_paths_that_it_has_in_the_fleet(fleet: TestClient, store: Store) -> None:
    for granularity in (HOUR, DAY):
        publish_at(store, granularity)
    alone, together = drawn(fleet, HOUR, 100, "&provider=bolt"), drawn(fleet, HOUR, 100)
    name = "['bolt', 'us'] unattributed"
    np.testing.assert_allclose(alone[name], together[name], rtol=1e-12)


def quantiles(client: TestClient, granularity: Granularity, level: float) -> "pd.Series[float]":
    answer = ask(client, f"granularity={granularity}&quantiles={level}&provider=bolt")
    values = answer["groups"][0]["total"]["quantiles"][repr(level)]
    return pd.Series(values, pd.DatetimeIndex(answer["timestamps"]))


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_days_near_at_hand_are_told_by_the_hours_and_days_far_off_by_the_days(
    fleet: TestClient, store: Store, level: float
) -> None:
    publish_at(store, HOUR)
    hours = drawn(fleet, HOUR, 672)["['bolt', 'us'] unattributed"]
    told = np.quantile(hours.resample("D").mean(), level, axis=1, method="hazen")
    told_by_hours = pd.Series(told, hours.resample("D").mean().index)
    _, known = publish_at(store, DAY)
    served = quantiles(fleet, DAY, level)
    own = pd.Series(np.quantile(_gaussian_paths(known[4]), level, axis=1, method="hazen"), served.index)
    near, far = pd.Timestamp("2025-01-21", tz="UTC"), pd.Timestamp("2025-02-17", tz="UTC")
    np.testing.assert_allclose(served[near : near + pd.Timedelta(days=5)], told_by_hours.iloc[1:7], rtol=0.02)
    np.testing.assert_allclose(served[far:], own[far:], rtol=1e-6)
    middle = pd.Timestamp("2025-02-01", tz="UTC")
    share = ((middle + pd.Timedelta(days=1) - STARTS[HOUR]) / pd.Timedelta(hours=1) - 168) / 504
    expected = share * own[middle] + (1 - share) * told_by_hours[middle]
    np.testing.assert_allclose(served[middle], expected, rtol=0.02)


def _gaussian_paths(known: np.ndarray) -> np.ndarray:
    """What 500 evenly spread paths are with these quantiles, linear in the normal score of the level."""
    wanted = norm.ppf((np.arange(500) + 0.5) / 500)
    return np.array([np.interp(wanted, norm.ppf(GRID), row) for row in known])


def test_weeks_are_averaged_with_what_days_imply_and_have_no_parent(fleet: TestClient, store: Store) -> None:
    publish_at(store, WEEK)
    before = quantiles(fleet, WEEK, 0.5)
    run_id, _ = publish_at(store, DAY)
    days = drawn(fleet, DAY, 180)["['bolt', 'us'] unattributed"]
    answer = ask(fleet, "granularity=week&provider=bolt")
    (source,) = answer["sources"]
    assert source["reconciled_with"] is None
    assert source["averaged_with"] == {"granularity": "day", "run_id": run_id}
    after = quantiles(fleet, WEEK, 0.5)
    told = days.resample("W-MON", closed="left", label="left").mean().median(axis=1)
    np.testing.assert_allclose(after.iloc[:2], told[after.index[:2]], rtol=0.02)
    assert not np.isclose(after.iloc[0], before.iloc[0], rtol=1e-3)


def test_the_answer_names_what_each_forecast_is_reconciled_with(fleet: TestClient, store: Store) -> None:
    published = {granularity: publish_at(store, granularity)[0] for granularity in (HOUR, DAY, MONTH)}
    for source in ask(fleet, "horizon=24")["sources"]:
        assert source["reconciled_with"] == {"granularity": "day", "run_id": published[DAY]}
        assert source["averaged_with"] is None
    for source in ask(fleet, "granularity=day&horizon=24")["sources"]:
        assert source["reconciled_with"] == {"granularity": "month", "run_id": published[MONTH]}
        assert source["averaged_with"] == {"granularity": "hour", "run_id": published[HOUR]}
        assert source["warnings"] == []


def test_a_coarser_forecast_that_is_too_old_is_left_alone_and_named(fleet: TestClient, store: Store) -> None:
    publish_at(store, HOUR)
    alone = drawn(fleet, HOUR, 100)
    publish_at(store, DAY, STARTS[DAY] - pd.Timedelta(days=8))
    (source, *_) = ask(fleet, "horizon=24")["sources"]
    assert source["reconciled_with"] is None
    assert "2025-01-11" in source["warnings"][0]
    assert '{"granularity": "day"}' in source["warnings"][0]
    for name, paths in drawn(fleet, HOUR, 100).items():
        np.testing.assert_array_equal(paths, alone[name])
    (source, *_) = ask(fleet, "granularity=day&horizon=24")["sources"]
    assert source["averaged_with"] is None
    publish_at(store, DAY, STARTS[DAY] - pd.Timedelta(days=6))
    (source, *_) = ask(fleet, "horizon=24")["sources"]
    assert source["reconciled_with"] is not None
    assert source["warnings"] == []
