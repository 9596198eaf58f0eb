from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from service.store.engine import Store
from tests.service.api.fleet import publish, rows, send
from tests.service.api.test_scenarios import LEAVES, ORDER, create

HALL = {
    "name": "hall",
    "quantity": 600,
    "online": "2024-01-01T00:00:00Z",
    "region": "eu",
    "phase": "live",
    "state": "active",
}
US_HALL = {**HALL, "name": "us hall", "region": "us", "quantity": 100}
CANCEL = {
    "type": "lease_cancelled",
    "name": "hall-goes",
    "blocks": {"names": ["hall"]},
    "at": "2025-01-08T00:00:00Z",
    "share": {"low": 0.5, "mid": 0.6, "high": 0.9},
}


@pytest.fixture
def published(client: TestClient, store: Store) -> TestClient:
    """A fleet of 100 and 50 of training, 300 of inference and 7 of nobody knows what, give or take a tenth."""
    send(client, rows())
    publish(store)
    return client


def compare(client: TestClient, **order: Any) -> dict[str, Any]:
    answer = client.post("/v1/scenarios/compare", json={"granularity": "hour", "horizon": 24, **order})
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def test_a_scenario_is_shown_beside_what_is_ahead_without_it(published: TestClient) -> None:
    create(published, ORDER)
    answer = compare(published, scenarios=[{"name": "partner-leaves"}])
    base, changed = answer["rows"]
    assert (base["scenario"], changed["scenario"], changed["version"]) == (None, "partner-leaves", 1)
    before, after = (np.array(row["demand"]["training"]["mean"]) for row in (base, changed))
    np.testing.assert_allclose(after, before * np.repeat([1, 0.5], 12))
    assert changed["demand"]["inference"] == base["demand"]["inference"]
    np.testing.assert_allclose(changed["difference"]["total"]["mean"], after - before, atol=1e-9)
    assert base["difference"] is None
    assert base["supply"] is None
    assert set(base["outcomes"]) == {"demand", "training", "inference", "crossover"}
    assert len(answer["timestamps"]) == 24


def test_the_base_is_what_the_forecast_says(published: TestClient) -> None:
    (base,) = compare(published)["rows"]
    forecast = published.get("/v1/forecasts?horizon=24&measure=demand").json()["groups"][0]
    np.testing.assert_allclose(base["demand"]["total"]["quantiles"]["0.9"], forecast["total"]["quantiles"]["0.9"])


def test_drafts_are_compared_without_being_stored(published: TestClient) -> None:
    create(published, ORDER)
    draft = {"name": "draft", "based_on": ["partner-leaves"], "events": []}
    answer = compare(published, scenarios=[{"name": "partner-leaves"}], drafts=[draft])
    stored, drafted = answer["rows"][1:]
    assert (drafted["scenario"], drafted["version"]) == ("draft", None)
    assert drafted["demand"] == stored["demand"]
    assert [each["name"] for each in published.get("/v1/scenarios").json()] == ["partner-leaves"]


def test_two_versions_of_a_scenario_are_compared(published: TestClient) -> None:
    create(published, ORDER)
    published.put("/v1/scenarios/partner-leaves", json={**ORDER, "events": [{**LEAVES, "share": 1.0}]})
    answer = compare(published, scenarios=[{"name": "partner-leaves", "version": version} for version in (1, 2)])
    ends = [row["outcomes"]["training"] for row in answer["rows"]]
    np.testing.assert_allclose(ends, [ends[0], ends[0] / 2, 0])


def test_with_a_ledger_shortage_and_idleness_are_told(published: TestClient) -> None:
    for block in (HALL, US_HALL):
        assert published.post("/v1/capacity", json=block).status_code == 201
    base, beyond = compare(published, drafts=[{"name": "draft", "events": [CANCEL]}])["rows"]
    assert beyond["supply"] == base["supply"]
    assert "hall-goes: 2025-01-08 is beyond the horizon" in beyond["remarks"][0]
    assert base["supply"]["chance_short"] == [0.0] * 24
    np.testing.assert_allclose(base["supply"]["supply"]["mean"], 700)
    assert base["supply"]["first_breach"]["never"] == 1
    cancelled = {"name": "draft", "events": [{**CANCEL, "at": "2025-01-07T12:00:00Z"}]}
    changed = compare(published, drafts=[cancelled])["rows"][1]
    short = np.array(changed["supply"]["chance_short"])
    assert (short[:12] == 0).all()
    assert (short[12:] > 0.9).all()
    assert changed["supply"]["first_breach"]["quantiles"]["0.5"] == "2025-01-07T12:00:00Z"
    assert changed["outcomes"]["shortage"] > 0.9
    assert min(changed["difference"]["unmet"]["mean"][12:]) > 50


def test_pools_that_are_stored_are_those_that_serve(published: TestClient) -> None:
    assert published.post("/v1/capacity", json=HALL).status_code == 201
    pools = [{"name": "all", "regions": ["eu", "us"]}]
    classes = [{"name": each, "home": "all", "workload": each} for each in ("training", "inference")]
    answer = published.put("/v1/pools", json={"pools": pools, "classes": classes})
    assert answer.status_code == 200, answer.text
    (base,) = compare(published)["rows"]
    np.testing.assert_allclose(base["supply"]["idle"]["mean"], 600 - 450, rtol=0.05)
    assert "workload=unattributed belongs to no pool" in base["remarks"][0]


def test_money_is_compared_path_by_path_where_prices_are_known(published: TestClient) -> None:
    assert published.post("/v1/capacity", json=HALL).status_code == 201
    goes = {"name": "draft", "events": [{**CANCEL, "at": "2025-01-07T00:00:00Z", "share": 0.5}]}
    answer = compare(published, drafts=[goes], region=["eu"], cost_short=9, cost_idle=3)
    base, gone = answer["rows"]
    served = published.get("/v1/forecasts/paths?paths=500&region=eu&horizon=24").json()["groups"][0]["workloads"]
    demand = np.array(served["total"])
    short = [9 * np.maximum(demand - hall, 0) for hall in (600, 300)]
    idle = [3 * np.maximum(hall - demand, 0) for hall in (600, 300)]
    assert answer["currency"] == "USD"
    for row, at in ((base, 0), (gone, 1)):
        total = (short[at] + idle[at]).sum(axis=1)
        np.testing.assert_allclose(row["supply"]["cost_short"]["mean"], short[at].mean(axis=0), atol=1e-9)
        np.testing.assert_allclose(row["supply"]["cost_idle"]["mean"], idle[at].mean(axis=0), atol=1e-9)
        assert row["supply"]["total_cost"]["mean"] == pytest.approx(total.mean())
        assert row["outcomes"]["cost"] == pytest.approx(total.mean())
        assert row["outcomes"]["cost_idle"] == pytest.approx(idle[at].sum(axis=1).mean())
    more = short[1] + idle[1] - short[0] - idle[0]
    for level in (0.1, 0.5, 0.9):
        of_total = np.quantile(more.sum(axis=1), level, method="hazen")
        assert gone["difference"]["total_cost"]["quantiles"][str(level)] == pytest.approx(of_total)
        of_short = np.quantile(short[1] - short[0], level, axis=0, method="hazen")
        np.testing.assert_allclose(gone["difference"]["cost_short"]["quantiles"][str(level)], of_short, atol=1e-9)


def test_without_a_price_nothing_is_said_of_money(published: TestClient) -> None:
    assert published.post("/v1/capacity", json=HALL).status_code == 201
    (base,) = compare(published)["rows"]
    assert (base["supply"]["cost_short"], base["supply"]["total_cost"]) == (None, None)
    assert not [name for name in base["outcomes"] if name.startswith("cost")]
    (half,) = compare(published, cost_idle=3)["rows"]
    assert half["supply"]["cost_idle"] is not None
    assert {name for name in half["outcomes"] if name.startswith("cost")} == {"cost_idle"}


def test_pools_are_told_apart_as_asked(published: TestClient) -> None:
    assert published.post("/v1/capacity", json={**HALL, "accelerator": "H100"}).status_code == 201
    apart, together = (compare(published, region=["eu"], **more)["rows"][0] for more in ({}, {"pool_by": ["region"]}))
    np.testing.assert_allclose(apart["supply"]["unmet"]["mean"], apart["demand"]["total"]["mean"])
    assert max(together["supply"]["unmet"]["mean"]) < 1


def test_delays_and_failures_have_as_much_in_common_as_asked(published: TestClient) -> None:
    for name in ("one", "two"):
        block = {**HALL, "name": name, "quantity": 100, "phase": "shell", "conversion": 0.5, "region": "us"}
        assert published.post("/v1/capacity", json=block).status_code == 201
    # Both fail with a chance of a quarter when they are apart, and of a half when they are one.
    for correlation, expected in ((0, 100), (1, 0)):
        (base,) = compare(published, slip_correlation=correlation, quantiles=[0.35], counted="everything")["rows"]
        assert set(base["supply"]["supply"]["quantiles"]["0.35"]) == {expected}


@pytest.mark.parametrize(
    ("order", "status", "said"),
    [
        ({"scenarios": [{"name": "nobody"}]}, 404, "scenario 'nobody' is not stored"),
        ({"drafts": [{"name": "x", "events": [{**LEAVES, "selection": {"tenant": ["apex"]}}]}]}, 422, "has no demand"),
        ({"drafts": [{"name": "x", "events": [CANCEL]}]}, 422, "the ledger is empty"),
        ({"region": ["mars"]}, 404, "no series is stored"),
        ({"horizon": 9999}, 422, "reaches beyond"),
        ({"unit": "megawatts"}, 422, "cannot be told in megawatts: no accelerator is named"),
        ({"unit": "teraflops"}, 422, "unit"),
        ({"slip_correlation": 2}, 422, "slip_correlation"),
        ({"pool_by": ["tenant"]}, 422, "pool_by"),
        ({"cost_short": 0, "cost_idle": 0}, 422, "no supply is better than another"),
        ({"drafts": [{"name": "x", "based_on": ["y"]}]}, 404, "is not there"),
        ({"drafts": [{"name": f"x{at}"} for at in range(21)]}, 422, "at most 20"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    published: TestClient, order: dict[str, Any], status: int, said: str
) -> None:
    answer = published.post("/v1/scenarios/compare", json={"granularity": "hour", "horizon": 24, **order})
    assert answer.status_code == status
    assert said in answer.text


def test_a_tornado_ranks_the_assumptions_of_a_scenario(published: TestClient) -> None:
    share = {"low": 0.2, "mid": 0.5, "high": 1.0}
    events = [{**LEAVES, "share": share}, {"type": "slip", "name": "late", "blocks": {}, "days": share}]
    assert published.post("/v1/capacity", json={**HALL, "phase": "lease"}).status_code == 201
    create(published, {**ORDER, "events": events})
    told = published.get("/v1/scenarios/partner-leaves/tornado?outcome=training&granularity=hour&horizon=24").json()
    assert told["without"] == pytest.approx(150, rel=0.02)
    assert told["middle"] == pytest.approx(told["without"] / 2)
    first, second, *rest = told["bars"]
    assert (first["event"], first["number"]) == ("leaves", "share")
    assert first["low"] == pytest.approx(told["without"] * 0.8)
    assert first["high"] == pytest.approx(0)
    assert (second["event"], second["number"], second["swing"]) == ("leaves", "occurrence", pytest.approx(75, rel=0.02))
    assert {(bar["event"], bar["swing"]) for bar in rest} == {("late", 0.0)}
