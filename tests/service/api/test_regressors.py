from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.api.covariate_examples import CALENDAR, REGRESSOR_ORDERS

PRICE, HOLIDAYS, LAUNCH = REGRESSOR_ORDERS


def add(client: TestClient, order: dict[str, Any]) -> dict[str, Any]:
    answer = client.post("/v1/regressors", json=order)
    assert answer.status_code == 201, answer.text
    stored: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"/v1/regressors/{stored['id']}"
    return stored


@pytest.mark.parametrize("order", REGRESSOR_ORDERS)
def test_a_regressor_is_stored_listed_read_and_removed(client: TestClient, order: dict[str, Any]) -> None:
    stored = add(client, order)
    own = f"/v1/regressors/{stored['id']}"
    assert stored["name"] == order["name"]
    assert stored["selection"] == order.get("selection", {})
    assert stored["values"] == order.get("values", [])
    assert client.get(own).json() == stored
    assert client.get("/v1/regressors").json() == [{**stored, "values": []}]
    assert client.delete(own).json() == stored
    assert client.get("/v1/regressors").json() == []
    gone = client.delete(own)
    assert gone.status_code == 404
    assert "GET /v1/regressors" in gone.json()["detail"]


def test_holidays_are_kept_as_what_they_are_made_from(client: TestClient) -> None:
    stored = add(client, HOLIDAYS)
    assert stored["holidays"] == "US:America/New_York"
    assert stored["until"] is None


def test_regressors_are_paged(client: TestClient) -> None:
    ids = [add(client, LAUNCH)["id"] for _ in range(3)]
    first = client.get("/v1/regressors?limit=2")
    assert [each["id"] for each in first.json()] == ids[:2]
    second = client.get(first.links["next"]["url"])
    assert [each["id"] for each in second.json()] == ids[2:]


def test_a_calendar_becomes_a_regressor_that_is_one_while_an_event_is_under_way(client: TestClient) -> None:
    answer = client.post(
        "/v1/regressors/calendar?name=fairs&time_zone=Europe/Berlin&region=eu",
        content=CALENDAR,
        headers={"content-type": "text/calendar; charset=utf-8"},
    )
    assert answer.status_code == 201, answer.text
    stored = answer.json()
    assert stored["selection"] == {"region": ["eu"]}
    assert {"timestamp": "2025-03-09T23:00:00Z", "value": 1.0} in stored["values"]
    assert {"timestamp": "2025-03-11T23:00:00Z", "value": 0.0} in stored["values"]
    assert {"timestamp": "2028-03-09T23:00:00Z", "value": 1.0} in stored["values"]


def step(timestamp: str, value: float) -> dict[str, Any]:
    return {"timestamp": timestamp, "value": value}


@pytest.mark.parametrize(
    ("order", "told"),
    [
        ({"name": "p"}, "give either values or holidays"),
        ({**HOLIDAYS, "until": "2026-01-01T00:00:00Z"}, "leave out until and effect"),
        ({**HOLIDAYS, "holidays": {"country": "XX", "time_zone": "UTC"}}, "no holidays are known of 'XX'"),
        ({**HOLIDAYS, "holidays": {"country": "US", "time_zone": "Mars/Base"}}, "no time zone 'Mars/Base'"),
        ({**PRICE, "colour": "red"}, "colour"),
        ({**PRICE, "until": None}, "evenly|gap|hours apart|bucket"),
        ({**PRICE, "until": "2025-02-01T00:00:00Z"}, "does not come after"),
        ({**PRICE, "values": [step("2025-01-01T00:00:00", 1.0)]}, "timezone"),
        ({**PRICE, "values": [step("1825-01-01T00:00:00Z", 1.0)]}, "correct the year"),
        ({**PRICE, "values": [step("2025-01-01T00:00:00Z", 1.0), step("2025-01-02T00:00:00Z", 1.0)]}, "is constant"),
        ({**PRICE, "name": "a\nb"}, "is no name"),
        ({**LAUNCH, "effect": {"operation": "multiply", "size": 0}}, "factor above zero"),
        ({**LAUNCH, "effect": {"operation": "multiply", "size": "inf"}}, "finite"),
        ({**LAUNCH, "selection": {"workload": ["play"]}}, "workload"),
    ],
)
def test_a_regressor_that_cannot_be_used_is_refused_with_the_reason(
    client: TestClient, order: dict[str, Any], told: str
) -> None:
    if order.get("until") is None and order["name"] == PRICE["name"]:
        order = {**order, "values": [*order["values"], step("2025-03-02T00:00:00Z", 1.0)]}
    answer = client.post("/v1/regressors", json=order)
    assert answer.status_code == 422
    assert any(part in answer.json()["detail"] for part in told.split("|")), answer.json()["detail"]
    assert client.get("/v1/regressors").json() == []


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [("hello", "text/calendar", 422), (CALENDAR, "text/csv", 415), (CALENDAR * 10_000, "text/calendar", 413)],
)
def test_what_is_no_calendar_is_refused(client: TestClient, body: str, media_type: str, status: int) -> None:
    answer = client.post("/v1/regressors/calendar?name=fairs", content=body, headers={"content-type": media_type})
    assert answer.status_code == status
    assert "computecast ingest" not in answer.json()["detail"]
