import json

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from scipy import stats

from demand.calendar import Granularity
from planning.estimates import Estimate
from planning.ledger import MEGAWATTS, Block, Phase
from planning.states import CommitmentState
from service.store.engine import Store
from tests.service.api.fleet import HORIZON, START, publish, rows, send

LEVELS = (0.1, 0.5, 0.9)


def live(name: str, quantity: float, **more: object) -> Block:
    there = pd.Timestamp("2024-01-01", tz="UTC")
    return Block(name, quantity, there, phase=Phase.LIVE, state=CommitmentState.ACTIVE, **more)  # type: ignore[arg-type]


def ahead(name: str, quantity: float, hours: int, state: CommitmentState, **more: object) -> Block:
    return Block(name, quantity, START + pd.Timedelta(hours=hours), state=state, **more)  # type: ignore[arg-type]


def enter(store: Store, *blocks: Block) -> None:
    with store.begin() as unit:
        unit.capacity.save(blocks)


@pytest.fixture
def published(client: TestClient, store: Store) -> TestClient:
    """A client of the small fleet, forecast by the hour."""
    send(client, rows())
    publish(store)
    return client


def ask(client: TestClient, query: str = "") -> dict:
    answer = client.get(f"/v1/outlook{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def pool(told: dict, name: str) -> dict:
    (found,) = [each for each in told["pools"] if each["pool"] == name]
    return found


def demand_of(client: TestClient, region: str) -> dict[str, np.ndarray]:
    """Paths of demand per workload as the forecasts serve them, shape (n_paths, n_steps)."""
    served = client.get(f"/v1/forecasts/paths?paths=500&region={region}").json()["groups"][0]["workloads"]
    return {workload: np.array(paths) for workload, paths in served.items()}


def test_the_outlook_is_what_the_paths_of_the_forecasts_meet_of_the_ledger(published: TestClient, store: Store) -> None:
    enter(store, live("there", 400.0, region="eu"), ahead("more", 40.0, 10, CommitmentState.PENDING, region="eu"))
    told = pool(ask(published, "?horizon=30"), "eu")
    demand = demand_of(published, "eu")
    total = demand["total"][:, :30]
    for counted, supply in (("live", np.full(30, 400.0)), ("committed", 400.0 + 40.0 * (np.arange(30) >= 10))):
        found, short = told[counted], np.maximum(total - supply, 0)
        np.testing.assert_allclose(found["supply"], supply)
        np.testing.assert_allclose(found["chance_short"], (short > 0).mean(axis=0))
        np.testing.assert_allclose(found["unmet"]["mean"], short.mean(axis=0), atol=1e-9)
        np.testing.assert_allclose(found["idle"]["mean"], np.maximum(supply - total, 0).mean(axis=0), atol=1e-9)
        np.testing.assert_allclose(found["utilization"], np.minimum(total, supply).mean(axis=0) / supply)
        for level in LEVELS:
            expected = np.quantile(short, level, axis=0, method="hazen")
            np.testing.assert_allclose(found["unmet"]["quantiles"][str(level)], expected, atol=1e-9)
        room = np.array(found["headroom"])
        assert ((total + room > supply + 1e-6).mean(axis=0) <= 0.05).all()
        assert ((total + room + 0.5 > supply).mean(axis=0) > 0.045).all()
        broken = (short > 0).any(axis=1)
        assert found["first_breach"]["never"] == pytest.approx(1 - broken.mean())
        first = np.where(broken, (short > 0).argmax(axis=1), 30)
        np.testing.assert_allclose(found["first_breach"]["chance_by"], [(first <= step).mean() for step in range(30)])


def test_training_is_served_first(published: TestClient, store: Store) -> None:
    enter(store, live("there", 150.0, region="eu"))
    demand = demand_of(published, "eu")
    training, inference = pool(ask(published), "eu")["live"]["classes"]
    assert (training["workload"], inference["workload"]) == ("training", "inference")
    assert max(training["chance_short"]) == 0
    unmet = demand["inference"] - (150.0 - demand["training"])
    np.testing.assert_allclose(inference["unmet"]["mean"], unmet.mean(axis=0))


def test_one_normal_demand_falls_short_as_its_tail_says(published: TestClient, store: Store) -> None:
    enter(store, live("there", 330.0, region="eu"))
    told = ask(published, "?region=eu&workload=inference&paths=1000&cost_short=9&cost_idle=3")
    found = pool(told, "eu")
    short = 30 * (stats.norm.pdf(1) - stats.norm.sf(1))
    np.testing.assert_allclose(found["live"]["chance_short"], stats.norm.sf(1), atol=4 * np.sqrt(0.16 * 0.84 / 1000))
    np.testing.assert_allclose(found["live"]["unmet"]["mean"], short, atol=4 * 30 / np.sqrt(1000))
    target = 300 + 30 * stats.norm.ppf(0.75)
    np.testing.assert_allclose(found["target"]["supply"], target, atol=4 * 30 * 1.36 / np.sqrt(1000))
    np.testing.assert_allclose(found["live"]["cost_short"]["mean"], np.multiply(found["live"]["unmet"]["mean"], 9))
    money = sum(found["live"]["cost_short"]["mean"]) + sum(found["live"]["cost_idle"]["mean"])
    assert found["live"]["total_cost"]["mean"] == pytest.approx(money)
    assert sum(found["target"]["cost"]) < money
    assert told["remarks"] == ["demand is selected by workload and supply is not: all of it meets a part of the demand"]


def test_money_is_told_where_prices_are_known(published: TestClient) -> None:
    found = pool(ask(published, "?cost_short=9"), "eu")
    assert found["target"] is None
    assert found["live"]["cost_idle"] is None
    assert found["live"]["total_cost"] is None
    assert found["live"]["cost_short"]["mean"][0] == pytest.approx(9 * 400, rel=0.02)


def test_each_degree_of_commitment_counts_more(published: TestClient, store: Store) -> None:
    enter(
        store,
        live("there", 100.0, region="us"),
        ahead("signed", 10.0, 0, CommitmentState.PENDING, region="us"),
        ahead("talk", 1.0, 0, CommitmentState.PROPOSED, region="us"),
        ahead("gone", 1000.0, 0, CommitmentState.CANCELED, region="us"),
    )
    found = pool(ask(published), "us")
    assert [found[counted]["supply"][5] for counted in ("live", "committed", "everything")] == [100, 110, 111]


def test_slips_and_conversions_are_drawn(published: TestClient, store: Store) -> None:
    late = Estimate(0, 1, 2)
    block = ahead("late", 100.0, 0, CommitmentState.PENDING, region="us", slip_days=late, conversion=0.8)
    enter(store, block)
    found = np.array(pool(ask(published, "?paths=1000&slip_correlation=1"), "us")["committed"]["supply"]) / 100
    days = (np.arange(HORIZON) + 0.5) / 24
    # What is not there at the start is not early, so its slip is normal beyond that.
    score = 1.2815515655446004
    chance = 0.8 * (stats.norm.cdf((days - 1) * score) - stats.norm.cdf(-score)) / stats.norm.sf(-score)
    np.testing.assert_allclose(found, chance, atol=4 * np.sqrt(0.25 / 1000))


def test_pools_are_told_apart_as_asked(published: TestClient, store: Store) -> None:
    enter(store, live("h", 100.0, region="eu", accelerator="H100"), live("b", 50.0, region="us", accelerator="B200"))
    names = [[each["pool"] for each in ask(published, query)["pools"]] for query in ("", "?pool_by=region")]
    assert names == [["eu", "eu H100", "us", "us B200"], ["eu", "us"]]
    assert pool(ask(published, "?pool_by=region"), "eu")["live"]["supply"][0] == 100


def test_blocks_are_selected_with_demand(published: TestClient, store: Store) -> None:
    enter(store, live("a", 100.0, provider="acme", region="us"), live("b", 50.0, provider="bolt", region="us"))
    assert pool(ask(published, "?provider=bolt"), "us")["live"]["supply"][0] == 50


def test_megawatts_are_counted_where_the_power_of_one_is_known(published: TestClient, store: Store) -> None:
    enter(
        store,
        live("known", 1.0, region="eu", accelerator="H100", unit=MEGAWATTS),
        live("bare", 1.0, region="eu", unit=MEGAWATTS),
    )
    told = ask(published)
    assert 300 < pool(told, "eu H100")["live"]["supply"][0] < 1500
    assert [each["name"] for each in told["uncounted"]["live"]] == ["bare"]
    assert "no power is known for blocks that name no accelerator" in told["uncounted"]["live"][0]["reason"]


def test_an_empty_ledger_is_said_to_be_one(published: TestClient) -> None:
    told = ask(published, "?horizon=2")
    assert "enter blocks with POST /v1/capacity" in told["remarks"][0]
    assert (told["currency"], told["unit"]) == ("", "accelerators")
    assert pool(told, "us")["live"]["utilization"] == [None, None]
    assert pool(told, "us")["live"]["first_breach"]["quantiles"]["0.9"] == START.isoformat().replace("+00:00", "Z")


def test_the_coarsest_forecast_is_used_unless_another_is_asked_for(published: TestClient, store: Store) -> None:
    assert ask(published)["granularity"] == "hour"
    publish(store, granularity=Granularity.DAY, horizon=5)
    told = ask(published)
    assert (told["granularity"], len(told["timestamps"])) == ("day", 5)
    assert ask(published, "?granularity=hour&horizon=3")["granularity"] == "hour"


def test_what_is_not_in_accelerators_is_left_out_by_name(client: TestClient, store: Store) -> None:
    hours = pd.date_range("2025-01-05", periods=48, freq="h")
    lines = [f"{hour.isoformat()}Z,{unit},{unit},5" for hour in hours for unit in ("accelerators", "tokens_per_second")]
    send(client, "timestamp,tenant,unit,value\n" + "\n".join(lines))
    publish(store)
    told = ask(client)
    assert [left["series"]["tenant"] for left in told["left_out"]] == ["tokens_per_second"]
    answer = client.get("/v1/outlook?tenant=tokens_per_second")
    assert answer.status_code == 422
    assert "cannot be told in accelerators" in answer.json()["detail"]


def test_demand_in_megawatts_is_planned_in_accelerators(client: TestClient, store: Store) -> None:
    hours = pd.date_range("2025-01-05", periods=48, freq="h")
    lines = [f"{hour.isoformat()}Z,{name},megawatts,5" for hour in hours for name in ("H100", "unheard-of")]
    send(client, "timestamp,accelerator,unit,value\n" + "\n".join(lines))
    publish(store)
    told = ask(client)
    served = client.get("/v1/forecasts?accelerator=H100&unit=accelerators").json()["groups"][0]["total"]["mean"]
    np.testing.assert_allclose(pool(told, "H100")["demand"]["mean"], served)
    assert [left["series"]["accelerator"] for left in told["left_out"]] == ["unheard-of"]


POOLS = {
    "pools": [{"name": "europe", "regions": ["eu"]}, {"name": "america", "regions": ["us"]}],
    "classes": [
        {"name": "train", "home": "europe", "workload": "training", "cost_short": 9.0},
        {
            "name": "serve",
            "home": "europe",
            "workload": "inference",
            "elsewhere": ["america"],
            "priority": 1,
            "cost_short": 9.0,
        },
        {"name": "train far", "home": "america", "workload": "training", "cost_short": 6.0},
    ],
    "cost_idle": {"europe": 3.0, "america": 2.0},
}


def test_the_pools_in_force_say_what_serves_what_and_what_it_costs(published: TestClient, store: Store) -> None:
    enter(store, live("there", 300.0, region="eu"), live("far", 200.0, region="us"))
    assert client_put(published, POOLS) == 200
    told = ask(published, "?horizon=4")
    assert told["pools_version"] == 1
    assert [each["series"] if "series" in each else each["workload"] for each in told["unplaced"]] == ["unattributed"]
    europe, america = pool(told, "europe"), pool(told, "america")
    demand, far = demand_of(published, "eu"), demand_of(published, "us")["training"][:, :4]
    moved = np.maximum(demand["total"][:, :4] - 300, 0)
    spare = 200 - far
    np.testing.assert_allclose(europe["live"]["unmet"]["mean"], np.maximum(moved - spare, 0).mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(america["live"]["idle"]["mean"], np.maximum(spare - moved, 0).mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(
        america["live"]["cost_idle"]["mean"], np.multiply(america["live"]["idle"]["mean"], 2.0), atol=1e-6
    )
    assert (america["target"]["supply"] < np.mean(far, axis=0) + 20).all()
    apart = ask(published, "?horizon=4&pool_by=region")
    assert (apart["pools_version"], pool(apart, "eu")["live"]["cost_idle"]) == (0, None)


def test_the_target_weighs_classes_of_a_pool_that_differ_in_cost(published: TestClient) -> None:
    classes = [{**each, "cost_short": 9.0 - 4 * each.get("priority", 0)} for each in POOLS["classes"]]
    assert client_put(published, {**POOLS, "classes": classes}) == 200
    prices = {each["name"]: each["cost_short"] for each in classes}
    assert prices == {"train": 9.0, "serve": 5.0, "train far": 9.0}
    told = ask(published, "?horizon=4")
    target = pool(told, "europe")["target"]
    demand = demand_of(published, "eu")
    for step, (supply, cost) in enumerate(zip(target["supply"], target["cost"], strict=True)):
        training, total = demand["training"][:, step], demand["total"][:, step]

        def costs(at: float, training: np.ndarray = training, total: np.ndarray = total) -> float:
            missing = 9 * np.maximum(training - at, 0) + 5 * (np.maximum(total - at, 0) - np.maximum(training - at, 0))
            return float((missing + 3 * np.maximum(at - total, 0)).mean())

        grid = np.concatenate([training, total])
        assert costs(supply) == pytest.approx(min(map(costs, grid)))
        assert cost == pytest.approx(costs(supply))
    assert not any("no target" in remark for remark in told["remarks"])


def test_why_there_is_no_target_is_said(published: TestClient) -> None:
    told = ask(published, "?cost_short=9")
    assert pool(told, "eu")["target"] is None
    assert told["remarks"][-1] == (
        "no target is told for 'eu', 'us': nothing is known of what idleness costs there; give cost_short and "
        "cost_idle, or store them with PUT /v1/pools"
    )


def client_put(client: TestClient, pools: dict) -> int:
    answer = client.put("/v1/pools", json=pools)
    assert answer.status_code == 200, answer.text
    return answer.status_code


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("?region=mars", 404, "GET /v1/series"),
        ("?granularity=month", 404, "POST /v1/training-runs"),
        ("?horizon=49", 422, "at most 48"),
        ("?horizon=2&until=2025-01-08T00:00:00Z", 422, "either horizon or until"),
        ("?service_level=1", 422, "less than 1"),
        ("?sustained=0", 422, "greater than or equal to 1"),
        ("?cost_short=-1", 422, "greater than or equal to 0"),
        ("?cost_short=0&cost_idle=0", 422, "no supply is better than another"),
        ("?paths=1001", 422, "less than or equal to 1000"),
        ("?pool_by=tenant", 422, "pool_by"),
        ("?slip_correlation=2", 422, "slip_correlation"),
        ("?group_by=region", 422, "group_by"),
    ],
)
def test_a_question_that_cannot_be_answered_is_told_why(
    published: TestClient, query: str, status: int, said: str
) -> None:
    answer = published.get(f"/v1/outlook{query}")
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in json.dumps(answer.json(), ensure_ascii=False)


def test_what_was_never_forecast_is_said_to_need_a_run(client: TestClient) -> None:
    send(client, rows())
    answer = client.get("/v1/outlook")
    assert answer.status_code == 404
    assert "no forecast is published for everything" in answer.json()["detail"]
