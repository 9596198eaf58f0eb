import gzip
import io
import json

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from tests.service.api.fleet import rows, send

GOOD = "2025-01-06T00:00:00Z"


def post(client: TestClient, body: bytes | str, media_type: str = "text/csv", query: str = "") -> tuple[int, dict]:
    answer = client.post(f"/v1/observations?{query}", content=body, headers={"content-type": media_type})
    return answer.status_code, answer.json()


def stored(client: TestClient) -> int:
    return sum(series["observations"] for series in client.get("/v1/series").json())


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "timestamp": pd.date_range("2025-01-06", periods=3, freq="h", tz="UTC"),
            "workload": "inference",
            "value": [1.0, 2.0, 3.0],
        }
    )


def parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


CSV = "timestamp,workload,value\n" + "".join(f"2025-01-06T0{hour}:00:00Z,inference,{hour + 1}\n" for hour in range(3))
RECORDS = [{"timestamp": f"2025-01-06T0{hour}:00:00Z", "workload": "inference", "value": hour + 1} for hour in range(3)]


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (CSV, "text/csv"),
        (CSV, "text/csv; charset=utf-8"),
        (gzip.compress(CSV.encode()), "text/csv"),
        (json.dumps(RECORDS), "application/json"),
        ("\n".join(map(json.dumps, RECORDS)), "application/x-ndjson"),
        (parquet(table()), "application/vnd.apache.parquet"),
    ],
    ids=["csv", "csv-charset", "gzip", "json", "ndjson", "parquet"],
)
def test_every_format_stores_the_same_rows(client: TestClient, body: bytes | str, media_type: str) -> None:
    report = send(client, body, media_type)
    assert (report["inserted"], report["updated"], report["unchanged"], report["rejected"]) == (3, 0, 0, 0)
    (series,) = client.get("/v1/series?workload=inference").json()
    values = client.get(f"/v1/observations?series_id={series['id']}").json()
    assert [row["value"] for row in values] == [1.0, 2.0, 3.0]
    assert values[0]["timestamp"] == GOOD


def test_sending_rows_again_changes_nothing_and_a_changed_value_is_counted(client: TestClient) -> None:
    send(client, CSV)
    assert send(client, CSV)["unchanged"] == 3
    assert send(client, CSV.replace(",3\n", ",4\n"))["updated"] == 1


def test_a_past_state_can_be_read_after_a_correction(client: TestClient) -> None:
    send(client, CSV)
    before = client.get("/v1/observations?series_id=1").json()
    send(client, CSV.replace(",3\n", ",4\n"))
    now = client.get("/v1/observations?series_id=1").json()
    moment = before[-1]["recorded_at"]
    then = client.get("/v1/observations", params={"series_id": 1, "as_of": moment}).json()
    assert [row["value"] for row in now] == [1.0, 2.0, 4.0]
    assert [row["value"] for row in then] == [1.0, 2.0, 3.0]


def test_what_is_missing_is_filled_in(client: TestClient) -> None:
    send(client, f"timestamp,value\n{GOOD},5\n")
    (series,) = client.get("/v1/series").json()
    assert series["series"]["workload"] == "unattributed"
    assert series["unit"] == "accelerators"


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        ("2025-01-06T03:00:00,training,1", "timestamp", "no UTC offset"),
        ("2025-01-06T03:30:00Z,training,1", "timestamp", "whole hour"),
        ("2999-01-06T03:00:00Z,training,1", "timestamp", "far future"),
        ("1999-12-31T23:00:00Z,training,1", "timestamp", "before 2000"),
        ("yesterday,training,1", "timestamp", "ISO 8601"),
        ("2025-01-06T03:00:00Z,training,-1", "value", "negative"),
        ("2025-01-06T03:00:00Z,training,nan", "value", "not a number"),
        ("2025-01-06T03:00:00Z,training,inf", "value", "infinite"),
        ("2025-01-06T03:00:00Z,training,many", "value", "not a number"),
        ("2025-01-06T03:00:00Z,training,", "value", "missing"),
        ("2025-01-06T03:00:00Z,serving,1", "workload", "no workload"),
        (f"{GOOD},inference,2", "value", "line 2"),
    ],
)
def test_a_bad_row_stores_nothing_and_is_told_by_line_column_and_reason(
    client: TestClient, row: str, column: str, said: str
) -> None:
    status, problem = post(client, CSV + row + "\n")
    assert status == 422
    (error,) = problem["errors"]
    assert (error["line"], error["column"]) == (5, column)
    assert said in error["reason"]
    assert stored(client) == 0


def test_bad_rows_may_be_skipped(client: TestClient) -> None:
    status, report = post(client, CSV + "2025-01-06T03:00:00Z,training,-1\n", query="on_error=skip")
    assert status == 200
    assert (report["inserted"], report["rejected"]) == (3, 1)
    assert report["rejections"][0]["line"] == 5
    assert stored(client) == 3


def test_rows_that_repeat_and_agree_count_as_unchanged(client: TestClient) -> None:
    report = send(client, CSV + f"{GOOD},inference,1.0\n")
    assert (report["inserted"], report["unchanged"], report["duplicates"]) == (3, 1, 1)
    assert send(client, CSV)["duplicates"] == 0


def test_new_series_are_named_with_their_grid(client: TestClient) -> None:
    days = pd.date_range("2025-01-06", periods=3, freq="D", tz="UTC")
    report = send(client, CSV + "".join(f"{day.isoformat()},training,1\n" for day in days))
    assert report["new_counts"] == {"hour": 1, "day": 1}
    named = {new["series"]["workload"]: (new["granularity"], new["unit"]) for new in report["new_series"]}
    assert named == {"inference": ("hour", "accelerators"), "training": ("day", "accelerators")}
    again = send(client, CSV)
    assert (again["new_counts"], again["new_series"]) == ({}, [])


def test_a_second_unit_in_one_series_is_refused(client: TestClient) -> None:
    send(client, CSV)
    status, problem = post(client, f"timestamp,workload,unit,value\n{GOOD},inference,megawatts,1\n")
    assert status == 422
    assert problem["errors"][0]["column"] == "unit"


@pytest.mark.parametrize(
    ("body", "media_type", "status", "said"),
    [
        ("timestamp,value,colour\n", "text/csv", 422, "unknown column 'colour'"),
        (f"time,value\n{GOOD},1\n", "text/csv", 422, "missing column 'timestamp'"),
        ("", "text/csv", 422, "no row"),
        ("timestamp,value\n", "text/csv", 422, "no row"),
        (gzip.compress(CSV.encode() * 50)[:-20], "text/csv", 422, "ends too early"),
        ("[{", "application/json", 422, "JSON"),
        (b"PAR1 and nothing else", "application/vnd.apache.parquet", 422, "Parquet"),
        (parquet(table().assign(value=["a", "b", "c"])), "application/vnd.apache.parquet", 422, "value"),
        (CSV, "application/xml", 415, "text/csv"),
        (CSV, "", 415, "text/csv"),
    ],
)
def test_a_body_that_cannot_be_read_is_told_why_and_stores_nothing(
    client: TestClient, body: bytes | str, media_type: str, status: int, said: str
) -> None:
    got, problem = post(client, body, media_type)
    assert got == status
    assert said in json.dumps(problem)
    assert stored(client) == 0


def test_a_body_over_the_limit_is_refused_before_it_is_read(client: TestClient) -> None:
    status, problem = post(client, b"x" * 1_000_001)
    assert status == 413
    assert "1,000,000" in problem["detail"]


def test_a_body_that_hides_its_size_is_refused_when_it_passes_the_limit(client: TestClient) -> None:
    def stream() -> object:
        yield b"timestamp,value\n"
        for _ in range(200):
            yield b"x" * 10_000

    answer = client.post("/v1/observations", content=stream(), headers={"content-type": "text/csv"})
    assert answer.status_code == 413


def test_rows_of_a_series_are_paged(client: TestClient) -> None:
    send(client, CSV)
    first = client.get("/v1/observations?series_id=1&limit=2")
    link = first.headers["link"]
    assert 'rel="next"' in link
    second = client.get(link.split(">")[0].removeprefix("<"))
    assert [row["value"] for row in first.json() + second.json()] == [1.0, 2.0, 3.0]
    assert "link" not in second.headers


def test_a_window_of_rows_holds_its_start_and_not_its_end(client: TestClient) -> None:
    send(client, CSV)
    window = {"series_id": 1, "start": "2025-01-06T01:00:00Z", "end": "2025-01-06T02:00:00Z"}
    assert [row["value"] for row in client.get("/v1/observations", params=window).json()] == [2.0]


def test_rows_of_an_unknown_series_are_not_found(client: TestClient) -> None:
    answer = client.get("/v1/observations?series_id=99")
    assert answer.status_code == 404
    assert "99" in answer.json()["detail"]


def test_daily_rows_make_a_daily_series(client: TestClient) -> None:
    days = pd.date_range("2025-01-06", periods=5, freq="D", tz="UTC")
    send(client, "timestamp,value\n" + "".join(f"{day.isoformat()},1\n" for day in days))
    assert client.get("/v1/series").json()[0]["granularity"] == "day"
    status, problem = post(client, "timestamp,value\n2025-01-06T05:00:00Z,1\n")
    assert status == 422
    assert problem["errors"][0]["column"] == "timestamp"


def test_series_can_be_filtered_and_paged(client: TestClient) -> None:
    send(client, rows())
    assert [
        series["series"]["region"] for series in client.get("/v1/series?provider=acme&workload=training").json()
    ] == [
        "eu",
        "us",
    ]
    first = client.get("/v1/series?limit=3")
    second = client.get(first.headers["link"].split(">")[0].removeprefix("<"))
    assert len(first.json()) + len(second.json()) == 4


def test_a_series_is_read_alone_and_an_unknown_one_is_not_found(client: TestClient) -> None:
    send(client, rows())
    series = client.get("/v1/series/1").json()
    assert (series["observations"], series["last"]) == (48, "2025-01-06T23:00:00Z")
    assert client.get("/v1/series/99").status_code == 404


def test_the_audit_names_a_gap(client: TestClient) -> None:
    lines = rows().splitlines()
    send(client, "\n".join(line for line in lines if "2025-01-06T1" not in line))
    findings = client.get("/v1/series/1/audit").json()
    assert ("gap", "2025-01-06T10:00:00Z", 10) in [(f["kind"], f["start"], f["buckets"]) for f in findings]
