import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from demand.calendar import Granularity, buckets
from planning.ledger import Block, Exit, Milestone, Phase, WayOut
from planning.states import CommitmentState
from service.app import create_app
from service.settings import Settings
from service.store.capacity_blocks import Signature
from service.store.engine import Store
from tests.service.api.fleet import publish, rows, send

START = pd.Timestamp("2025-01-07", tz="UTC")
STEPS = 20
HOURS = 24
AT = "2025-01-07T00:00:00Z"


def day(number: int) -> pd.Timestamp:
    return START + pd.Timedelta(days=number)


THERE = Block("there", 350.0, day(-90), region="eu", accelerator="", phase=Phase.LIVE, state=CommitmentState.ACTIVE)
NEXT = Block(
    "next",
    100.0,
    day(10),
    region="eu",
    phase=Phase.POWER,
    state=CommitmentState.PENDING,
    milestones={Phase.CHIPS: Milestone(day(9), 50_000.0)},
    ways_out=(WayOut(Exit.CANCEL, day(5), charge=1_000.0), WayOut(Exit.PAUSE, day(-1), months=3)),
)
PATHS = 100
ORDER = {"paths": PATHS, "granularity": "day", "horizon": STEPS, "region": ["eu"], "at": AT, "time_limit": 10}


def enter(store: Store, *blocks: Block, note: str = "") -> None:
    with store.begin() as unit:
        unit.capacity.save(blocks, Signature(note=note))


@pytest.fixture
def settings(store_url: str) -> Settings:
    """Settings by which forecasts are answered from as many paths as plans are made for."""
    return Settings(database_url=store_url, paths=PATHS)


@pytest.fixture
def published(client: TestClient, store: Store) -> TestClient:
    """A client of the small fleet, forecast by the day, with one block that serves and one to decide on."""
    send(client, rows())
    publish(store, granularity=Granularity.DAY, horizon=STEPS)
    enter(store, THERE, NEXT)
    return client


def make(client: TestClient, **order: Any) -> dict[str, Any]:
    answer = client.post("/v1/plans?by=anna", json={**ORDER, **order})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/plans/{told['id']}"
    return told


def refused(client: TestClient, status: int = 422, **order: Any) -> str:
    answer = client.post("/v1/plans", json={**ORDER, **order})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["detail"])


def advice(told: dict[str, Any], block: str) -> dict[str, Any]:
    (found,) = [each for each in told["blocks"] if each["block"] == block]
    return found


def short_and_idle(client: TestClient, supply: np.ndarray, short: float, idle: float) -> np.ndarray:
    """What shortage and idleness cost on each path of the forecasts."""
    served = client.get(f"/v1/forecasts/paths?paths={PATHS}&region=eu&granularity=day&horizon={STEPS}").json()["groups"]
    demand = np.array(served[0]["workloads"]["total"])
    missing, spare = np.maximum(demand - supply, 0), np.maximum(supply - demand, 0)
    return (HOURS * (short * missing + idle * spare)).sum(axis=1)


def test_the_plan_costs_what_the_paths_of_the_forecasts_say(published: TestClient) -> None:
    told = make(published, cost_short=10.0, cost_idle=1.0)
    supply = 350.0 + 100.0 * (np.arange(STEPS) >= 10)
    proceed = short_and_idle(published, supply, 10.0, 1.0) + 50_000.0
    cancel = short_and_idle(published, np.full(STEPS, 350.0), 10.0, 1.0) + 1_000.0
    assert advice(told, "next")["action"] == {"move": "proceed", "months": 0, "words": "proceed"}
    assert told["costs"]["expected"] == pytest.approx(proceed.mean())
    assert told["objective"] == pytest.approx(proceed.mean())
    (other,) = advice(told, "next")["alternatives"]
    assert other["action"]["move"] == "cancel"
    assert other["regret"] == pytest.approx(cancel.mean() - proceed.mean())
    assert advice(told, "next")["value"] == pytest.approx(cancel.mean() - proceed.mean())
    assert other["payments"] == pytest.approx(-49_000.0)
    quantiles = np.quantile(proceed, (0.1, 0.5, 0.9), method="hazen")
    np.testing.assert_allclose(list(told["costs"]["quantiles"].values()), quantiles)
    assert told["in_time"]
    assert told["gap"] <= 0.001


def test_a_plan_says_until_when_and_why_and_what_is_closed(published: TestClient) -> None:
    told = make(published, cost_short=10.0, note="monthly round")
    assert advice(told, "next")["decide_by"] == "2025-01-12T00:00:00Z"
    assert advice(told, "there")["decide_by"] is None
    assert "To proceed rather than to cancel saves" in advice(told, "next")["why"]
    (closed,) = told["closed"]
    assert (closed["block"], closed["kind"]) == ("next", "pause")
    assert "could be decided until 2025-01-06" in closed["reason"]
    assert (told["made_by"], told["note"]) == ("anna", "monthly round")
    assert told["information"]["value"] >= 0
    assert told["comparison"] is None


def test_a_plan_says_what_is_due_before_plans_are_made_again(published: TestClient) -> None:
    quarterly = make(published, cost_short=10.0)
    assert quarterly["review"]["at"] == "2025-04-07T00:00:00Z"
    assert quarterly["review"]["due"] == ["next"]
    assert quarterly["review"]["at_once"] == pytest.approx(quarterly["objective"])
    # Nothing else can be decided later, so nothing can follow what is seen.
    assert quarterly["review"]["objective"] is None
    assert "nothing that it could follow" in quarterly["review"]["reason"]
    assert [each["due"] for each in quarterly["blocks"]] == [each["block"] == "next" for each in quarterly["blocks"]]
    assert make(published, cost_short=10.0, review_months=0)["review"] is None


def test_a_block_that_is_not_worth_its_cost_is_cancelled(published: TestClient) -> None:
    assert advice(make(published, cost_short=0.01, cost_idle=1.0), "next")["action"]["move"] == "cancel"


def test_risk_weighs_the_dearest_paths(published: TestClient) -> None:
    told = make(published, cost_short=10.0, risk_weight=2.0, cvar_level=0.8)
    supply = 350.0 + 100.0 * (np.arange(STEPS) >= 10)
    costs = short_and_idle(published, supply, 10.0, 0.0) + 50_000.0
    tail = np.sort(costs)[-PATHS // 5 :].mean()
    assert told["costs"]["cvar"] == pytest.approx(tail)
    assert told["objective"] == pytest.approx(costs.mean() + 2 * tail)


def test_what_it_was_made_from_is_kept_with_it(published: TestClient, store: Store) -> None:
    told = make(published, cost_short=10.0)
    runs = published.get("/v1/training-runs").json()
    grounds = told["grounds"]
    assert grounds["run_ids"] == [runs[0]["id"]]
    assert (grounds["currency"], grounds["paths"], grounds["granularity"]) == ("USD", PATHS, "day")
    assert grounds["catalogue"]
    assert told["order"]["cost_short"] == 10.0
    with store.read() as unit:
        blocks = unit.capacity.find(as_of=pd.Timestamp(grounds["ledger_at"]).to_pydatetime())
    assert [each.block.name for each in blocks] == ["next", "there"]
    assert published.get(f"/v1/plans/{told['id']}").json() == told


def test_the_same_question_gets_the_same_plan(published: TestClient) -> None:
    one, other = (make(published, cost_short=10.0, cost_idle=1.0, seed=4) for _ in range(2))
    assert one["blocks"] == other["blocks"]
    assert one["objective"] == other["objective"]


def test_plans_are_listed_in_short_and_can_be_forgotten(published: TestClient) -> None:
    ids = [make(published, cost_short=price)["id"] for price in (10.0, 20.0)]
    page = published.get("/v1/plans?limit=1")
    assert [each["id"] for each in page.json()] == [ids[1]]
    assert page.json()[0]["actions"] == {"proceed": 2}
    assert page.headers["link"] == f'</v1/plans?limit=1&after={ids[1]}>; rel="next"'
    assert [each["id"] for each in published.get(f"/v1/plans?after={ids[1]}").json()] == [ids[0]]
    assert published.delete(f"/v1/plans/{ids[0]}").json()["id"] == ids[0]
    gone = published.get(f"/v1/plans/{ids[0]}")
    assert gone.status_code == 404
    assert "list what is with GET /v1/plans" in gone.json()["detail"]


def test_a_plan_is_compared_with_the_one_that_it_is_based_on(published: TestClient) -> None:
    before = make(published, cost_short=10.0, cost_idle=1.0)
    after = make(published, cost_short=0.01, cost_idle=1.0, based_on=before["id"])
    found = after["comparison"]
    assert (found["before"], found["after"], found["kept"]) == (before["id"], after["id"], 1)
    (change,) = found["changes"]
    assert (change["before"]["move"], change["after"]["move"]) == ("proceed", "cancel")
    assert "cost of shortage" in change["why"]
    assert found["objective_difference"] == pytest.approx(after["objective"] - before["objective"])
    asked = published.get(f"/v1/plans/{after['id']}/comparison?with={before['id']}").json()
    assert asked == found
    published.delete(f"/v1/plans/{before['id']}")
    assert published.get(f"/v1/plans/{after['id']}").json()["comparison"] is None


@pytest.fixture
def later(store_url: str) -> Iterator[TestClient]:
    """A client of a service over the same store whose clock shows the second day of the forecasts."""
    app = create_app(Settings(database_url=store_url))
    with TestClient(app, raise_server_exceptions=False) as client:
        app.state.store.close()
        app.state.store = Store(store_url, clock=lambda: day(2).to_pydatetime())
        yield client


def test_a_kept_plan_is_asked_again_for_now_and_says_what_changed(
    published: TestClient, later: TestClient, store: Store
) -> None:
    before = make(published, cost_short=10.0, cost_idle=1.0)
    dear = replace(NEXT, milestones={Phase.CHIPS: Milestone(day(9), 9_000_000.0)})
    enter(store, dear, note="the chips got dearer")
    answer = later.post(f"/v1/plans/{before['id']}/replan?by=ben&note=news")
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["planned_at"] == "2025-01-09T00:00:00Z"
    assert (told["made_by"], told["note"], told["based_on"]) == ("ben", "news", before["id"])
    (change,) = told["comparison"]["changes"]
    assert (change["block"], change["before"]["move"], change["after"]["move"]) == ("next", "proceed", "cancel")
    assert told["comparison"]["moved"][0]["what"] == "cost of all phases of next"
    assert "at" not in told["order"]
    assert later.post("/v1/plans/77/replan").status_code == 404


def test_a_scenario_happens_in_the_plan(published: TestClient) -> None:
    leaves = {
        "type": "tenant_leaves",
        "name": "all-leave",
        "selection": {"region": ["eu"]},
        "at": "2025-01-07T00:00:00Z",
        "share": 0.9,
    }
    assert published.post("/v1/scenarios", json={"name": "they-leave", "events": [leaves]}).status_code == 201
    told = make(published, cost_short=10.0, cost_idle=1.0, scenario={"name": "they-leave"})
    assert advice(told, "next")["action"]["move"] == "cancel"
    assert (told["grounds"]["scenario"], told["grounds"]["scenario_version"]) == ("they-leave", 1)
    assert "'nothing' is not stored" in refused(published, 404, cost_short=1.0, scenario={"name": "nothing"})


def test_a_scenario_takes_supply_away_in_the_plan(published: TestClient) -> None:
    gone = {
        "type": "lease_cancelled",
        "name": "hall-is-lost",
        "blocks": {"names": ["there"]},
        "at": "2025-01-07T00:00:00Z",
    }
    assert published.post("/v1/scenarios", json={"name": "lost", "events": [gone]}).status_code == 201
    told = make(published, cost_short=10.0, cost_idle=1.0, scenario={"name": "lost", "version": 1})
    costs = short_and_idle(published, 100.0 * (np.arange(STEPS) >= 10), 10.0, 1.0) + 50_000.0
    assert told["costs"]["expected"] == pytest.approx(costs.mean())


def test_power_is_kept_within_and_has_its_price(published: TestClient, store: Store) -> None:
    enter(store, Block("h", 100.0, day(-9), region="eu", accelerator="H100", phase=Phase.LIVE, state=THERE.state))
    each = {"": 0.001, "H100": 0.002}
    said = refused(published, cost_short=10.0, power_mw=0.5, megawatts_each=each)
    assert "no plan keeps the power cap of 0.5 MW from 2025-01-" in said
    assert "(the least that is possible is 0.55 MW); relax it" in said
    told = make(published, cost_short=10.0, power_mw=0.6, megawatts_each=each)
    (other,) = advice(told, "next")["alternatives"]
    assert (advice(told, "next")["action"]["move"], other["breaks_limit"], other["regret"]) == ("cancel", True, None)
    assert advice(told, "next")["value"] is None
    assert {price["kind"] for price in told["prices"]} <= {"power"}


def test_a_block_in_megawatts_draws_what_it_is_however_many_accelerators_that_may_be(
    published: TestClient, store: Store
) -> None:
    hall = Block("hall", 5.0, day(-9), region="eu", accelerator="H100", unit="megawatts")
    enter(store, replace(hall, phase=Phase.LIVE, state=THERE.state))
    each = {"": 1e-9}
    make(published, cost_short=10.0, power_mw=5.0001, megawatts_each=each)
    assert "no plan keeps the power cap of 5 MW" in refused(
        published, cost_short=10.0, power_mw=4.999, megawatts_each=each
    )


def test_a_block_without_known_power_is_named(published: TestClient) -> None:
    said = refused(published, cost_short=10.0, power_mw=5)
    assert (
        "block 'next' is of no accelerator that is named, whose power is not known; give it by megawatts_each" in said
    )


def test_limits_that_clash_are_named(published: TestClient) -> None:
    answer = published.post(
        "/v1/plans", json={**ORDER, "cost_short": 1, "budget": 100, "minimum_service": {"eu inference": 0.5}}
    )
    assert answer.status_code == 422, answer.text
    assert "no plan keeps the budget" in answer.json()["detail"]
    assert "relax it" in answer.json()["detail"]
    assert answer.json()["errors"] != []


def test_a_budget_for_each_step_must_be_one_for_each(published: TestClient) -> None:
    make(published, cost_short=10.0, budget_per_step=[60_000.0] * STEPS)
    assert "one number for each of the steps" in refused(published, cost_short=10.0, budget_per_step=[1.0, 2.0])


def test_an_empty_ledger_is_told_what_to_do(client: TestClient, store: Store) -> None:
    send(client, rows())
    publish(store, granularity=Granularity.DAY, horizon=STEPS)
    assert "holds no block" in refused(client, cost_short=10.0)


def test_what_was_never_forecast_is_said_to_need_a_run(client: TestClient) -> None:
    send(client, rows())
    assert "no day forecast is published" in refused(client, 404, cost_short=10.0)


def test_blocks_that_cannot_be_counted_are_told(published: TestClient, store: Store) -> None:
    enter(store, Block("power", 5.0, day(9), region="eu", unit="megawatts"))
    (left,) = make(published, cost_short=10.0)["grounds"]["uncounted"]
    assert left["name"] == "power"
    assert "no power is known" in left["reason"]


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ({}, "nothing is known of what shortage costs"),
        ({"cost_short": 1.0, "currency": "EUR"}, "amounts are given in EUR and the ledger is in USD"),
        ({"cost_short": 1.0, "at": "2025-03-01T00:00:00Z"}, "the forecast ends on 2025-01-27"),
        ({"cost_short": 1.0, "horizon": 21}, "at most 20"),
        ({"cost_short": 1.0, "paths": 501}, "less than or equal to 500"),
        ({"cost_short": -1.0}, "greater than or equal to 0"),
        ({"cost_short": 1.0, "time_limit": 301}, "a time limit of 301 s is over the 300 s"),
        ({"cost_short": 1.0, "time_limit": 0}, "greater than 0"),
        ({"cost_short": 1.0, "cvar_level": 1}, "less than 1"),
        ({"cost_short": 1.0, "minimum_service": {"eu cooking": 0.5}}, "'eu cooking', which is no class"),
        ({"cost_short": 1.0, "minimum_service": {"eu inference": 1.5}}, "less than or equal to 1"),
        ({"cost_short": 1.0, "counted": "live", "region": ["us"]}, "the ledger holds no block"),
        ({"cost_short": 0.0, "cost_idle": 0.0}, "no supply is better than another"),
        ({"cost_short": 1.0, "color": "red"}, "color"),
    ],
)
def test_a_plan_that_cannot_be_made_is_told_why(published: TestClient, order: dict[str, Any], said: str) -> None:
    assert said in refused(published, **order)


def test_a_plan_to_compare_with_must_be_kept(published: TestClient) -> None:
    assert "plan 9 is not kept" in refused(published, 404, cost_short=1.0, based_on=9)


def test_only_so_many_plans_are_made_at_once(published: TestClient) -> None:
    with published.app.state.plan_turns.turn():  # type: ignore[attr-defined]
        said = refused(published, 503, cost_short=1.0)
    assert "another plan is being made" in said
    make(published, cost_short=1.0)


def test_a_refused_plan_gives_its_turn_back(published: TestClient) -> None:
    for _ in range(2):
        refused(published)
    make(published, cost_short=1.0)


def test_time_that_is_over_is_told_with_the_gap_or_as_a_problem(published: TestClient, store: Store) -> None:
    enter(store, *(replace(NEXT, name=f"next {number}", quantity=10.0 + number) for number in range(12)))
    answer = published.post("/v1/plans", json={**ORDER, "cost_short": 5.0, "time_limit": 1e-6, "gap": 0.0})
    if answer.status_code == 201:
        assert answer.json()["gap"] >= 0
        assert not answer.json()["in_time"]
    else:
        assert answer.status_code == 503
        assert "allow more time" in answer.json()["detail"]


def test_the_steps_of_a_plan_are_those_of_the_forecast(published: TestClient) -> None:
    grounds = make(published, cost_short=10.0)["grounds"]
    edges = buckets(START, STEPS + 1, Granularity.DAY)
    assert json.dumps([grounds["start"], grounds["end"]]) == json.dumps(
        [edge.isoformat().replace("+00:00", "Z") for edge in (edges[0], edges[-1])]
    )


def test_a_plan_is_a_table_or_a_page_for_those_who_ask_for_it(published: TestClient) -> None:
    told = make(published, cost_short=4, cost_idle=1)
    path = f"/v1/plans/{told['id']}"
    table = pd.read_csv(io.BytesIO(published.get(path, headers={"accept": "text/csv"}).content))
    columns = published.get(path, headers={"accept": "application/vnd.apache.parquet"})
    pd.testing.assert_frame_equal(
        pd.read_parquet(io.BytesIO(columns.content))[["block", "planned"]], table[["block", "planned"]]
    )
    planned = table[table["planned"]].set_index("block")
    assert set(planned.index) == {each["block"] for each in told["blocks"]}
    assert len(table) == sum(1 + len(each["alternatives"]) for each in told["blocks"])
    assert planned.loc["next", "why"] == advice(told, "next")["why"]
    page = published.get(path, headers={"accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "Pacing plan" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


def test_service_of_a_class_is_asked_for_beside_a_pool_that_serves_none_before_it(
    published: TestClient, store: Store
) -> None:
    pools = {
        "pools": [{"name": "eu", "regions": ["eu"]}, {"name": "far", "regions": ["far"]}],
        "classes": [
            {"name": "eu training", "home": "eu", "workload": "training", "priority": 0, "cost_short": 4},
            {"name": "eu inference", "home": "eu", "workload": "inference", "priority": 1, "cost_short": 4},
            {"name": "far inference", "home": "far", "workload": "inference", "priority": 1, "cost_short": 4},
        ],
    }
    assert published.put("/v1/pools", json=pools).status_code == 200
    make(published, minimum_service={"eu training": 0.1})
    assert "budget" in refused(published, minimum_service={"eu training": 1.0}, budget=0)
