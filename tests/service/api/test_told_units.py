"""Answers of planning in other units, held against what the forecasts say in them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from planning.ledger import MEGAWATTS
from service.store.engine import Store
from tests.service.api.fleet import LAST, publish, send
from tests.service.api.test_outlooks import enter, live, pool

PLACES = {
    "acme,eu,H100,training": 100,
    "acme,eu,H100,inference": 300,
    "acme,us,A100-SXM4-80GB,training": 50,
}
PRICES = "cost_short=9&cost_idle=3"


@pytest.fixture
def published(client: TestClient, store: Store) -> TestClient:
    """A client of demand for two kinds of accelerators, forecast by the hour, with a block of each and one of power."""
    lines = ["timestamp,provider,region,accelerator,workload,value"]
    for hour in pd.date_range(end=LAST, periods=48, freq="h"):
        lines += [f"{hour.isoformat()},{key},{mean}" for key, mean in PLACES.items()]
    send(client, "\n".join(lines))
    publish(store)
    enter(
        store,
        live("there", 400.0, region="eu", accelerator="H100"),
        live("old", 45.0, region="us", accelerator="A100-SXM4-80GB"),
        live("power", 0.01, region="us", accelerator="A100-SXM4-80GB", unit=MEGAWATTS),
    )
    return client


def ask(client: TestClient, query: str, path: str = "/v1/outlook") -> dict[str, Any]:
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def paths(client: TestClient, query: str) -> dict[str, np.ndarray]:
    """Paths of demand by workload as the forecasts serve them, shape (n_paths, n_steps)."""
    (group,) = ask(client, f"paths=500&{query}", "/v1/forecasts/paths")["groups"]
    return {workload: np.array(each) for workload, each in group["workloads"].items()}


def compare(client: TestClient, **order: Any) -> dict[str, Any]:
    answer = client.post("/v1/scenarios/compare", json={"granularity": "hour", "horizon": 30, **order})
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def test_an_outlook_in_megawatts_is_that_of_the_paths_in_megawatts(published: TestClient) -> None:
    told, counted = (ask(published, f"{PRICES}{unit}") for unit in ("&unit=megawatts", ""))
    assert (told["unit"], told["supply_unit"], counted["supply_unit"]) == ("megawatts", "megawatts", "accelerators")
    assert told["catalogue"]
    assert counted["catalogue"] is None
    own, before = pool(told, "eu H100"), pool(counted, "eu H100")
    power, level = (paths(published, f"region=eu{unit}")["total"] for unit in ("&unit=megawatts", ""))
    supply = 400 * power / level
    missing, idle = np.maximum(power - supply, 0), np.maximum(supply - power, 0)
    np.testing.assert_allclose(own["demand"]["quantiles"]["0.9"], np.quantile(power, 0.9, axis=0, method="hazen"))
    np.testing.assert_allclose(own["live"]["supply"], supply.mean(axis=0))
    np.testing.assert_allclose(own["live"]["unmet"]["mean"], missing.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(
        own["live"]["idle"]["quantiles"]["0.5"], np.quantile(idle, 0.5, axis=0, method="hazen"), atol=1e-12
    )
    used = np.minimum(power, supply).mean(axis=0)
    np.testing.assert_allclose(own["live"]["utilization"], used / supply.mean(axis=0))
    np.testing.assert_allclose(
        own["target"]["supply"], np.array(before["target"]["supply"]) * supply.mean(axis=0) / 400
    )
    for name in ("cost_short", "cost_idle", "total_cost", "chance_short", "first_breach"):
        assert own["live"][name] == before["live"][name]
    assert own["target"]["cost"] == before["target"]["cost"]


def test_a_block_of_power_is_as_many_megawatts_as_it_was_entered_with(published: TestClient) -> None:
    told = pool(ask(published, "unit=megawatts"), "us A100-SXM4-80GB")
    alone = pool(ask(published, "unit=megawatts&region=us&paths=500"), "us A100-SXM4-80GB")
    power, level = (paths(published, f"region=us{unit}")["total"] for unit in ("&unit=megawatts", ""))
    np.testing.assert_allclose(told["live"]["supply"], (45 * power / level).mean(axis=0) + 0.01)
    assert told == alone


def test_accelerator_hours_are_told_of_any_pool(published: TestClient) -> None:
    hours, counted = (ask(published, f"pool_by=region&horizon=3{unit}") for unit in ("&unit=accelerator_hours", ""))
    assert hours["unit"] == "accelerator_hours"
    # An hour has one hour, so the numbers are the same, and of several kinds of accelerators at once.
    assert pool(hours, "eu")["live"]["unmet"] == pool(counted, "eu")["live"]["unmet"]


def test_a_pool_that_does_not_convert_is_refused_by_name(published: TestClient, store: Store) -> None:
    answer = published.get("/v1/outlook?unit=tokens_per_second&model_class=70b")
    assert answer.status_code == 422
    assert "pool 'us A100-SXM4-80GB' cannot be told in tokens_per_second" in answer.json()["detail"]
    assert published.get("/v1/outlook?unit=tokens_per_second&model_class=70b&region=eu").status_code == 200
    assert "name one of the classes" in published.get("/v1/outlook?unit=tokens_per_second").json()["detail"]
    enter(store, live("mixed", 5.0, region="eu", accelerator="A100-SXM4-80GB"))
    answer = published.get("/v1/outlook?unit=megawatts&pool_by=region")
    assert answer.status_code == 422
    assert "pool 'eu' cannot be told in megawatts: it holds A100-SXM4-80GB, H100" in answer.json()["detail"]


def test_columns_and_the_page_say_the_unit(published: TestClient) -> None:
    table = published.get("/v1/outlook?unit=megawatts", headers={"accept": "text/csv"}).text.splitlines()[0]
    assert "demand_megawatts_mean" in table
    assert "headroom_megawatts" in table
    assert "accelerators" not in table
    page = published.get("/v1/outlook?unit=megawatts", headers={"accept": "text/html"}).text
    assert "demand and supply in megawatts, by catalogue" in page


def test_the_crossover_is_that_of_sums_of_what_each_series_is_in_the_unit(published: TestClient) -> None:
    told = ask(published, "unit=megawatts", "/v1/crossover")
    assert (told["unit"], bool(told["catalogue"])) == ("megawatts", True)
    power = paths(published, "unit=megawatts")
    share = power["inference"] / (power["training"] + power["inference"])
    np.testing.assert_allclose(told["groups"][0]["share"]["mean"], share.mean(axis=0))
    counted = ask(published, "", "/v1/crossover")
    assert (counted["unit"], counted["catalogue"]) == ("accelerators", None)
    assert min(np.array(told["groups"][0]["share"]["mean"]) - counted["groups"][0]["share"]["mean"]) > 0.01


def test_a_crossover_refuses_series_that_cannot_be_told_in_the_unit(published: TestClient) -> None:
    answer = published.get("/v1/crossover?unit=tokens_per_second&model_class=70b")
    assert answer.status_code == 422
    assert "region=us, accelerator=A100-SXM4-80GB" in answer.json()["detail"]
    assert ask(published, "unit=tokens_per_second&model_class=70b&region=eu", "/v1/crossover")["groups"]


def test_scenarios_are_compared_in_the_unit(published: TestClient) -> None:
    told, counted = (compare(published, cost_short=9, cost_idle=3, **more) for more in ({"unit": "megawatts"}, {}))
    assert (told["unit"], told["supply_unit"], counted["unit"]) == ("megawatts", "megawatts", "accelerators")
    assert bool(told["catalogue"]) > bool(counted["catalogue"])
    power = {name: each[:, :30] for name, each in paths(published, "unit=megawatts").items()}
    (base,), (before,) = told["rows"], counted["rows"]
    for name in ("training", "inference", "total"):
        np.testing.assert_allclose(base["demand"][name]["mean"], power[name].mean(axis=0))
        expected = np.quantile(power[name], 0.1, axis=0, method="hazen")
        np.testing.assert_allclose(base["demand"][name]["quantiles"]["0.1"], expected)
    outlook = ask(published, "unit=megawatts&horizon=30")["pools"]
    for name in ("unmet", "idle"):
        expected = np.sum([each["committed"][name]["mean"] for each in outlook], axis=0)
        np.testing.assert_allclose(base["supply"][name]["mean"], expected)
    for name in ("cost_short", "cost_idle", "total_cost", "chance_short"):
        assert base["supply"][name] == before["supply"][name]
    assert base["outcomes"]["cost"] == before["outcomes"]["cost"]


def test_a_tornado_says_what_its_numbers_are(published: TestClient) -> None:
    share = {"low": 0.2, "mid": 0.5, "high": 1.0}
    event = {"type": "tenant_leaves", "name": "leaves", "selection": {"workload": ["training"]}, "share": share}
    order = {"name": "leaving", "events": [{**event, "at": "2025-01-07T12:00:00Z"}]}
    assert published.post("/v1/scenarios", json=order).status_code == 201
    url = "/v1/scenarios/leaving/tornado"
    told = ask(published, "granularity=hour&outcome=training&unit=megawatts", url)
    power = paths(published, "unit=megawatts")["training"][:, -1].mean()
    assert told["unit"] == "megawatts"
    assert (told["without"], told["middle"]) == (pytest.approx(power), pytest.approx(power / 2))
    units = {
        outcome: ask(published, f"granularity=hour&horizon=4&outcome={outcome}&{PRICES}", url)["unit"]
        for outcome in ("idle", "shortage", "cost")
    }
    assert units == {"idle": "accelerators", "shortage": "chance", "cost": "USD"}
    refused = published.get(f"{url}?granularity=hour&outcome=cost")
    assert refused.status_code == 422
    assert "no price is known" in refused.json()["detail"]
