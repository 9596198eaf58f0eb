"""What holds for all of the API."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from openapi_spec_validator import validate

from service.app import create_app
from service.settings import Settings
from service.store.engine import Store
from service.store.unit_of_work import UnitOfWork
from tests.service.api.fleet import publish, rows, send


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app(Settings()).openapi()


def test_the_openapi_document_is_valid_and_of_version_3_1(document: dict[str, Any]) -> None:
    validate(document)
    assert document["openapi"].startswith("3.1")


def test_every_operation_says_what_it_does_and_which_problems_it_answers(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["description"], path
            for status, response in operation["responses"].items():
                if status in {"404", "409", "413", "415", "422"}:
                    assert list(response["content"]) == ["application/problem+json"], (path, status)


def test_the_examples_of_request_bodies_are_accepted(client: TestClient, document: dict[str, Any]) -> None:
    content = document["paths"]["/v1/observations"]["post"]["requestBody"]["content"]
    tried = 0
    for media_type, described in content.items():
        if "example" in described:
            example = described["example"]
            send(client, example if isinstance(example, str) else json.dumps(example), media_type)
            tried += 1
    assert tried >= 2
    for example in document["components"]["schemas"]["RunOrder"]["examples"]:
        assert client.post("/v1/training-runs", json=example).status_code == 202


def test_the_examples_in_the_documents_paths_can_be_asked(client: TestClient, store: Store) -> None:
    send(client, rows())
    publish(store)
    for question in ("/v1/forecasts?horizon=24&quantiles=0.1,0.5,0.9", "/v1/series?workload=training", "/v1/models"):
        assert client.get(question).status_code == 200


def test_docs_and_the_document_are_served(client: TestClient) -> None:
    assert client.get("/docs").status_code == 200
    assert client.get("/openapi.json").json()["info"]["title"] == "computecast"


def test_the_service_is_alive_and_ready(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    readiness = client.get("/readyz").json()
    assert readiness == {"ready": True, "database": True, "schema_is_current": True, "workers": 0}


def test_unknown_paths_and_methods_are_problems(client: TestClient) -> None:
    for answer, status in ((client.get("/nowhere"), 404), (client.delete("/v1/series"), 405)):
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]


def test_a_commit_that_fails_is_a_problem_and_never_a_success(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(unit: UnitOfWork) -> None:
        raise RuntimeError("the disk is full, at /secret/path")

    before = client.get("/v1/series").json()
    monkeypatch.setattr("sqlalchemy.engine.base.RootTransaction.commit", fail)
    answer = client.post("/v1/observations", content=rows(), headers={"content-type": "text/csv"})
    monkeypatch.undo()
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert client.get("/v1/series").json() == before
