"""The examples in the OpenAPI document, asked and held against what they are examples of."""

import json
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

from demand.calendar import Granularity
from service.cli.serving import questions
from service.store.engine import Store
from tests.service.api.fleet import publish, send

JSON = "application/json"


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    return client.get("/openapi.json").json()


@pytest.fixture
def run_id(client: TestClient, store: Store, document: dict[str, Any]) -> str:
    """A run that has published forecasts of two days of the row that the document gives as example."""
    example = document["paths"]["/v1/observations"]["post"]["requestBody"]["content"]["text/csv"]["example"]
    header, row = example.splitlines()
    start, rest = row.split(",", maxsplit=1)
    hours = pd.date_range(start, periods=48, freq="h")
    send(client, "\n".join([header, *(f"{hour.isoformat()},{rest}" for hour in hours)]))
    publish(store, granularity=Granularity.DAY, horizon=30)
    send_covariates(client, document)
    client.post("/v1/limits", json={"level": 1e6, "start": "2025-01-01T00:00:00Z"})
    send_capacity(client, document)
    send_scenarios(client, document)
    send_plans(client, document)
    return publish(store)


def send_covariates(client: TestClient, document: dict[str, Any]) -> None:
    """Store every example of a regressor and of an event."""
    for path, name in (("/v1/regressors", "RegressorOrder"), ("/v1/events", "EventOrder")):
        for example in document["components"]["schemas"][name]["examples"]:
            answer = client.post(path, json=example)
            assert answer.status_code == 201, answer.text


def send_capacity(client: TestClient, document: dict[str, Any]) -> None:
    """Store every example of a block, of a change of one and of pools, with the parameters that say who did it."""
    schemas = document["components"]["schemas"]
    for example in schemas["BlockOrder"]["examples"]:
        assert client.post("/v1/capacity", json=example).status_code == 201
    path = f"/v1/capacity/{schemas['BlockOrder']['examples'][0]['name']}"
    for version, example in enumerate(schemas["BlockPatch"]["examples"], start=1):
        answer = client.patch(path, json=example, params={"by": "anna", "note": "why", "expected_version": version})
        assert answer.status_code == 200, answer.text
    body = document["paths"]["/v1/capacity/import"]["post"]["requestBody"]["content"]["text/csv"]["example"]
    for dry_run in ("true", "false"):
        answer = client.post(
            f"/v1/capacity/import?dry_run={dry_run}", content=body, headers={"content-type": "text/csv"}
        )
        assert answer.json()["created"] == 1, answer.text
    for example in schemas["PoolsOrder"]["examples"]:
        assert client.put("/v1/pools", json=example).status_code == 200


def send_scenarios(client: TestClient, document: dict[str, Any]) -> None:
    """Store every example of a scenario."""
    for example in document["components"]["schemas"]["ScenarioOrder"]["examples"]:
        assert client.post("/v1/scenarios", json=example, params={"by": "anna", "note": "why"}).status_code == 201


def send_plans(client: TestClient, document: dict[str, Any]) -> None:
    """Ask for every example of a plan, by the day and in the days that are forecast, and then for the first again."""
    own = {"granularity": "day", "horizon": 10, "paths": 20, "at": "2025-01-08T00:00:00Z", "time_limit": 1}
    for example in document["components"]["schemas"]["PlanOrder"]["examples"]:
        answer = client.post("/v1/plans", json={**example, **own, "counted": "everything"}, params={"by": "anna"})
        assert answer.status_code == 201, answer.text


def gets(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(path, methods["get"]) for path, methods in document["paths"].items() if "get" in methods]


def examples_of(parameter: dict[str, Any], run_id: str) -> list[Any]:
    examples: list[Any] = parameter["schema"].get("examples", [])
    if "not in the future" in parameter["description"]:
        # Nor when the ledger of this test begins.
        return [datetime.now(UTC).isoformat()]
    is_run = parameter["name"] == "run_id" or "runs older" in parameter["description"]
    # Which ids runs will have cannot be known when the document is written.
    return [run_id] if is_run and examples else examples


def test_every_parameter_has_an_example_and_a_description(document: dict[str, Any]) -> None:
    lacking = [
        (method, path, parameter["name"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        for parameter in operation.get("parameters", [])
        if not parameter["schema"].get("examples") or not parameter.get("description")
    ]
    assert lacking == []


def test_every_question_is_answered_with_each_example_of_its_parameters(
    client: TestClient, document: dict[str, Any], run_id: str
) -> None:
    asked = 0
    for path, operation in gets(document):
        parameters = operation.get("parameters", [])
        given = {parameter["name"]: examples_of(parameter, run_id) for parameter in parameters}
        url = path.format(**{p["name"]: given[p["name"]][0] for p in parameters if p["in"] == "path"})
        required = {p["name"]: given[p["name"]][0] for p in parameters if p["in"] == "query" and p["required"]}
        tried = [{p["name"]: example} for p in parameters if p["in"] == "query" for example in given[p["name"]]]
        for question in [{}, *tried]:
            answer = client.get(url, params={**required, **question})
            assert answer.status_code == 200, (url, question, answer.text)
            asked += 1
    assert asked > 40


def test_every_example_of_a_body_is_accepted(client: TestClient, document: dict[str, Any]) -> None:
    content = document["paths"]["/v1/observations"]["post"]["requestBody"]["content"]
    for media_type, described in content.items():
        if described["schema"].get("format") != "binary":
            example = described["example"]
            report = send(client, example if isinstance(example, str) else json.dumps(example), media_type)
            assert report["inserted"] + report["unchanged"] == 1
    for parameter in document["paths"]["/v1/observations"]["post"]["parameters"]:
        for example in parameter["schema"]["examples"]:
            send(client, content["text/csv"]["example"], query=f"{parameter['name']}={example}")
    queued = document["paths"]["/v1/queues"]["post"]["requestBody"]["content"]["text/csv"]["example"]
    answer = client.post("/v1/queues", content=queued, headers={"content-type": "text/csv"})
    assert answer.json() == {"stored": 1}
    for example in document["components"]["schemas"]["LimitOrder"]["examples"]:
        assert client.post("/v1/limits", json=example).status_code == 201
    for example in document["components"]["schemas"]["AcceleratorOrder"]["examples"]:
        assert client.put("/v1/accelerators/H100", json=example).status_code == 200
    send_scenarios(client, document)
    for example in document["components"]["schemas"]["RunOrder"]["examples"]:
        assert client.post("/v1/training-runs", json=example).status_code == 202


def test_every_answer_has_an_example_that_is_one(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    checked = 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, response in operation["responses"].items():
                if not path.startswith("/v1/") or not status.startswith("2"):
                    continue
                schema = response["content"][JSON]["schema"]
                name = schema.get("items", schema)["$ref"].rsplit("/", 1)[1]
                assert schemas[name].get("examples"), (method, path, name)
                whole = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
                for example in schemas[name]["examples"]:
                    Draft202012Validator(whole).validate(example)
                    assert set(schemas[name]["required"]) <= example.keys() <= schemas[name]["properties"].keys()
                    checked += 1
    assert checked >= 10


def test_the_questions_that_serve_prints_are_answered(client: TestClient, run_id: str) -> None:
    asked = questions("http://testserver")
    assert len(asked) == 3
    for question in asked:
        assert client.get(question).status_code == 200, question
