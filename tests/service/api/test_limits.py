import numpy as np
import pytest
from fastapi.testclient import TestClient

from service.store.engine import Store
from tests.service.api.fleet import LAST, publish, rows, send

BEFORE = "2025-01-01T00:00:00Z"


@pytest.fixture
def published(client: TestClient, store: Store) -> TestClient:
    """Acme's inference is forecast to be 300, give or take 30."""
    send(client, rows())
    publish(store)
    return client


def limit(client: TestClient, level: float, **order: object) -> dict:
    answer = client.post("/v1/limits", json={"level": level, "start": BEFORE, **order})
    assert answer.status_code == 201, answer.text
    assert client.get(answer.headers["location"]).json() == answer.json()
    return answer.json()


def ask(client: TestClient, query: str) -> dict:
    answer = client.get(f"/v1/forecasts?horizon=12&quantiles=0.1,0.5,0.9&{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def total(answer: dict) -> dict:
    return answer["groups"][0]["total"]


INFERENCE = "provider=acme&workload=inference"


def test_a_limit_is_stored_listed_and_forgotten(client: TestClient) -> None:
    made = limit(client, 640, selection={"region": ["eu"]}, kind="quota", end="2026-01-01T00:00:00Z")
    assert (made["level"], made["kind"], made["selection"]) == (640, "quota", {"region": ["eu"]})
    assert client.get("/v1/limits").json() == [made]
    assert client.delete(f"/v1/limits/{made['id']}").json() == made
    assert client.get("/v1/limits").json() == []
    assert client.delete(f"/v1/limits/{made['id']}").status_code == 404


def test_a_page_of_limits_points_to_the_next(client: TestClient) -> None:
    made = [limit(client, level) for level in (10, 20)]
    answer = client.get("/v1/limits?limit=1")
    assert answer.json() == made[:1]
    assert client.get(answer.links["next"]["url"]).json() == made[1:]


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ({"level": 0, "start": BEFORE}, "greater than 0"),
        ({"level": 5}, "start"),
        ({"level": 5, "start": "2025-01-01T00:00:00"}, "timezone"),
        ({"level": 5, "start": BEFORE, "end": BEFORE}, "not after its start"),
        ({"level": 5, "start": BEFORE, "unit": "Mega Watts"}, "no unit"),
        ({"level": 5, "start": "0001-01-01T00:00:00+14:00"}, "correct the year"),
        ({"level": 1e300, "start": BEFORE}, "less than or equal"),
        ({"level": 5, "start": BEFORE, "selection": {"region": ["a\u0000b"]}}, "control character"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(client: TestClient, order: dict, said: str) -> None:
    answer = client.post("/v1/limits", json=order)
    assert answer.status_code == 422
    assert said in answer.text


def test_a_limit_below_the_last_value_is_refused_with_the_value(published: TestClient) -> None:
    answer = published.post(
        "/v1/limits", json={"level": 250, "start": BEFORE, "selection": {"workload": ["inference"]}}
    )
    assert answer.status_code == 422
    assert "had 300 in use at 2025-01-06T23:00:00" in answer.json()["detail"]
    assert "correct the level" in answer.json()["detail"]
    limit(published, 250, selection={"workload": ["inference"]}, start="2025-01-07T06:00:00Z")


def test_where_nothing_is_known_to_hold_use_down_use_is_forecast_and_is_demand(published: TestClient) -> None:
    plain, used, wanted = (
        ask(published, f"{INFERENCE}{measure}") for measure in ("", "&measure=utilization", "&measure=demand")
    )
    assert plain["measure"] == "utilization"
    assert total(plain) == total(used) == total(wanted)


def test_where_a_limit_is_known_demand_is_forecast_and_use_stays_within_it(published: TestClient) -> None:
    limit(published, 310, selection={"workload": ["inference"]})
    wanted, used = ask(published, INFERENCE), ask(published, f"{INFERENCE}&measure=utilization")
    assert (wanted["measure"], used["measure"]) == ("demand", "utilization")
    assert np.min(total(wanted)["quantiles"]["0.9"]) > 330
    np.testing.assert_allclose(total(used)["quantiles"]["0.9"], 310)
    np.testing.assert_allclose(total(used)["quantiles"]["0.1"], total(wanted)["quantiles"]["0.1"])
    assert np.max(total(used)["mean"]) < np.min(total(wanted)["mean"])


def test_use_of_a_limit_that_is_shared_never_exceeds_it_on_any_path(published: TestClient) -> None:
    limit(published, 455, selection={"provider": ["acme"]})
    answer = published.get("/v1/forecasts/paths?horizon=12&paths=200&provider=acme&measure=utilization").json()
    paths = np.array(answer["groups"][0]["workloads"]["total"])
    assert answer["measure"] == "utilization"
    assert paths.max() == pytest.approx(455)
    assert (paths > 454.9).mean() > 0.3


def test_a_part_of_those_who_share_a_limit_gets_the_same_alone_as_in_company(published: TestClient) -> None:
    limit(published, 455, selection={"provider": ["acme"]})
    alone = published.get(f"/v1/forecasts/paths?horizon=6&paths=20&{INFERENCE}&measure=utilization").json()
    company = published.get("/v1/forecasts/paths?horizon=6&paths=20&provider=acme&measure=utilization").json()
    assert alone["groups"][0]["workloads"]["inference"] == company["groups"][0]["workloads"]["inference"]


def test_a_limit_ahead_cuts_use_from_its_start_on(published: TestClient) -> None:
    limit(published, 100, selection={"workload": ["inference"]}, start="2025-01-07T06:00:00Z")
    used = total(ask(published, f"{INFERENCE}&measure=utilization"))["quantiles"]["0.5"]
    np.testing.assert_allclose(used, [300] * 6 + [100] * 6, rtol=5e-3)


def test_a_forecast_that_is_older_than_its_limit_says_so(published: TestClient) -> None:
    limit(published, 310, selection={"workload": ["inference"]})
    (source,) = ask(published, INFERENCE)["sources"]
    assert source["latent"] is None
    assert "a limit was stored after this forecast was made" in source["warnings"][0]
    (other,) = ask(published, "provider=bolt")["sources"]
    assert other["warnings"] == []


def test_queues_are_stored_beside_stored_series_only(published: TestClient) -> None:
    body = f"timestamp,provider,region,workload,value\n{LAST.isoformat()},acme,eu,inference,40\n"
    answer = published.post("/v1/queues", content=body, headers={"content-type": "text/csv"})
    assert (answer.status_code, answer.json()) == (200, {"stored": 1})
    strange = published.post("/v1/queues", content=body.replace("acme", "nobody"), headers={"content-type": "text/csv"})
    assert strange.status_code == 422
    assert "provider=nobody" in strange.json()["detail"]


def test_a_saturation_is_stored_and_shown_and_changes_neither_measure_nor_use(published: TestClient) -> None:
    before = ask(published, INFERENCE)
    made = limit(published, 310, selection={"workload": ["inference"]}, kind="saturation")
    assert made["kind"] == "saturation"
    after, used = ask(published, INFERENCE), ask(published, f"{INFERENCE}&measure=utilization")
    assert after["measure"] == before["measure"] == "utilization"
    assert total(after) == total(used) == total(before)
    assert after["sources"] == before["sources"]


def test_a_saturation_below_the_last_value_is_refused_with_the_value(published: TestClient) -> None:
    order = {"level": 250, "start": BEFORE, "selection": {"workload": ["inference"]}, "kind": "saturation"}
    answer = published.post("/v1/limits", json=order)
    assert answer.status_code == 422
    assert "saturation of 250 accelerators is below the last value" in answer.json()["detail"]
