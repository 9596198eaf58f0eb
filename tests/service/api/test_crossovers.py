import json

import numpy as np
import pytest
from fastapi.testclient import TestClient
from scipy.special import ndtri

from forecasting.quantiles import GRID
from service.store.engine import Store
from tests.service.api.fleet import CHOICE, HORIZON, publish, rows, send
from tests.service.explaining import publish_forecast


@pytest.fixture
def published(client: TestClient, store: Store) -> TestClient:
    """A client of the small fleet, forecast by the hour."""
    send(client, rows())
    publish(store)
    return client


def ask(client: TestClient, query: str = "") -> dict:
    answer = client.get(f"/v1/crossover{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_crossover_is_that_of_the_paths_of_the_forecasts(client: TestClient, store: Store) -> None:
    send(client, rows())
    growth = np.linspace(80.0, 120.0, HORIZON)[:, None]
    publish_forecast(store, CHOICE, growth * (1 + 0.1 * ndtri(np.array(GRID))), {})
    told = ask(client, "?region=eu")
    (group,) = told["groups"]
    served = client.get("/v1/forecasts/paths?paths=500&region=eu").json()["groups"][0]["workloads"]
    training, inference = np.array(served["training"]), np.array(served["inference"])
    np.testing.assert_allclose(group["ahead"], (inference > training).mean(axis=0))
    share = inference / (training + inference)
    np.testing.assert_allclose(group["share"]["mean"], share.mean(axis=0))
    np.testing.assert_allclose(
        group["share"]["quantiles"]["0.9"], np.quantile(share, 0.9, axis=0, method="hazen"), rtol=1e-9
    )
    first = [next((n for n in range(HORIZON) if all(row[n:])), HORIZON) for row in (inference > training).tolist()]
    chance = [np.mean([step <= at for step in first]) for at in range(HORIZON)]
    np.testing.assert_allclose(group["passes"]["chance_by"], chance)
    assert group["passes"]["never"] == pytest.approx(1 - chance[-1])
    assert 0 < group["passes"]["never"] < 1


def test_groups_without_one_of_the_workloads_have_passed_already_or_never_do(published: TestClient) -> None:
    eu, us = ask(published, "?group_by=region&horizon=5")["groups"]
    assert (eu["group"], eu["series"]) == ({"region": "eu"}, {"training": 1, "inference": 1, "unattributed": 0})
    assert (eu["passes"]["already"], eu["passes"]["quantiles"]["0.5"]) == (1.0, "2025-01-07T00:00:00Z")
    assert (us["passes"]["never"], us["passes"]["quantiles"]) == (1.0, {"0.1": None, "0.5": None, "0.9": None})
    assert us["share"]["mean"] == [0.0] * 5


def test_a_group_that_nobody_has_classified_is_not_told(published: TestClient) -> None:
    assert [each["group"] for each in ask(published, "?group_by=provider")["groups"]] == [{"provider": "acme"}]


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("?provider=bolt", 422, "name workloads in the history"),
        ("?region=mars", 404, "GET /v1/series"),
        ("?group_by=workload", 422, "group_by"),
        ("?horizon=500", 422, "at most 48"),
        ("?pool_by=region", 422, "pool_by"),
    ],
)
def test_a_question_that_cannot_be_answered_is_told_why(
    published: TestClient, query: str, status: int, said: str
) -> None:
    answer = published.get(f"/v1/crossover{query}")
    assert answer.status_code == status, answer.text
    assert said in json.dumps(answer.json(), ensure_ascii=False)
