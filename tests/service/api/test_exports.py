from io import BytesIO, StringIO

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from service.store.engine import Store
from tests.service.api.fleet import publish, rows, send
from tests.service.api.test_outlooks import enter, live
from tests.service.report.fleets import tags, words

URL = "/v1/outlook?horizon=30&cost_short=9&cost_idle=3"


@pytest.fixture
def published(client: TestClient, store: Store) -> TestClient:
    """A client of the small fleet with a block, forecast by the hour."""
    send(client, rows())
    publish(store)
    enter(store, live("there", 400.0, region="eu"))
    return client


def test_json_is_what_one_gets_who_asks_for_nothing(published: TestClient) -> None:
    answer = published.get(URL)
    assert answer.headers["content-type"] == "application/json"
    assert "Accept" in answer.headers["vary"]


def test_csv_holds_the_numbers_of_the_answer_in_json(published: TestClient) -> None:
    told = {each["pool"]: each for each in published.get(URL).json()["pools"]}["eu"]
    answer = published.get(URL, headers={"accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="outlook.csv"'
    assert "Accept" in answer.headers["vary"]
    table = pd.read_csv(StringIO(answer.text), float_precision="round_trip")
    for counted in ("live", "committed", "everything"):
        own = table[(table.pool == "eu") & (table.commitment == counted)]
        np.testing.assert_array_equal(own.chance_short, told[counted]["chance_short"])
        np.testing.assert_array_equal(own.unmet_accelerators_p90, told[counted]["unmet"]["quantiles"]["0.9"])
        np.testing.assert_array_equal(own.cost_idle_usd_mean, told[counted]["cost_idle"]["mean"])
        np.testing.assert_array_equal(own.chance_breached_by_then, told[counted]["first_breach"]["chance_by"])


def test_classes_of_demand_are_a_table_of_their_own(published: TestClient) -> None:
    told = {each["pool"]: each for each in published.get(URL).json()["pools"]}["eu"]
    text = published.get(f"{URL}&table=classes", headers={"accept": "text/csv"}).text
    table = pd.read_csv(StringIO(text), float_precision="round_trip")
    training, inference = told["live"]["classes"]
    for each in (training, inference):
        own = table[(table["class"] == each["name"]) & (table.commitment == "live")]
        assert set(own.pool) == {"eu"}
        assert set(own.workload) == {each["workload"]}
        np.testing.assert_array_equal(own.demand_accelerators_mean, each["demand"])
        np.testing.assert_array_equal(own.unmet_accelerators_p90, each["unmet"]["quantiles"]["0.9"])
        np.testing.assert_array_equal(own.cost_short_usd_p50, each["cost_short"]["quantiles"]["0.5"])
    assert inference["demand"] != training["demand"]


def test_parquet_holds_the_table_of_the_csv(published: TestClient) -> None:
    answer = published.get(URL, headers={"accept": "application/vnd.apache.parquet"})
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    table = pd.read_parquet(BytesIO(answer.content))
    text = published.get(URL, headers={"accept": "text/csv"}).text
    told = pd.read_csv(StringIO(text), parse_dates=["timestamp"])
    pd.testing.assert_frame_equal(table.astype(told.dtypes.to_dict()), told)


def test_a_browser_gets_the_page_to_print(published: TestClient) -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    answer = published.get(URL, headers={"accept": browser})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert "svg" in tags(answer.text)
    assert "Capacity outlook" in words(answer.text)


def test_a_question_that_cannot_be_answered_is_a_problem_in_any_format(published: TestClient) -> None:
    answer = published.get("/v1/outlook?region=mars", headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_document_says_what_can_be_asked_for(client: TestClient) -> None:
    responses = client.get("/openapi.json").json()["paths"]["/v1/outlook"]["get"]["responses"]
    assert set(responses["200"]["content"]) == {
        "application/json",
        "text/csv",
        "application/vnd.apache.parquet",
        "text/html",
    }
