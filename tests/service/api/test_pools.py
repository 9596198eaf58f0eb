from copy import deepcopy
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.api.capacity_examples import POOLS_ORDER
from tests.service.api.fleet import rows, send


def changed(*path: object, to: object) -> dict[str, Any]:
    """The example with another value at a place."""
    order: Any = deepcopy(POOLS_ORDER)
    place = order
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return order


def test_pools_follow_from_demand_and_supply_until_some_are_stored(client: TestClient) -> None:
    assert client.get("/v1/pools").json()["pools"] == []
    send(client, rows())
    client.post("/v1/capacity", json={"name": "a", "quantity": 1, "online": "2027-01-01T00:00:00Z", "region": "asia"})
    implied = client.get("/v1/pools").json()
    assert [pool["name"] for pool in implied["pools"]] == ["asia", "eu", "us"]
    assert (implied["version"], implied["changed_at"]) == (0, None)
    assert [(each["home"], each["workload"]) for each in implied["classes"]] == [
        ("eu", "training"),
        ("eu", "inference"),
        ("us", "training"),
        ("us", "unattributed"),
        ("asia", "unattributed"),
    ]


def test_pools_are_stored_with_who_and_read_as_they_were(client: TestClient) -> None:
    first = client.put("/v1/pools?by=anna&note=agreed&expected_version=0", json=POOLS_ORDER).json()
    assert {name: first[name] for name in POOLS_ORDER} == POOLS_ORDER
    assert (first["version"], first["changed_by"], first["note"]) == (1, "anna", "agreed")
    second = client.put("/v1/pools", json=changed("cost_idle", to={}), headers={"X-Actor": "ben"}).json()
    assert (second["version"], second["changed_by"]) == (2, "ben")
    assert client.get("/v1/pools").json() == second
    assert client.get("/v1/pools", params={"as_of": first["changed_at"]}).json() == first
    refused = client.put("/v1/pools?expected_version=1", json=POOLS_ORDER)
    assert (refused.status_code, "version 2 and not 1" in refused.json()["detail"]) == (409, True)


@pytest.mark.parametrize(
    ("order", "told"),
    [
        (
            changed("classes", 1, "elsewhere", to=[]) | {"classes": POOLS_ORDER["classes"][:1]},
            "'us B200' serves nothing",
        ),
        (changed("pools", 0, "rate", to=0), "rate 0 and serves nothing"),
        (changed("classes", 0, "elsewhere", to=["us B200"]), "training of 'eu H100' cannot move"),
        (changed("classes", 0, "home", to="mars"), "'mars', which is no pool"),
        (changed("pools", 1, "name", to="eu H100"), "two pools have the same name"),
        (changed("classes", 0, "cost_short", to=-1), "greater than or equal to 0"),
        (changed("cost_idle", to={"mars": 1}), "'mars', which is no pool"),
        (changed("unit", to="GPU hours"), "is no unit"),
        (changed("pools", to=[]), "at least 1 item"),
    ],
)
def test_pools_that_make_no_sense_are_refused_and_say_why(client: TestClient, order: dict, told: str) -> None:
    answer = client.put("/v1/pools", json=order)
    assert answer.status_code == 422
    assert told in answer.json()["detail"]
    assert client.get("/v1/pools").json()["version"] == 0
