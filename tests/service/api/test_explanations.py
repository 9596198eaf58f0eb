import json

import numpy as np
import pytest
from fastapi.testclient import TestClient

from service.store.engine import Store
from tests.service.api.fleet import publish, rows, send
from tests.service.explaining import HORIZON, train
from tests.service.jobs.fleet import ingest


@pytest.fixture
def published(client: TestClient, store: Store) -> TestClient:
    """A client of the small fleet, whose forecasts have neither weights nor members."""
    send(client, rows())
    publish(store)
    return client


def ask(client: TestClient, query: str) -> dict:
    answer = client.get(f"/v1/forecasts/explain{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_explanation_holds_weights_members_parts_and_past_errors(client: TestClient, store: Store) -> None:
    ingest(store, 1)
    run_id = train(store)
    told = ask(client, "?series_id=1")
    assert (told["run_id"], told["model"], told["unit"]) == (run_id, "ensemble", "accelerators")
    assert told["data_cut_off"] == "2026-02-22T23:00:00Z"
    assert (told["timestamps"][0], len(told["timestamps"])) == ("2026-02-23T00:00:00Z", HORIZON)
    medians = {member["model"]: np.array(member["quantiles"]["0.5"]) for member in told["members"]}
    for stretch in told["stretches"]:
        leads = slice(stretch["first"] - 1, stretch["last"])
        mixed = sum(share * medians[name][leads] for name, share in stretch["weights"].items())
        np.testing.assert_allclose(mixed, told["quantiles"]["0.5"][leads], rtol=1e-6)
        assert stretch["past_errors"]["low"] <= stretch["past_errors"]["high"]
        assert "%" in stretch["widths"] or "as wide as" in stretch["widths"]
    parts = told["parts"]
    total = np.sum([parts["trend"], *parts["seasonal"].values(), parts["remainder"]], axis=0)
    np.testing.assert_allclose(total, told["quantiles"]["0.5"], rtol=1e-12)
    assert list(parts["seasonal"]) == ["daily", "weekly"]
    assert sum(member["weight"] for member in told["members"]) == pytest.approx(1)
    assert told["skill"] == pytest.approx(1 - told["backtest_loss"] / told["naive_loss"])
    assert told["untold"] == []


def test_the_explained_quantiles_are_those_that_are_served(client: TestClient, store: Store) -> None:
    ingest(store, 1)
    train(store)
    served = client.get("/v1/forecasts?horizon=50").json()
    told = ask(client, "?horizon=50")
    assert told["timestamps"] == served["timestamps"]
    # Served quantiles are those of 500 paths, so they lie between quantiles that are published.
    for level in ("0.1", "0.5", "0.9"):
        np.testing.assert_allclose(
            told["quantiles"][level], served["groups"][0]["inference"]["quantiles"][level], rtol=0.01
        )


def test_a_forecast_without_members_is_no_error(published: TestClient) -> None:
    told = ask(published, "?provider=bolt")
    assert (told["members"], told["model"]) == ([], "theta")
    assert told["stretches"][0]["weights"] == {"theta": 1.0}
    assert "older than such explanations" in told["untold"][0]
    assert (told["scores"], told["skill"]) == ({"theta": 0.6, "ets": 0.8}, pytest.approx(0.4))
    np.testing.assert_allclose(told["parts"]["trend"], 7.0, rtol=1e-6)


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("?series_id=99", 404, "GET /v1/series"),
        ("?series_id=1&provider=bolt", 404, "leave the filters or the id away"),
        ("?provider=nobody", 404, "no series is stored for provider in ['nobody']"),
        ("?series_id=1&granularity=day", 404, "POST /v1/training-runs"),
        ("", 422, "name one with series_id"),
        ("?provider=acme&region=eu", 422, "name one with series_id"),
        ("?series_id=1&horizon=49", 422, "at most 48"),
        ("?series_id=1&horizon=0", 422, "greater than or equal to 1"),
        ("?series_id=0", 422, "series_id"),
        ("?series_id=one", 422, "series_id"),
        ("?series_id=1&quantiles=0.5", 422, "quantiles"),
    ],
)
def test_a_question_that_cannot_be_answered_is_told_why(
    published: TestClient, query: str, status: int, said: str
) -> None:
    answer = published.get(f"/v1/forecasts/explain{query}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in json.dumps(answer.json(), ensure_ascii=False)
