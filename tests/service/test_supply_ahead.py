"""Outlooks of the ledger as it was."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from service.store.engine import Store
from tests.service.api.fleet import publish, rows, send
from tests.service.api.test_outlooks import POOLS, ask, client_put, enter, live, pool


@pytest.fixture
def published(client: TestClient, store: Store) -> TestClient:
    """A client of the small fleet, forecast by the hour."""
    send(client, rows())
    publish(store)
    return client


def written(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def changes(client: TestClient) -> list[str]:
    """When the block was changed, the oldest first."""
    return [each["changed_at"] for each in client.get("/v1/capacity/there/changes").json()]


def test_the_ledger_is_read_as_it_was_at_any_instant(published: TestClient, store: Store) -> None:
    for quantity in (400.0, 100.0, 250.0):
        enter(store, live("there", quantity, region="eu"))
    first, second, third = changes(published)
    found = {at: ask(published, f"?horizon=2&as_of={at}") for at in (first, second, third)}
    assert [pool(each, "eu")["live"]["supply"][0] for each in found.values()] == [400, 100, 250]
    just_before = written(datetime.fromisoformat(second) - timedelta(microseconds=1))
    assert pool(ask(published, f"?as_of={just_before}"), "eu")["live"]["supply"][0] == 400
    now = ask(published, "?horizon=2")
    assert now["as_of"] is None
    assert not any("as of" in each for each in now["remarks"])
    assert (found[third]["pools"], found[second]["as_of"]) == (now["pools"], second)
    assert pool(found[first], "eu")["demand"] == pool(now, "eu")["demand"]


def test_an_answer_says_what_as_of_holds_for(published: TestClient, store: Store) -> None:
    enter(store, live("there", 400.0, region="eu"))
    (at,) = changes(published)
    (said,) = ask(published, f"?as_of={at}&cost_short=3&cost_idle=1")["remarks"]
    assert said.startswith("the ledger and the pools are as of ")
    assert "forecasts are those that are published now" in said
    (said,) = ask(published, f"?as_of={at}&pool_by=region&cost_short=3&cost_idle=1")["remarks"]
    assert said.startswith("the ledger is as of ")
    page = published.get(f"/v1/outlook?as_of={at}", headers={"accept": "text/html"}).text
    assert "the ledger and the pools are as of" in page


def test_pools_are_those_that_were_in_force(published: TestClient, store: Store) -> None:
    enter(store, live("there", 400.0, region="eu"))
    (at,) = changes(published)
    assert client_put(published, POOLS) == 200
    assert (ask(published, f"?as_of={at}")["pools_version"], ask(published)["pools_version"]) == (0, 1)


def test_an_instant_that_nothing_is_known_of_is_refused(published: TestClient, store: Store) -> None:
    def refusal(instant: str) -> str:
        answer = published.get(f"/v1/outlook?as_of={instant}")
        assert answer.status_code == 422
        return str(answer.json()["detail"])

    now = written(datetime.now(UTC))
    assert "the ledger never held a block" in refusal(now)
    enter(store, live("there", 400.0, region="eu"))
    (first,) = changes(published)
    assert f"before the first entry of the ledger, of {first.replace('Z', '+00:00')}" in refusal(now)
    assert "is still to come" in refusal(written(datetime.now(UTC) + timedelta(days=1)))
    assert "UTC offset" in refusal("2026-01-01T00:00:00") or "timezone" in refusal("2026-01-01T00:00:00")
