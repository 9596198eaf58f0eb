from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.api.queries import LARGEST_ID, is_storable, split_commas
from tests.service.api.fleet import rows, send


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("a", ["a"]),
        ("a, b", ["a", "b"]),
        (["a,b", "c"], ["a", "b", "c"]),
        ([5, "a,b"], [5, "a", "b"]),
        ([["a,b"]], [["a,b"]]),
        (5, 5),
        (None, None),
        ({"a,b": 1}, {"a,b": 1}),
    ],
)
def test_only_text_is_split_at_commas(given: Any, expected: Any) -> None:
    assert split_commas(given) == expected


@pytest.mark.parametrize("region", [5, [5], [None], [["eu"]], {"eu": 1}, [True]])
def test_names_that_are_no_text_are_refused_in_an_order(client: TestClient, region: Any) -> None:
    answer = client.post("/v1/training-runs", json={"selection": {"region": region}})
    assert answer.status_code == 422, answer.text
    assert "region" in answer.json()["detail"]


def test_more_names_than_a_database_takes_in_one_question_are_refused(client: TestClient) -> None:
    order = {"selection": {"region": ",".join("ab"[n % 2] for n in range(30_000))}}
    answer = client.post("/v1/training-runs", json=order)
    assert answer.status_code == 422, answer.text
    assert "1000 items" in answer.json()["detail"]


@pytest.mark.parametrize("text", ["\0", "a\nb", "\x7f", "\x9f", "\ud800"])
def test_no_database_takes_control_characters_and_halves_of_characters(text: str) -> None:
    assert not is_storable(text)


@pytest.mark.parametrize("text", ["", "eu-west", "Zürich, 東京", "a\u00a0b", "\U0001f600"])
def test_all_other_text_is_storable(text: str) -> None:
    assert is_storable(text)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/series?provider=%00", 422),
        ("/v1/series?tenant=a,b%07c", 422),
        ("/v1/forecasts?provider=%00", 422),
        ("/v1/training-runs/%00", 404),
        ("/v1/training-runs/%00/series", 404),
        ("/v1/training-runs?after=%00", 404),
    ],
)
def test_control_characters_are_refused_in_questions(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    assert "control character" in answer.text or "there is no training run \\\\x00" in answer.text


def test_control_characters_are_refused_in_the_source_of_rows(client: TestClient) -> None:
    answer = client.post("/v1/observations?source=%00", content=rows(), headers={"content-type": "text/csv"})
    assert answer.status_code == 422, answer.text
    assert "source" in answer.json()["detail"]
    assert client.get("/v1/series").json() == []


@pytest.mark.parametrize("number", [LARGEST_ID + 1, 2**63, 2**64, -1])
def test_ids_that_no_database_holds_are_refused_everywhere(client: TestClient, number: int) -> None:
    run_id = client.post("/v1/training-runs", json={}).json()["id"]
    for path in (
        f"/v1/series/{number}",
        f"/v1/series/{number}/audit",
        f"/v1/series?after={number}",
        f"/v1/observations?series_id={number}",
        f"/v1/training-runs/{run_id}/series?after={number}",
    ):
        answer = client.get(path)
        assert answer.status_code == 422, (path, answer.text)
        assert "than or equal to" in answer.json()["detail"]


def test_the_largest_id_is_only_not_found(client: TestClient) -> None:
    assert client.get(f"/v1/series/{LARGEST_ID}").status_code == 404
    assert client.get(f"/v1/series?after={LARGEST_ID}").json() == []


def test_a_misspelt_parameter_is_refused_by_every_operation(client: TestClient) -> None:
    send(client, rows())
    run_id = client.post("/v1/training-runs", json={}).json()["id"]
    asked = 0
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method in methods:
            if not path.startswith("/v1/"):
                continue
            url = path.replace("{series_id}", "1").replace("{run_id}", run_id)
            required = {"series_id": 1} if url == "/v1/observations" and method == "get" else {}
            sent = {"json": {}} if url == "/v1/training-runs" and method == "post" else {}
            answer = client.request(method, url, params={**required, "colour": "red"}, **sent)
            assert answer.status_code == 422, (method, path, answer.text)
            assert "colour" in answer.json()["detail"]
            asked += 1
    assert asked >= 12
    assert len(client.get("/v1/training-runs").json()) == 1
