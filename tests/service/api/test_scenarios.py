from typing import Any

import pytest
from fastapi.testclient import TestClient

LEAVES: dict[str, Any] = {
    "type": "tenant_leaves",
    "name": "leaves",
    "selection": {"workload": ["training"]},
    "at": "2025-01-07T12:00:00Z",
    "share": 0.5,
}
ORDER: dict[str, Any] = {"name": "partner-leaves", "description": "so it was told", "events": [LEAVES]}


def create(client: TestClient, order: dict[str, Any], query: str = "by=anna&note=why") -> dict[str, Any]:
    answer = client.post(f"/v1/scenarios?{query}", json=order)
    assert answer.status_code == 201, answer.text
    assert client.get(answer.headers["location"]).json() == answer.json()
    document: dict[str, Any] = answer.json()
    return document


def test_a_scenario_is_stored_changed_and_archived(client: TestClient) -> None:
    made = create(client, ORDER)
    assert (made["version"], made["recorded_by"], made["note"]) == (1, "anna", "why")
    assert made["events"][0]["share"] == 0.5
    changed = {**ORDER, "events": [{**LEAVES, "share": {"low": 0.2, "mid": 0.5, "high": 0.9}}]}
    answer = client.put("/v1/scenarios/partner-leaves?expected_version=1", json=changed)
    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    assert client.get("/v1/scenarios/partner-leaves?version=1").json()["events"] == made["events"]
    assert [each["version"] for each in client.get("/v1/scenarios/partner-leaves/versions").json()] == [1, 2]
    assert client.put("/v1/scenarios/partner-leaves?expected_version=1", json=ORDER).status_code == 409
    assert client.delete("/v1/scenarios/partner-leaves").json()["archived_at"] is not None
    assert client.get("/v1/scenarios").json() == []
    assert client.get("/v1/scenarios/partner-leaves?version=2").status_code == 200
    assert client.delete("/v1/scenarios/partner-leaves").status_code == 404


def test_what_is_shown_can_be_sent_again(client: TestClient) -> None:
    made = create(client, ORDER)
    again = {name: made[name] for name in ("name", "description", "based_on", "events")}
    assert client.put("/v1/scenarios/partner-leaves", json=again).json()["version"] == 1


def test_a_page_of_scenarios_points_to_the_next(client: TestClient) -> None:
    made = [create(client, {**ORDER, "name": name}) for name in ("a", "b")]
    answer = client.get("/v1/scenarios?limit=1")
    assert answer.json() == made[:1]
    assert client.get(answer.links["next"]["url"]).json() == made[1:]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "Partner Leaves"}, "pattern"),
        ({"name": "library"}, "name of a question"),
        ({"events": [{**LEAVES, "type": "meteor"}]}, "tenant_leaves"),
        ({"events": [{**LEAVES, "share": 2}]}, "between 0 and 1"),
        ({"events": [{**LEAVES, "share": {"low": 0.9, "mid": 0.5, "high": 1}}]}, "ascending"),
        ({"events": [{**LEAVES, "at": "2025-01-07T12:00:00"}]}, "timezone"),
        ({"events": [{**LEAVES, "shares": 1}]}, "Extra inputs"),
        ({"events": [LEAVES, LEAVES]}, "two events 'leaves'"),
        ({"events": [LEAVES, {**LEAVES, "name": "again"}]}, "leaves twice"),
        ({"based_on": ["partner-leaves"]}, "in a circle"),
    ],
)
def test_a_scenario_that_makes_no_sense_is_refused(client: TestClient, change: dict[str, Any], said: str) -> None:
    answer = client.post("/v1/scenarios", json={**ORDER, **change})
    assert answer.status_code == 422
    assert said in answer.text


def test_names_are_given_once_and_kept(client: TestClient) -> None:
    create(client, ORDER)
    assert client.post("/v1/scenarios", json=ORDER).status_code == 409
    answer = client.put("/v1/scenarios/partner-leaves", json={**ORDER, "name": "other"})
    assert (answer.status_code, "a name cannot be changed" in answer.text) == (422, True)
    assert client.put("/v1/scenarios/other", json={**ORDER, "name": "other"}).status_code == 404
    assert client.post("/v1/scenarios", json={"name": "x", "based_on": ["y"]}).status_code == 404


def test_every_example_of_the_library_can_be_stored_as_it_is(client: TestClient) -> None:
    examples = client.get("/v1/scenarios/library?start=2026-01-01T00:00:00Z").json()
    assert "pacing-2025" in [each["name"] for each in examples]
    for example in examples:
        made = create(client, example)
        assert made["events"] == example["events"]
    assert examples[0]["events"][1]["begins"] == "2026-01-01T00:00:00Z"
    assert client.get("/v1/scenarios/library").json()[0]["name"] == "pacing-2025"
