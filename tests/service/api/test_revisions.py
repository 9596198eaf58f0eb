"""What was published at an instant, and how the view of the same buckets changed."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from demand.calendar import Granularity
from demand.series import Selection, Workload
from service.store.engine import Store
from tests.service.api.fleet import MEANS, publish, rows, send
from tests.service.granularities import STARTS, publish_at

URL = "/v1/forecasts/revisions"
TARGET = "2025-01-22T06:00:00Z"
HOUR = pd.Timedelta(hours=1)


@pytest.fixture
def fleet(client: TestClient, store: Store) -> TestClient:
    """A client of the small fleet, of which nothing is published."""
    send(client, rows())
    return client


def publish_hours(store: Store, later: int = 0) -> datetime:
    """Publish hours that begin some hours later than usual; when that was."""
    publish_at(store, Granularity.HOUR, STARTS[Granularity.HOUR] + later * HOUR)
    with store.read() as unit:
        return unit.publications.instants(Selection(), Granularity.HOUR, (datetime(2025, 1, 22, tzinfo=UTC),) * 2)[0]


def ask(client: TestClient, url: str, **query: Any) -> dict[str, Any]:
    answer = client.get(url, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_was_published_is_answered_as_it_was_then_for_ever(fleet: TestClient, store: Store) -> None:
    publish_at(store, Granularity.DAY)
    instant = publish_hours(store)
    question = {"horizon": 72, "group_by": "region", "quantiles": "0.1,0.37,0.9"}
    then = ask(fleet, "/v1/forecasts", **question)
    drawn = ask(fleet, "/v1/forecasts/paths", horizon=30, paths=20)
    publish_at(store, Granularity.MONTH)
    publish_at(store, Granularity.DAY, STARTS[Granularity.DAY] + pd.Timedelta(days=1))
    publish_hours(store, later=5)
    assert ask(fleet, "/v1/forecasts", **question)["groups"] != then["groups"]
    assert ask(fleet, "/v1/forecasts", **question, as_of=instant.isoformat()) == then
    assert ask(fleet, "/v1/forecasts/paths", horizon=30, paths=20, as_of=instant.isoformat()) == drawn


def test_before_anything_was_published_there_is_nothing_and_it_is_said_since_when(
    fleet: TestClient, store: Store
) -> None:
    instant = publish_hours(store)
    early = (instant - timedelta(microseconds=1)).isoformat()
    for url in ("/v1/forecasts", "/v1/forecasts/paths"):
        answer = fleet.get(url, params={"as_of": early})
        assert answer.status_code == 404
        assert answer.json()["detail"] == (
            f"no hour forecast had been published for everything at {early}; the first was at {instant.isoformat()}, "
            "so ask as of then or later"
        )


def test_a_series_without_a_forecast_at_that_instant_is_left_out_with_the_reason(
    fleet: TestClient, store: Store
) -> None:
    publish(store, selection=Selection(workload=(Workload.TRAINING,)))
    instant = datetime.now(UTC)
    publish(store)
    told = ask(fleet, "/v1/forecasts", horizon=3, as_of=instant.isoformat())
    assert told["groups"][0]["total"]["series"] == 2
    assert len(told["left_out"]) == len(MEANS) - 2
    assert "had been published at" in told["left_out"][0]["reason"]


def test_limits_that_came_later_do_not_settle_the_measure_of_then(fleet: TestClient, store: Store) -> None:
    publish_hours(store)
    instant = datetime.now(UTC)
    assert ask(fleet, "/v1/forecasts", horizon=3)["measure"] == "utilization"
    fleet.post("/v1/limits", json={"level": 1e6, "start": "2025-01-01T00:00:00Z"})
    assert ask(fleet, "/v1/forecasts", horizon=3)["measure"] == "demand"
    assert ask(fleet, "/v1/forecasts", horizon=3, as_of=instant.isoformat())["measure"] == "utilization"


def test_every_view_is_the_forecast_of_its_instant_and_changes_are_differences(fleet: TestClient, store: Store) -> None:
    publish_at(store, Granularity.DAY)
    instants = [publish_hours(store, later) for later in (0, 4, 8)]
    query = {"group_by": "region", "quantiles": "0.2,0.5"}
    told = ask(fleet, URL, start=TARGET, end="2025-01-22T09:00:00Z", **query)
    assert [pd.Timestamp(each["issued_at"]) for each in told["issues"]] == instants
    assert [pd.Timestamp(each["start"]) for each in told["issues"]] == [
        STARTS[Granularity.HOUR] + hours * HOUR for hours in (0, 4, 8)
    ]
    assert len(told["timestamps"]) == 3
    for row, instant in enumerate(instants):
        then = ask(fleet, "/v1/forecasts", as_of=instant.isoformat(), measure="demand", **query)
        first = then["timestamps"].index(TARGET)
        for group, whole in zip(told["groups"], then["groups"], strict=True):
            for workload in ("training", "inference", "unattributed", "total"):
                if whole[workload] is None:
                    assert group[workload] is None
                    continue
                assert group[workload]["mean"][row] == whole[workload]["mean"][first : first + 3]
                for level in ("0.2", "0.5"):
                    seen = group[workload]["quantiles"][level][row]
                    assert seen == whole[workload]["quantiles"][level][first : first + 3]
    total = told["groups"][0]["total"]
    assert total["change"]["mean"][0] == [None] * 3
    np.testing.assert_allclose(total["change"]["mean"][1:], np.diff(total["mean"], axis=0))
    np.testing.assert_allclose(total["change"]["quantiles"]["0.2"][1:], np.diff(total["quantiles"]["0.2"], axis=0))


def test_pages_go_back_in_time_and_changes_reach_over_their_ends(fleet: TestClient, store: Store) -> None:
    for later in range(3):
        publish_hours(store, later)
    whole = ask(fleet, URL, start=TARGET)
    answer = fleet.get(URL, params={"start": TARGET, "limit": 2})
    page = answer.json()
    assert page["issues"] == whole["issues"][1:]
    for name in ("mean", "change"):
        told = whole["groups"][0]["total"][name]
        expected = told[1:] if name == "mean" else told["mean"][1:]
        assert (page["groups"][0]["total"][name] if name == "mean" else page["groups"][0]["total"][name]["mean"]) == (
            expected
        )
    older = fleet.get(answer.links["next"]["url"])
    assert older.json()["issues"] == whole["issues"][:1]
    assert "next" not in older.links


def test_only_what_was_published_in_between_is_told_with_its_change_against_what_came_before(
    fleet: TestClient, store: Store
) -> None:
    instants = [publish_hours(store, later) for later in range(4)]
    whole = ask(fleet, URL, start=TARGET)
    part = ask(fleet, URL, start=TARGET, since=instants[1].isoformat(), before=instants[3].isoformat())
    assert part["issues"] == whole["issues"][1:3]
    assert part["groups"][0]["total"]["change"]["mean"] == whole["groups"][0]["total"]["change"]["mean"][1:3]


def test_buckets_that_a_view_does_not_reach_are_null(fleet: TestClient, store: Store) -> None:
    publish_hours(store)
    publish_hours(store, later=3)
    begin = STARTS[Granularity.HOUR]
    told = ask(fleet, URL, start=begin.isoformat(), end=(begin + 5 * HOUR).isoformat())
    first, second = told["groups"][0]["total"]["mean"]
    assert [number is None for number in first] == [False] * 5
    assert [number is None for number in second] == [True] * 3 + [False] * 2


def test_what_came_true_is_summed_over_the_group_once_all_of_it_is_known(fleet: TestClient, store: Store) -> None:
    publish(store)
    later = ["2025-01-07T00:00:00Z", "2025-01-07T01:00:00Z", "2025-01-07T02:00:00Z"]
    lines = [
        f"{hour},acme,{region},training,{value}" for hour in later[:2] for region, value in (("eu", 90), ("us", 40))
    ]
    lines += [f"{later[2]},acme,eu,training,95"]
    send(fleet, "timestamp,provider,region,workload,value\n" + "\n".join(lines))
    query = {"start": later[0], "end": "2025-01-07T04:00:00Z", "workload": "training", "actual": True}
    (group,) = ask(fleet, URL, **query)["groups"]
    assert group["total"]["actual"] == [130, 130, None, None]
    assert ask(fleet, URL, **query, group_by="region")["groups"][0]["training"]["actual"] == [90, 90, 95, None]
    refused = fleet.get(URL, params={**query, "unit": "megawatts"})
    assert (refused.status_code, "leave unit or actual away" in refused.json()["detail"]) == (422, True)


def test_a_bucket_that_nothing_was_published_about_is_not_found(fleet: TestClient, store: Store) -> None:
    nothing = fleet.get(URL, params={"start": TARGET})
    assert (nothing.status_code, "was ever published" in nothing.json()["detail"]) == (404, True)
    instant = publish_hours(store)
    for query in (
        {"start": "2030-01-01T00:00:00Z"},
        {"start": "2020-01-01T00:00:00Z"},
        {"start": TARGET, "before": instant.isoformat()},
        {"start": TARGET, "since": (instant + timedelta(seconds=1)).isoformat()},
    ):
        answer = fleet.get(URL, params=query)
        assert answer.status_code == 404, query
        assert f"first hour forecast was published at {instant.isoformat()}" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"start": TARGET, "end": TARGET}, "is not after start"),
        ({"start": "2025-01-01T00:00:00Z", "end": "2026-01-01T00:00:00Z"}, "ask for fewer"),
        ({"start": "2025-01-22T06:00:00"}, "timezone"),
        ({}, "Field required"),
        ({"start": TARGET, "region": "mars"}, "no series is stored"),
    ],
)
def test_questions_that_make_no_sense_are_refused(
    fleet: TestClient, store: Store, query: dict[str, str], told: str
) -> None:
    publish_hours(store)
    answer = fleet.get(URL, params=query)
    assert answer.status_code in (404, 422)
    assert told in answer.text


def test_a_cursor_is_a_moment_that_survives_being_quoted(fleet: TestClient, store: Store) -> None:
    instant = publish_hours(store)
    answer = fleet.get(f"{URL}?start={quote(TARGET)}&since={quote(instant.isoformat())}")
    assert len(answer.json()["issues"]) == 1
