from fastapi.testclient import TestClient

from service.store.engine import Store
from tests.service.api.fleet import MIXED, publish, rows, send


def test_a_run_is_accepted_and_can_be_watched_where_location_says(client: TestClient) -> None:
    answer = client.post("/v1/training-runs", json={"granularity": "day", "horizon": 30, "selection": {"region": "eu"}})
    assert answer.status_code == 202
    run = client.get(answer.headers["location"]).json()
    assert run["state"] == "queued"
    assert (run["kind"], run["granularity"], run["horizon"]) == ("retrain", "day", 30)
    assert run["selection"] == {"region": ["eu"]}


def test_a_run_reaches_as_far_as_its_granularity_goes_unless_told_otherwise(client: TestClient) -> None:
    assert client.post("/v1/training-runs", json={}).json()["horizon"] == 28 * 24
    assert client.post("/v1/training-runs", json={"granularity": "month"}).json()["horizon"] == 60


def test_a_run_tries_the_balanced_preset_unless_told_otherwise(client: TestClient) -> None:
    assert client.post("/v1/training-runs", json={}).json()["preset"] == "balanced"
    for preset in ("fast", "balanced", "best"):
        run = client.post("/v1/training-runs", json={"preset": preset}).json()
        assert client.get(f"/v1/training-runs/{run['id']}").json()["preset"] == preset


def test_a_horizon_beyond_the_limit_is_refused_and_no_run_is_made(client: TestClient) -> None:
    for horizon in (0, 673):
        answer = client.post("/v1/training-runs", json={"horizon": horizon})
        assert answer.status_code == 422
        assert "672" in answer.json()["detail"]
    assert client.get("/v1/training-runs").json() == []


def test_what_is_not_understood_is_refused(client: TestClient) -> None:
    for order in (
        {"kind": "guess"},
        {"colour": "red"},
        {"seed": -1},
        {"preset": "slow"},
        {"selection": {"colour": "red"}},
        [],
    ):
        assert client.post("/v1/training-runs", json=order).status_code == 422


def test_an_unknown_run_is_not_found(client: TestClient) -> None:
    for path in ("/v1/training-runs/nope", "/v1/training-runs/nope/series"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "nope" in answer.json()["detail"]


def test_runs_are_listed_newest_first_and_paged(client: TestClient) -> None:
    made = [client.post("/v1/training-runs", json={"seed": seed}).json()["id"] for seed in range(3)]
    first = client.get("/v1/training-runs?limit=2")
    second = client.get(first.headers["link"].split(">")[0].removeprefix("<"))
    assert [run["id"] for run in first.json() + second.json()] == made[::-1]


def test_what_became_of_each_series_is_told(client: TestClient, store: Store) -> None:
    send(client, rows())
    run_id = publish(store)
    results = client.get(f"/v1/training-runs/{run_id}/series").json()
    assert [(result["state"], result["model"]) for result in results] == [("done", "theta")] * 4
    assert results[0]["scores"] == {"theta": 0.6, "ets": 0.8}


def test_the_share_of_each_model_is_told_and_the_heaviest_is_the_champion(client: TestClient, store: Store) -> None:
    send(client, rows())
    run_id = publish(store, choice=MIXED)
    result = client.get(f"/v1/training-runs/{run_id}/series").json()[0]
    assert result["model"] == "ensemble"
    assert {name: round(share, 9) for name, share in result["weights"].items()} == {"theta": 0.7, "ets": 0.3}
    models = {model["name"]: model["champion_of"] for model in client.get("/v1/models").json() if model["champion_of"]}
    assert models == {"theta": 4}


def test_a_run_is_cancelled_and_stays_so(client: TestClient, store: Store) -> None:
    run_id = client.post("/v1/training-runs", json={}).json()["id"]
    for _ in range(2):
        answer = client.post(f"/v1/training-runs/{run_id}/cancel")
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert client.get(f"/v1/training-runs/{run_id}").json() == answer.json()


def test_a_run_that_has_ended_cannot_be_cancelled_and_one_that_is_unknown_neither(
    client: TestClient, store: Store
) -> None:
    send(client, rows())
    ended = client.post(f"/v1/training-runs/{publish(store)}/cancel")
    assert ended.status_code == 409
    assert "already succeeded" in ended.json()["detail"]
    assert client.post("/v1/training-runs/nope/cancel").status_code == 404
    assert client.post("/v1/training-runs/nope/cancel?colour=red").status_code == 422
