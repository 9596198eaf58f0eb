"""How published forecasts turned out, as it is answered."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from scipy.special import ndtri

from demand.calendar import Granularity
from forecasting.metrics import pinball_loss
from forecasting.quantiles import DECILES
from service.store.engine import Store
from service.watching import score_waiting
from tests.service.api.fleet import MEANS, MIXED, START, publish, rows, send

URL = "/v1/accuracy"
STEPS = 40
Row = dict[str, Any]


@pytest.fixture
def table(client: TestClient, store: Store) -> pd.DataFrame:
    """Forty hours of outcomes of the small fleet, and what they score."""
    send(client, rows())
    publish(store)
    rng, lines, told = np.random.default_rng(6), ["timestamp,provider,region,workload,value"], []
    for step, hour in enumerate(pd.date_range(START, periods=STEPS, freq="h")):
        for series, (key, mean) in enumerate(MEANS.items()):
            value = float(round(mean * rng.normal(1.02, 0.09), 3))
            lines.append(f"{hour.isoformat()},{','.join(key)},{value}")
            told.append(scored(step, hour, series, key, value))
    send(client, "\n".join(lines))
    publish(store, choice=MIXED)  # begins after all outcomes
    assert score_waiting(store) == len(MEANS)
    return pd.DataFrame(told)


def scored(step: int, hour: pd.Timestamp, series: int, key: tuple[str, ...], value: float) -> Row:
    """The score of one outcome: history is constant, so the naive is sure of its mean, and losses are scaled by it."""
    mean = MEANS[key]  # type: ignore[index]
    outcome, quantiles = np.array([value]), np.float32(mean * (1 + 0.1 * ndtri(np.array([DECILES]))))
    return {
        "series": series + 1,
        "provider": key[0],
        "region": key[1],
        "workload": key[2],
        "stretch": "1-24" if step < 24 else "25-72",
        "day": hour.date(),
        "model": "theta",
        "loss": 2 * pinball_loss(outcome, quantiles.astype(float), DECILES).mean() / mean,
        "naive_loss": 2 * pinball_loss(outcome, np.full((1, 9), mean), DECILES).mean() / mean,
        "error": value - mean,
        "value": value,
        "covered": abs(value - mean) <= 0.1 * mean * 1.2815515655446004,
    }


def ask(client: TestClient, **query: Any) -> list[Row]:
    answer = client.get(URL, params=query)
    assert answer.status_code == 200, answer.text
    found: list[Row] = answer.json()
    return found


def agrees(row: Row, part: pd.DataFrame) -> None:
    assert row["outcomes"] == len(part)
    assert row["spans"] == part.day.nunique()
    for name, expected in {
        "loss": part.loss.mean(),
        "naive_loss": part.naive_loss.mean(),
        "relative_loss": part.loss.sum() / part.naive_loss.sum(),
        "coverage_80": part.covered.mean(),
        "bias": part.error.mean(),
        "bias_percent": 100 * part.error.sum() / part.value.sum(),
        "mean_outcome": part.value.mean(),
    }.items():
        np.testing.assert_allclose(row[name], expected, rtol=1e-5, err_msg=name)


def test_outcomes_are_told_by_workload_unless_asked_otherwise(client: TestClient, table: pd.DataFrame) -> None:
    found = ask(client)
    assert [row["group"] for row in found] == [{"workload": name} for name in ("inference", "training", "unattributed")]
    for row in found:
        agrees(row, table[table.workload == row["group"]["workload"]])


@pytest.mark.parametrize("by", ["series", "stretch", "model", "region", "workload,stretch", "provider,series"])
def test_groups_hold_their_outcomes_and_all_of_them(client: TestClient, table: pd.DataFrame, by: str) -> None:
    names = by.split(",")
    found = ask(client, group_by=by)
    assert len(found) == table.groupby(names).ngroups
    for row in found:
        part = table
        for name, value in row["group"].items():
            part = part[part[name].astype(str) == value]
        agrees(row, part)
    if "series" in names:
        assert [row["series_id"] for row in found] == [1, 2, 3, 4]
        assert found[0]["series"]["workload"] == "training"


def test_filters_leave_the_outcomes_that_they_name(client: TestClient, table: pd.DataFrame) -> None:
    (row,) = ask(client, region="us", workload="training")
    agrees(row, table[(table.region == "us") & (table.workload == "training")])
    second = (START + pd.Timedelta(days=1)).isoformat()
    for query, keep in (({"since": second}, table.day > START.date()), ({"until": second}, table.day == START.date())):
        (row,) = ask(client, group_by="model", **query)
        agrees(row, table[keep])
    assert ask(client, model="ets") == ask(client, granularity="day") == []
    assert ask(client, model="theta,ets") == ask(client)


def test_bounds_of_coverage_are_those_of_days(client: TestClient, table: pd.DataFrame) -> None:
    (row,) = ask(client, group_by="model")
    assert row["coverage_80_low"] < row["coverage_80"] < row["coverage_80_high"]
    (row,) = ask(client, group_by="model", until=(START + pd.Timedelta(hours=1)).isoformat())
    assert (row["spans"], row["coverage_80_low"], row["coverage_80_high"]) == (1, None, None)


def test_pages_hold_all_groups_once_and_in_order(client: TestClient, table: pd.DataFrame) -> None:
    whole, told, url = ask(client, group_by="series,stretch"), [], f"{URL}?group_by=series,stretch&limit=3"
    while url:
        answer = client.get(url)
        told += answer.json()
        url = answer.links.get("next", {}).get("url", "")
    assert told == whole
    assert len(whole) == 8


def test_nothing_is_told_before_anything_came_true_and_unknown_series_are_not_found(
    client: TestClient, store: Store
) -> None:
    send(client, rows())
    publish(store)
    assert ask(client) == []
    answer = client.get(URL, params={"region": "mars"})
    assert (answer.status_code, "no series is stored" in answer.json()["detail"]) == (404, True)
    assert client.get(URL, params={"group_by": "colour"}).status_code == 422


def test_weeks_of_a_series_sum_to_its_whole(store: Store, table: pd.DataFrame) -> None:
    with store.read() as unit:
        weeks = unit.accuracy.weekly([1, 2, 99], Granularity.HOUR, 0)
        later = unit.accuracy.weekly([1], Granularity.HOUR, 1)
    assert list(weeks) == [1, 2]
    for series_id, (week,) in weeks.items():
        part = table[(table.series == series_id) & (table.stretch == "1-24")]
        assert week.start == pd.Timestamp("2025-01-06", tz="UTC")
        assert (week.n, week.covered) == (len(part), part.covered.sum())
        np.testing.assert_allclose([week.loss, week.naive_loss], [part.loss.sum(), part.naive_loss.sum()], rtol=1e-5)
    assert [week.n for week in later[1]] == [STEPS - 24]
