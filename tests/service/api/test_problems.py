import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.api.capacity_examples import BLOCK_ORDER, POOLS_ORDER
from service.api.covariate_examples import CALENDAR, EVENT_ORDERS, REGRESSOR_ORDERS
from service.api.scenario_examples import ORDER as SCENARIO_ORDER
from service.store.engine import Store

JSON = {"content-type": "application/json"}
ORDERS = {
    "/v1/regressors": REGRESSOR_ORDERS[0],
    "/v1/events": EVENT_ORDERS[0],
    "/v1/limits": {"level": 1, "start": "2025-01-06T00:00:00Z"},
    "/v1/capacity": BLOCK_ORDER,
    "/v1/capacity/plain": BLOCK_ORDER,
    "/v1/pools": POOLS_ORDER,
    "/v1/scenarios": SCENARIO_ORDER,
    "/v1/scenarios/plain": {**SCENARIO_ORDER, "name": "plain"},
    "/v1/scenarios/compare": {"scenarios": ["plain"]},
    "/v1/plans": {"cost_short": 1},
}
TABLES = {
    "/v1/observations": "timestamp,value\n2025-01-06T00:00:00Z,1\n",
    "/v1/queues": "timestamp,value\n2025-01-06T00:00:00Z,1\n",
    "/v1/capacity/import": "name,quantity,online\nplain,1,2027-01-01\n",
}
WITHOUT_STORE = {"/v1/scenarios/library"}
NEEDED = {
    "/v1/forecasts/revisions": {"start": "2025-01-07T06:00:00Z"},
    "/v1/observations": {"series_id": 1},
    "/v1/plans/1/comparison": {"with": 1},
}
NAMED = {"/v1/regressors/calendar": "?name=fairs", "/v1/events/calendar": ""}


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    return client.get("/openapi.json").json()


def is_problem(answer: Any, status: int) -> bool:
    return (
        answer.status_code == status
        and answer.headers["content-type"] == "application/problem+json"
        and answer.json()["status"] == status
        and bool(answer.json()["detail"])
    )


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Every operation that reads or writes data: its method, a path that can be asked, and its description."""
    ids = {"{series_id}": "1", "{run_id}": "any", "{regressor_id}": "1", "{event_id}": "1", "{limit_id}": "1"}
    ids |= {"{block_name}": "plain", "{accelerator}": "H100", "{scenario_name}": "plain", "{plan_id}": "1"}
    found = []
    for path, methods in document["paths"].items():
        asked = path
        for name, value in ids.items():
            asked = asked.replace(name, value)
        if path.startswith("/v1/") and path not in WITHOUT_STORE:
            found += [(method, asked, described) for method, described in methods.items()]
    return found


def ask(client: TestClient, method: str, path: str) -> Any:
    if method == "get":
        return client.get(path, params=NEEDED.get(path, {}))
    if method == "delete":
        return client.delete(path)
    if path in TABLES:
        return client.post(path, content=TABLES[path], headers={"content-type": "text/csv"})
    if path.endswith("/calendar"):
        return client.post(f"{path}{NAMED[path]}", content=CALENDAR, headers={"content-type": "text/calendar"})
    return client.request(method, path, json={} if method == "patch" else ORDERS.get(path, {}))


def test_a_store_that_is_gone_is_told_by_every_operation_as_documented(
    client: TestClient, document: dict[str, Any], store_url: str
) -> None:
    gone = Store(store_url.replace("store", "gone/store") if "sqlite" in store_url else store_url + "_gone")
    kept, client.app.state.store = client.app.state.store, gone
    for method, path, described in operations(document):
        answer = ask(client, method, path)
        assert is_problem(answer, 503), (method, path, answer.text)
        assert "try again" in answer.json()["detail"]
        assert list(described["responses"]["503"]["content"]) == ["application/problem+json"], (method, path)
    gone.close()
    client.app.state.store = kept


def test_what_nobody_foresaw_is_told_by_every_operation_as_documented(
    client: TestClient, document: dict[str, Any]
) -> None:
    kept, client.app.state.store = client.app.state.store, None
    for method, path, described in operations(document):
        answer = ask(client, method, path)
        assert is_problem(answer, 500), (method, path, answer.text)
        assert "NoneType" not in answer.text
        assert list(described["responses"]["500"]["content"]) == ["application/problem+json"], (method, path)
    client.app.state.store = kept


def test_an_unforeseen_error_does_not_promise_that_nothing_happened(client: TestClient) -> None:
    kept, client.app.state.store = client.app.state.store, None
    detail = client.post("/v1/training-runs", json={}).json()["detail"]
    client.app.state.store = kept
    assert "nothing" not in detail
    assert "GET /v1/training-runs" in detail


@pytest.mark.parametrize(
    "body",
    [b'{"kind": "\xff"}', b'{"selection": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", b'{"seed": ' + b"9" * 5_000 + b"}"],
    ids=["bad UTF-8", "deep nesting", "5000 digits"],
)
def test_a_body_that_is_no_readable_json_is_told_what_to_send(
    client: TestClient, document: dict[str, Any], body: bytes
) -> None:
    answer = client.post("/v1/training-runs", content=body, headers=JSON)
    assert is_problem(answer, 400), answer.text
    for said in ("UTF-8", "nesting", "digits"):
        assert said in answer.json()["detail"]
    responses = document["paths"]["/v1/training-runs"]["post"]["responses"]
    assert list(responses["400"]["content"]) == ["application/problem+json"]


@pytest.mark.parametrize(
    "order",
    [
        {"\ud800": 1},
        {"kind": "\ud800"},
        {"selection": {"region": "\ud800"}},
        {"selection": {"workload": ["\udfff"]}},
        {"selection": {"\ud800": ["a"]}},
    ],
)
def test_halves_of_characters_are_refused_and_can_be_shown(client: TestClient, order: dict[str, Any]) -> None:
    answer = client.post("/v1/training-runs", content=json.dumps(order), headers=JSON)
    assert is_problem(answer, 422), answer.text


def test_the_only_answer_of_readiness_that_is_no_problem_keeps_its_form(document: dict[str, Any]) -> None:
    assert list(document["paths"]["/readyz"]["get"]["responses"]["503"]["content"]) == ["application/json"]
