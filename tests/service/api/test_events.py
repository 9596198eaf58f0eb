from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.api.covariate_examples import CALENDAR, EVENT_ORDERS

OUTAGE, LAUNCH = EVENT_ORDERS


def add(client: TestClient, order: dict[str, Any]) -> dict[str, Any]:
    answer = client.post("/v1/events", json=order)
    assert answer.status_code == 201, answer.text
    stored: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"/v1/events/{stored['id']}"
    return stored


@pytest.mark.parametrize(("order", "treatment"), [(OUTAGE, "mask"), (LAUNCH, "model")])
def test_an_event_is_stored_listed_read_and_removed(client: TestClient, order: dict[str, Any], treatment: str) -> None:
    stored = add(client, order)
    own = f"/v1/events/{stored['id']}"
    assert {name: stored[name] for name in order} == order
    assert stored["treatment"] == treatment
    assert client.get(own).json() == stored
    assert client.get("/v1/events").json() == [stored]
    assert client.delete(own).json() == stored
    assert client.get("/v1/events").json() == []
    assert client.get(own).status_code == 404


def test_events_are_paged(client: TestClient) -> None:
    ids = [add(client, OUTAGE)["id"] for _ in range(3)]
    first = client.get("/v1/events?limit=2")
    assert [each["id"] for each in client.get(first.links["next"]["url"]).json()] == ids[2:]


def test_every_occurrence_of_a_calendar_becomes_an_event(client: TestClient) -> None:
    answer = client.post(
        "/v1/events/calendar?time_zone=Europe/Berlin&treatment=model&workload=training",
        content=CALENDAR,
        headers={"content-type": "text/calendar"},
    )
    assert answer.status_code == 201, answer.text
    first, second, *_ = answer.json()
    assert (first["name"], first["treatment"], first["selection"]) == (
        "Trade fair",
        "model",
        {"workload": ["training"]},
    )
    assert (first["start"], first["end"]) == ("2025-03-09T23:00:00Z", "2025-03-11T23:00:00Z")
    assert second["start"] == "2026-03-09T23:00:00Z"


@pytest.mark.parametrize(
    ("order", "told"),
    [
        ({**OUTAGE, "end": OUTAGE["start"]}, "not after its start"),
        ({**OUTAGE, "end": None}, "has no end; give one"),
        ({**OUTAGE, "effect": {"operation": "add", "size": 3}, "treatment": "mask"}, "choose the treatment model"),
        ({**OUTAGE, "treatment": "hide"}, "mask"),
        ({**OUTAGE, "start": "2025-01-06T02:00:00"}, "timezone"),
        ({**OUTAGE, "start": "0001-01-01T00:00:00Z"}, "correct the year"),
        ({**OUTAGE, "note": "a\0b"}, "control character"),
    ],
)
def test_an_event_that_cannot_be_used_is_refused_with_the_reason(
    client: TestClient, order: dict[str, Any], told: str
) -> None:
    answer = client.post("/v1/events", json=order)
    assert answer.status_code == 422
    assert told in answer.json()["detail"]
    assert client.get("/v1/events").json() == []


def test_a_calendar_without_events_is_refused(client: TestClient) -> None:
    empty = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\nEND:VCALENDAR\r\n"
    answer = client.post("/v1/events/calendar", content=empty, headers={"content-type": "text/calendar"})
    assert answer.status_code == 422
    assert "has no event" in answer.json()["detail"]
