from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from fastapi.testclient import TestClient

from planning.states import TRANSITIONS, CommitmentState
from service.api.capacity_examples import BLOCK_ORDER, NAME

PLAIN: dict[str, Any] = {"name": "plain", "quantity": 100, "online": "2027-07-01T00:00:00Z"}
CSV = {"content-type": "text/csv"}


def add(client: TestClient, query: str = "", **order: object) -> dict[str, Any]:
    answer = client.post(f"/v1/capacity?{query}", json=PLAIN | order)
    assert answer.status_code == 201, answer.text
    assert client.get(answer.headers["location"]).json() == answer.json()
    return answer.json()


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [block["name"] for block in answer.json()]


def test_a_block_is_entered_read_and_listed_as_it_was_sent(client: TestClient) -> None:
    made = add(client, "by=anna", **BLOCK_ORDER)
    assert (made["version"], made["changed_by"]) == (1, "anna")
    shown = client.get(f"/v1/capacity/{NAME}").json()
    for way in shown["ways_out"] + [shown["first_refusal"]]:
        del way["available"]
    assert {field: shown[field] for field in BLOCK_ORDER} == BLOCK_ORDER
    assert client.get("/v1/capacity").json() == [made]


def test_what_is_not_stated_is_as_where_nothing_is_known(client: TestClient) -> None:
    made = add(client)
    assert (made["unit"], made["phase"], made["state"]) == ("accelerators", "exploratory", "proposed")
    assert (made["conversion"], made["end"], made["ways_out"], made["currency"]) == (1.0, None, [], "USD")
    assert (made["changed_by"], made["slip_days"]) == ("unknown", {"p10": 0, "p50": 0, "p90": 0})


@pytest.mark.parametrize("name", ["50 % of it", "a?b#c", "Zürich", "import", "a+b&c=d", "a.."])
def test_a_block_is_found_under_its_name_whatever_it_is(client: TestClient, name: str) -> None:
    assert add(client, name=name)["name"] == name


@pytest.mark.parametrize(
    ("order", "told"),
    [
        ({"quantity": -1}, "greater than or equal to 0"),
        ({"running_cost_per_month": -5}, "greater than or equal to 0"),
        ({"milestones": {"land": {"cost": -1}}}, "greater than or equal to 0"),
        ({"unit": "tokens_per_second"}, "'tokens_per_second'; the ledger holds accelerators and megawatts"),
        ({"milestones": {"roof": {}}}, "'exploratory'"),
        (
            {
                "milestones": {
                    "land": {"completes": "2027-02-01T00:00:00Z"},
                    "shell": {"completes": "2027-01-01T00:00:00Z"},
                }
            },
            "completes land on 2027-02-01, after shell on 2027-01-01",
        ),
        ({"milestones": {"chips": {"completes": "2027-07-02T00:00:00Z"}}}, "after live on 2027-07-01"),
        ({"end": "2027-07-01T00:00:00Z"}, "not after it is online"),
        ({"online": "2027-07-01T00:00:00"}, "timezone"),
        ({"online": "9999-07-01T00:00:00Z"}, "correct the year"),
        ({"conversion": 1.2}, "less than or equal to 1"),
        ({"slip_days": {"p10": 5, "p50": 1, "p90": 9}}, "not in ascending order"),
        ({"phase": "live", "conversion": 0.5}, "is live and may still slip or fail"),
        ({"after": ["nobody"]}, "waits for 'nobody', which is not in the ledger"),
        ({"after": ["plain"]}, "in a circle: plain"),
        ({"ways_out": [{"kind": "cancel", "until": "2027-01-01T00:00:00Z", "months": 3}]}, "pause and slow only"),
        ({"ways_out": [{"kind": "pause", "until": "2027-01-01T00:00:00Z"}]}, "pause and slow only"),
        ({"ways_out": [{"kind": "cancel", "until": "2027-01-01T00:00:00Z"}] * 2}, "a way out twice"),
        ({"currency": "euro"}, "pattern"),
        ({"name": "a/b"}, "holds | or /"),
        ({"name": ""}, "at least 1 character"),
        ({"region": "a\u0000b"}, "control character"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_a_block_that_makes_no_sense_is_refused_and_says_why(client: TestClient, order: dict, told: str) -> None:
    answer = client.post("/v1/capacity", json=PLAIN | order)
    assert answer.status_code == 422
    assert told in answer.json()["detail"]
    assert client.get("/v1/capacity").json() == []


def test_another_currency_than_that_of_the_ledger_is_refused(client: TestClient) -> None:
    add(client)
    answer = client.post("/v1/capacity", json=PLAIN | {"name": "other", "currency": "EUR"})
    assert (answer.status_code, "EUR and USD" in answer.json()["detail"]) == (422, True)


def test_blocks_that_would_wait_for_each_other_in_a_circle_are_refused(client: TestClient) -> None:
    add(client)
    add(client, name="next", after=["plain"])
    answer = client.patch("/v1/capacity/plain", json={"after": ["next"]})
    assert (answer.status_code, "in a circle: next, plain" in answer.json()["detail"]) == (422, True)
    assert client.get("/v1/capacity/plain").json()["after"] == []


def test_a_way_out_that_ended_yesterday_is_kept_and_said_to_be_no_longer_there(client: TestClient) -> None:
    now = datetime.now(UTC)
    past, ahead = ((now + timedelta(days=days)).isoformat() for days in (-1, 1))
    ways = [{"kind": "cancel", "until": past}, {"kind": "slow", "until": ahead, "months": 3}]
    made = add(client, ways_out=ways, first_refusal={"until": past, "quantity": 5})
    assert [way["available"] for way in made["ways_out"]] == [False, True]
    assert made["first_refusal"]["available"] is False
    ended = client.patch("/v1/capacity/plain", json={"state": "canceled"}).json()
    assert [way["available"] for way in ended["ways_out"]] == [False, False]


def test_the_ledger_is_filtered_by_every_field_and_paged(client: TestClient) -> None:
    add(client, name="a", provider="acme", region="eu", accelerator="H100", phase="shell", state="active")
    add(client, name="b", provider="bolt", region="us", accelerator="B200", phase="land")
    add(client, name="c", provider="bolt", region="eu", accelerator="B200", phase="land", state="pending")
    for query, wanted in (
        ("provider=bolt", ["b", "c"]),
        ("region=eu&accelerator=H100,B200", ["a", "c"]),
        ("phase=land&phase=shell", ["a", "b", "c"]),
        ("state=active,pending", ["a", "c"]),
        ("state=expired", []),
        ("after=a", ["b", "c"]),
    ):
        assert names(client.get(f"/v1/capacity?{query}")) == wanted
    first = client.get("/v1/capacity?limit=2")
    assert names(first) == ["a", "b"]
    assert names(client.get(first.links["next"]["url"])) == ["c"]
    assert client.get("/v1/capacity?phase=roof").status_code == 422


@pytest.mark.parametrize("present", list(CommitmentState))
def test_states_follow_each_other_as_the_table_says_and_a_refusal_names_those_that_may(
    client: TestClient, present: CommitmentState
) -> None:
    for wanted in CommitmentState:
        name = f"{present} to {wanted}"
        add(client, name=name, state=present.value)
        answer = client.patch(f"/v1/capacity/{name}", json={"state": wanted.value})
        if wanted is present or wanted in TRANSITIONS[present]:
            assert (answer.status_code, answer.json()["state"]) == (200, wanted)
        else:
            assert answer.status_code == 409
            assert all(state in answer.json()["detail"] for state in TRANSITIONS[present])


def test_a_phase_goes_back_with_a_note_only(client: TestClient) -> None:
    add(client, phase="power")
    refused = client.patch("/v1/capacity/plain", json={"phase": "land"})
    assert (refused.status_code, "say why" in refused.json()["detail"]) == (409, True)
    assert client.patch("/v1/capacity/plain?note=permit lost", json={"phase": "land"}).status_code == 200


def test_a_patch_changes_what_it_names_and_null_forgets(client: TestClient) -> None:
    made = add(client, **BLOCK_ORDER)
    changed = client.patch(f"/v1/capacity/{NAME}", json={"quantity": 5, "end": None, "first_refusal": None}).json()
    assert changed == made | {
        "quantity": 5.0,
        "end": None,
        "first_refusal": None,
        "version": 2,
        "changed_by": "unknown",
        "changed_at": changed["changed_at"],
    }
    assert client.patch(f"/v1/capacity/{NAME}", json={}).json() == changed
    answer = client.patch(f"/v1/capacity/{NAME}", json={"quantity": None})
    assert (answer.status_code, "lacks quantity" in answer.json()["detail"]) == (422, True)


def test_a_block_is_replaced_in_whole_and_keeps_its_name(client: TestClient) -> None:
    add(client, region="eu", notes="kept?")
    replaced = client.put("/v1/capacity/plain", json=PLAIN | {"quantity": 7})
    assert (replaced.json()["quantity"], replaced.json()["region"], replaced.json()["notes"]) == (7, "", "")
    renamed = client.put("/v1/capacity/plain", json=PLAIN | {"name": "other"})
    assert (renamed.status_code, "superseded" in renamed.json()["detail"]) == (422, True)
    assert client.put("/v1/capacity/other", json=PLAIN | {"name": "other"}).status_code == 404


def test_of_two_edits_of_one_version_the_second_is_refused_and_not_lost_silently(client: TestClient) -> None:
    version = add(client)["version"]
    query = f"expected_version={version}"
    assert client.patch(f"/v1/capacity/plain?{query}", json={"region": "eu"}).status_code == 200
    for answer in (
        client.patch(f"/v1/capacity/plain?{query}", json={"region": "us"}),
        client.put(f"/v1/capacity/plain?{query}", json=PLAIN),
        client.delete(f"/v1/capacity/plain?{query}"),
    ):
        assert answer.status_code == 409
        assert "version 2 and not 1" in answer.json()["detail"]
    assert client.get("/v1/capacity/plain").json()["region"] == "eu"


def test_every_change_is_told_with_who_made_it_and_what_was_before(client: TestClient) -> None:
    made = add(client, "by=anna&note=first talk")
    client.patch("/v1/capacity/plain?note=signed", json={"state": "pending"}, headers={"X-Actor": "ben"})
    client.patch("/v1/capacity/plain?by=cleo", json={"quantity": 90, "region": "eu"}, headers={"X-Actor": "ben"})
    created, signed, cut = client.get("/v1/capacity/plain/changes").json()
    assert (created["outcome"], created["changed_by"], created["note"]) == ("created", "anna", "first talk")
    assert (created["before"], created["changed_at"]) == (None, made["changed_at"])
    assert (signed["changed_by"], signed["note"], signed["fields"]) == ("ben", "signed", ["state"])
    assert (signed["before"]["state"], signed["after"]["state"]) == ("proposed", "pending")
    assert (cut["changed_by"], cut["fields"], cut["version"]) == ("cleo", ["quantity", "region"], 3)
    for one, other in pairwise((created, signed, cut)):
        assert one["after"] == other["before"]
    page = client.get("/v1/capacity/plain/changes?limit=2")
    assert page.json() == [created, signed]
    assert client.get(page.links["next"]["url"]).json() == [cut]
    assert client.get("/v1/capacity/nobody/changes").status_code == 404


def test_the_ledger_is_read_as_it_was(client: TestClient) -> None:
    made = add(client)
    changed = client.patch("/v1/capacity/plain", json={"quantity": 5}).json()
    client.delete("/v1/capacity/plain")
    then = {"as_of": made["changed_at"]}
    assert client.get("/v1/capacity/plain", params=then).json() == made
    assert client.get("/v1/capacity", params={"as_of": changed["changed_at"]}).json() == [changed]
    assert client.get("/v1/capacity").json() == []
    assert client.get("/v1/capacity/plain").status_code == 404
    assert client.get("/v1/capacity/plain?as_of=2020-01-01T00:00:00Z").status_code == 404


def test_a_mistaken_proposal_is_removed_and_a_commitment_is_not(client: TestClient) -> None:
    made = add(client)
    assert client.delete("/v1/capacity/plain?note=a slip").json() == made
    assert client.get("/v1/capacity/plain/changes").json()[-1]["outcome"] == "removed"
    add(client, state="active")
    refused = client.delete("/v1/capacity/plain")
    assert (refused.status_code, "canceled or superseded" in refused.json()["detail"]) == (409, True)
    assert client.delete("/v1/capacity/nobody").status_code == 404


def test_a_name_is_entered_once(client: TestClient) -> None:
    add(client)
    assert client.post("/v1/capacity", json=PLAIN).status_code == 409


def test_the_ledger_comes_as_csv_and_goes_back_exactly(client: TestClient) -> None:
    add(client)
    add(client, **BLOCK_ORDER | {"after": ["plain"]})
    answer = client.get("/v1/capacity", headers={"accept": "text/csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["vary"] == "Accept"
    report = client.post("/v1/capacity/import", content=answer.content, headers=CSV).json()
    assert (report["created"], report["changed"], report["unchanged"]) == (0, 0, 2)
    page = client.get("/v1/capacity?limit=1", headers={"accept": "text/csv"})
    assert page.text.count("\n") == 2
    assert "next" in page.links


def test_an_import_is_told_line_by_line_and_a_dry_run_stores_nothing(client: TestClient) -> None:
    add(client)
    body = "name,quantity,online\nplain,5,2027-07-01\nnew,5,2027-07-01\n"
    tried = client.post("/v1/capacity/import?dry_run=true", content=body, headers=CSV).json()
    assert names(client.get("/v1/capacity")) == ["plain"]
    done = client.post("/v1/capacity/import?by=anna", content=body, headers=CSV).json()
    assert tried == done | {"dry_run": True}
    assert done["blocks"] == [
        {"line": 2, "name": "plain", "outcome": "changed", "fields": ["quantity"]},
        {"line": 3, "name": "new", "outcome": "created", "fields": []},
    ]
    assert client.get("/v1/capacity/new").json()["changed_by"] == "anna"


def test_an_import_with_faults_tells_each_with_its_line_and_stores_nothing(client: TestClient) -> None:
    body = "name,quantity,online\ngood,5,2027-07-01\nbad,-5,2027-07-01\nworse,5,soon\n"
    answer = client.post("/v1/capacity/import", content=body, headers=CSV)
    assert answer.status_code == 422
    assert "line 3: the quantity of block 'bad' is -5" in answer.json()["detail"]
    assert [(fault["line"], fault["column"]) for fault in answer.json()["errors"]] == [(3, ""), (4, "online")]
    assert client.get("/v1/capacity").json() == []


def test_only_csv_is_imported(client: TestClient) -> None:
    for declared in ("application/json", "application/pdf"):
        answer = client.post("/v1/capacity/import", content=b"[]", headers={"content-type": declared})
        assert answer.status_code == 415
