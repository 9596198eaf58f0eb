import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from scipy.stats import norm

from demand.calendar import Granularity
from demand.series import Selection
from service.app import create_app
from service.settings import Settings
from service.store.engine import Store
from tests.service.api.fleet import HORIZON, LAST, MIXED, publish, rows, send


@pytest.fixture
def published(client: TestClient, store: Store) -> TestClient:
    send(client, rows())
    publish(store)
    return client


def ask(client: TestClient, query: str) -> dict:
    answer = client.get(f"/v1/forecasts{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_one_answer_holds_training_inference_unattributed_and_total(published: TestClient) -> None:
    (group,) = ask(published, "?horizon=24&quantiles=0.1,0.5,0.9")["groups"]
    assert {name: group[name]["series"] for name in ("training", "inference", "unattributed", "total")} == {
        "training": 2,
        "inference": 1,
        "unattributed": 1,
        "total": 4,
    }
    assert group["unit"] == "accelerators"
    assert len(group["total"]["mean"]) == 24


def test_means_of_the_parts_add_up_to_the_total(published: TestClient) -> None:
    (group,) = ask(published, "?horizon=24")["groups"]
    parts = np.sum([group[name]["mean"] for name in ("training", "inference", "unattributed")], axis=0)
    np.testing.assert_allclose(parts, group["total"]["mean"], rtol=1e-12)
    np.testing.assert_allclose(group["total"]["mean"], 457.0, rtol=2e-3)


def test_quantiles_of_one_series_are_those_that_were_published(published: TestClient) -> None:
    (group,) = ask(published, "?provider=acme&workload=inference&quantiles=0.05,0.33,0.5,0.999")["groups"]
    for level in (0.05, 0.33, 0.5):
        expected = norm.ppf(level, loc=300, scale=30)
        np.testing.assert_allclose(group["inference"]["quantiles"][f"{level:g}"], expected, rtol=2e-3)
    assert group["training"] is None
    assert group["total"]["quantiles"] == group["inference"]["quantiles"]


def test_independent_errors_partly_cancel_in_the_total(published: TestClient) -> None:
    (group,) = ask(published, "?horizon=24&quantiles=0.9&provider=acme")["groups"]
    deviation = np.sqrt(10**2 + 30**2 + 5**2)
    np.testing.assert_allclose(np.mean(group["total"]["quantiles"]["0.9"]), 450 + 1.2816 * deviation, rtol=0.01)


def test_paths_of_the_parts_add_up_to_the_total_path_by_path(published: TestClient) -> None:
    answer = published.get("/v1/forecasts/paths?horizon=12&paths=50").json()
    (group,) = answer["groups"]
    parts = [np.array(group["workloads"][name]) for name in ("training", "inference", "unattributed")]
    assert parts[0].shape == (50, 12)
    np.testing.assert_allclose(np.sum(parts, axis=0), group["workloads"]["total"], rtol=1e-12)


def test_quantiles_are_those_of_the_paths(published: TestClient) -> None:
    paths = published.get("/v1/forecasts/paths?horizon=6&paths=500").json()["groups"][0]["workloads"]["total"]
    quantiles = ask(published, "?horizon=6&quantiles=0.25")["groups"][0]["total"]["quantiles"]["0.25"]
    np.testing.assert_allclose(np.quantile(paths, 0.25, axis=0, method="hazen"), quantiles)


def test_grouping_splits_by_dimension_and_the_groups_add_up(published: TestClient) -> None:
    groups = ask(published, "?horizon=6&group_by=provider,region")["groups"]
    assert [group["group"] for group in groups] == [
        {"provider": "acme", "region": "eu"},
        {"provider": "acme", "region": "us"},
        {"provider": "bolt", "region": "us"},
    ]
    together = ask(published, "?horizon=6")["groups"][0]["total"]["mean"]
    np.testing.assert_allclose(np.sum([group["total"]["mean"] for group in groups], axis=0), together, rtol=1e-12)


def test_a_part_of_the_fleet_gets_the_same_paths_alone_as_in_company(published: TestClient) -> None:
    alone = published.get("/v1/forecasts/paths?horizon=6&paths=9&provider=bolt").json()["groups"][0]
    company = published.get("/v1/forecasts/paths?horizon=6&paths=9&group_by=provider").json()["groups"][1]
    assert alone["workloads"] == company["workloads"]


def test_a_longer_window_begins_with_a_shorter_one(published: TestClient) -> None:
    long, short = ask(published, "?horizon=30"), ask(published, "?horizon=10")
    assert long["groups"][0]["total"]["mean"][:10] == short["groups"][0]["total"]["mean"]
    assert long["timestamps"][:10] == short["timestamps"]


def test_the_window_may_be_given_by_its_end(published: TestClient) -> None:
    answer = ask(published, "?until=2025-01-07T02:30:00%2B00:00")
    assert answer["timestamps"] == ["2025-01-07T00:00:00Z", "2025-01-07T01:00:00Z", "2025-01-07T02:00:00Z"]


def test_without_a_window_all_that_is_published_is_answered(published: TestClient) -> None:
    assert len(ask(published, "")["timestamps"]) == HORIZON


def test_every_series_is_told_with_model_run_cut_off_and_backtest_score(published: TestClient) -> None:
    (source,) = ask(published, "?provider=bolt")["sources"]
    assert source["model"] == "theta"
    assert source["data_cut_off"] == "2025-01-06T23:00:00Z"
    assert (source["backtest_loss"], source["naive_loss"], source["coverage_80"]) == (0.6, 1.0, 0.79)
    run = published.get(f"/v1/training-runs/{source['run_id']}").json()
    assert run["state"] == "succeeded"


def test_an_ensemble_is_told_with_the_share_of_each_member_the_heaviest_first(client: TestClient, store: Store) -> None:
    send(client, rows())
    publish(store, choice=MIXED)
    (source,) = ask(client, "?provider=bolt")["sources"]
    assert (source["model"], source["backtest_loss"], source["coverage_80"]) == ("ensemble", 0.5, 0.81)
    assert list(source["weights"].items()) == [("theta", pytest.approx(0.7)), ("ets", pytest.approx(0.3))]
    assert source["warnings"] == ["so it is"]


def test_where_the_naive_serves_nothing_is_said_of_the_ensemble_but_why(client: TestClient, store: Store) -> None:
    send(client, rows())
    publish(store, choice=replace(MIXED, served_by="seasonal_naive", fallback_reason="all failed"))
    (source,) = ask(client, "?provider=bolt")["sources"]
    assert (source["model"], source["weights"], source["coverage_80"]) == ("seasonal_naive", {}, None)
    assert source["warnings"] == ["seasonal_naive in place of ensemble: all failed", "so it is"]


def test_units_are_never_summed_together(client: TestClient, store: Store) -> None:
    send(client, rows())
    lines = rows().replace("value", "value,unit").splitlines()
    send(client, "\n".join([lines[0], *(f"{line},megawatts" for line in lines if "bolt" in line)]).replace("us", "eu"))
    publish(store)
    groups = ask(client, "?horizon=6")["groups"]
    assert [(group["unit"], group["total"]["series"]) for group in groups] == [("accelerators", 4), ("megawatts", 1)]


def test_a_series_whose_history_ended_long_before_is_left_out_with_the_reason(client: TestClient, store: Store) -> None:
    send(client, rows())
    newer = rows(last=LAST + pd.Timedelta(days=30)).splitlines()
    send(client, "\n".join([newer[0], *(line for line in newer if "bolt" in line)]))
    publish(store)
    answer = ask(client, "?horizon=6")
    assert [left["series"]["provider"] for left in answer["left_out"]] == ["acme"] * 3
    assert "select it apart" in answer["left_out"][0]["reason"]
    assert answer["groups"][0]["total"]["series"] == 1
    assert ask(client, "?horizon=6&provider=acme")["timestamps"][0] == "2025-01-07T00:00:00Z"


def test_a_series_that_is_new_since_the_last_run_is_left_out_with_the_reason(client: TestClient, store: Store) -> None:
    send(client, rows())
    publish(store)
    send(client, "timestamp,provider,value\n2025-01-06T00:00:00Z,newcomer,5\n")
    answer = ask(client, "?horizon=6")
    assert [left["series"]["provider"] for left in answer["left_out"]] == ["newcomer"]
    assert "new since the last run" in answer["left_out"][0]["reason"]
    assert ask(client, "?horizon=6&provider=acme")["left_out"] == []


def test_a_forecast_that_ends_before_the_others_begin_is_left_out_with_the_reason(
    client: TestClient, store: Store
) -> None:
    send(client, rows())
    publish(store, horizon=5)
    later = rows(last=LAST + pd.Timedelta(hours=10)).splitlines()
    send(client, "\n".join([later[0], *(line for line in later if "bolt" in line)]))
    publish(store, selection=Selection(provider=("bolt",)))
    answer = ask(client, "")
    assert [left["series"]["provider"] for left in answer["left_out"]] == ["acme"] * 3
    assert "its forecast ends before" in answer["left_out"][0]["reason"]
    assert len(answer["timestamps"]) == HORIZON


def test_a_forecast_that_is_shorter_than_the_others_is_named_where_it_is_too_short(
    client: TestClient, store: Store
) -> None:
    send(client, rows())
    publish(store)
    publish(store, horizon=5, selection=Selection(provider=("bolt",)))
    problem = client.get("/v1/forecasts?horizon=6").json()
    assert problem["status"] == 422
    assert "provider=bolt" in problem["detail"]
    assert "at most 5" in problem["detail"]
    assert len(ask(client, "?horizon=6&provider=acme")["timestamps"]) == 6


def test_weeks_on_different_weekdays_are_not_summed(client: TestClient, store: Store) -> None:
    lines = ["timestamp,provider,workload,value"]
    for provider, first in (("monday", "2024-01-01"), ("wednesday", "2024-01-03")):
        weeks = pd.date_range(first, periods=20, freq="7D", tz="UTC")
        lines += [f"{week.isoformat()},{provider},training,5" for week in weeks]
    send(client, "\n".join(lines))
    publish(store, granularity=Granularity.WEEK, horizon=10)
    answer = ask(client, "?granularity=week&until=2024-05-29T00:00:00Z")
    assert answer["groups"][0]["total"]["series"] == 1
    assert "weeks start on Monday" in answer["left_out"][0]["reason"]
    assert answer["timestamps"] == ["2024-05-22T00:00:00Z"]


def test_a_window_that_ends_in_the_far_future_is_refused_like_any_that_is_too_long(published: TestClient) -> None:
    for until in ("9999-12-31T23:59:59Z", "2262-04-12T00:00:00Z"):
        answer = published.get("/v1/forecasts", params={"until": until})
        assert answer.status_code == 422, until
        assert "at most 48" in answer.json()["detail"]


def test_levels_that_look_alike_are_told_apart(published: TestClient) -> None:
    group = ask(published, "?horizon=1&quantiles=0.1,0.1000001")["groups"][0]
    assert list(group["total"]["quantiles"]) == ["0.1", "0.1000001"]


def test_an_answer_that_would_be_too_large_is_refused_with_what_to_do(store_url: str, store: Store) -> None:
    settings = Settings(database_url=store_url, max_numbers_per_answer=100)
    with TestClient(create_app(settings)) as client:
        send(client, rows())
        publish(store)
        assert client.get("/v1/forecasts?horizon=20&quantiles=0.1,0.2,0.3,0.4,0.5").status_code == 200
        for question in ("?horizon=21&quantiles=0.1,0.2,0.3,0.4,0.5", "/paths?horizon=20&paths=6"):
            answer = client.get(f"/v1/forecasts{question}")
            assert answer.status_code == 422
            assert "shorter horizon" in answer.json()["detail"]


def test_days_are_answered_from_what_was_published_by_the_day(client: TestClient, store: Store) -> None:
    send(client, rows())
    publish(store, granularity=Granularity.DAY, horizon=30)
    answer = ask(client, "?granularity=day&horizon=2")
    assert answer["timestamps"] == ["2025-01-07T00:00:00Z", "2025-01-08T00:00:00Z"]


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("?horizon=0", 422, "greater than or equal to 1"),
        ("?horizon=49", 422, "at most 48"),
        ("?quantiles=0", 422, "strictly between 0 and 1"),
        ("?quantiles=0.5,1", 422, "quantile 1 is not strictly between"),
        ("?quantiles=abc", 422, "quantiles"),
        ("?quantiles=", 422, "quantiles"),
        ("?horizon=3&until=2025-01-08T00:00:00Z", 422, "not both"),
        ("?until=2025-01-01T00:00:00Z", 422, "is not after"),
        ("?until=2025-01-08T00:00:00", 422, "timezone"),
        ("?granularity=minute", 422, "granularity"),
        ("?group_by=colour", 422, "group_by"),
        ("?workload=serving", 422, "workload"),
        ("?colour=red", 422, "colour"),
        ("?provider=nobody", 404, "no series is stored for provider in ['nobody']"),
        ("?granularity=day", 404, "POST /v1/training-runs"),
    ],
)
def test_a_question_that_cannot_be_answered_is_told_why(
    published: TestClient, query: str, status: int, said: str
) -> None:
    answer = published.get(f"/v1/forecasts{query}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in json.dumps(answer.json(), ensure_ascii=False)
    assert answer.json()["status"] == status


def test_more_paths_than_are_drawn_are_refused(published: TestClient) -> None:
    answer = published.get("/v1/forecasts/paths?paths=501")
    assert answer.status_code == 422
    assert "500" in answer.json()["detail"]


def test_an_empty_store_says_that_nothing_is_stored(client: TestClient) -> None:
    answer = client.get("/v1/forecasts")
    assert answer.status_code == 404
    assert "no series is stored" in answer.json()["detail"]
