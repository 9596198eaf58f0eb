"""What holds for all of the API."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from openapi_spec_validator import validate

from service.app import create_app
from service.settings import Settings
from service.store.unit_of_work import UnitOfWork
from tests.service.api.fleet import rows


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
                if status >= "400" and path != "/readyz":
                    assert list(response["content"]) == ["application/problem+json"], (path, status)


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
