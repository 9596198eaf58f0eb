"""No question, however odd, is answered with an error of the service's own, or with one that is not documented."""

from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demand.calendar import Granularity
from service.store.engine import Store
from tests.service.api.fleet import publish, rows, send

NUMBERS = ["0", "-1", "1", "2147483647", "2147483648", "-2147483649", "9223372036854775807", "9223372036854775808"]
NUMBERS += ["9" * 30, "9" * 5000, "1e3", "1e400", "0x10", "1_000", "nan", "inf", "-inf", "-0.0", "\u0663"]
DATES = ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999Z", "1969-12-31T23:59:59Z"]
DATES += [
    "9999-12-31T23:59:59-14:00",
    "2262-04-12T00:00:00Z",
    "1677-09-21T00:00:00Z",
    "2025-01-07T00:30:00.123456+05:45",
]
DATES += ["2025-01-07", "2025-02-30T00:00:00Z", "2025-01-07T24:00:00Z", "253402300800", "-62135596801", "1e12"]
TEXTS = [
    "",
    " ",
    ",",
    ",,,",
    "\0",
    "a\0b",
    "\n",
    "\x7f",
    "\u2028",
    "\ufffd",
    "\ufdd0",
    "\U0010ffff",
    "%",
    "'",
    '"',
    "\\",
]
TEXTS += [
    "%s",
    "{}",
    "[]",
    "null",
    "..",
    "../..",
    "a" * 10_000,
    "a," * 5_000,
    "\u202eabc",
    "training,inference",
    "hour",
]
TEXTS += ["0.5,nan", "0.5,0.5", "1e-320", "0.1,0.9,", "region,region", "month", "week", "day"]
BYTES = ["%ED%A0%80", "%FF%FE", "%C0%80", "%00", "%"]
"""Already encoded, as no text becomes these: halves of characters, and what is no UTF-8 at all."""

ODD = [*(quote(value, safe="") for value in NUMBERS + DATES + TEXTS), *BYTES]


@pytest.fixture
def published(client: TestClient, store: Store) -> TestClient:
    """A client of a small fleet that is forecast by the hour and by the day."""
    send(client, rows())
    publish(store)
    publish(store, granularity=Granularity.DAY, horizon=30)
    client.post("/v1/capacity", json={"name": "plain", "quantity": 1, "online": "2026-01-01T00:00:00Z"})
    return client


class Questions:
    """Every question that the document describes, with one parameter of it to be filled in."""

    def __init__(self, client: TestClient) -> None:
        self._client = client
        self._run_id = client.get("/v1/training-runs").json()[0]["id"]
        paths = client.get("/openapi.json").json()["paths"]
        self.parameters: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
            (path, methods["get"], parameter)
            for path, methods in paths.items()
            for parameter in methods.get("get", {}).get("parameters", [])
        ]

    def ask(self, path: str, operation: dict[str, Any], parameter: dict[str, Any], encoded: str) -> None:
        """Put the percent-encoded value in, and check the answer."""
        usual = {"series_id": "1", "regressor_id": "1", "event_id": "1", "run_id": self._run_id}
        usual |= {"block_name": "plain", "accelerator": "H100", "scenario_name": "plain"}
        usual |= {"plan_id": "1", "with": "1", "start": "2025-01-07T06:00:00Z"}
        if parameter["in"] == "path":
            # A path whose parameter is empty, or leads up, is another path.
            encoded = {"": "%20", "..": "%2E%2E%20"}.get(encoded, encoded)
            usual[parameter["name"]] = encoded
        url = path.format(**usual)
        required = [
            f"{p['name']}={usual[p['name']]}" for p in operation["parameters"] if p["in"] == "query" and p["required"]
        ]
        if path == "/v1/forecasts/explain":
            required.append("series_id=1")
        query = [part for part in required if not part.startswith(f"{parameter['name']}=")]
        if parameter["in"] == "query":
            query.append(f"{parameter['name']}={encoded}")
        answer = self._client.get(f"{url}?{'&'.join(query)}")
        asked = (url[:100], parameter["name"], encoded[:100])
        assert answer.status_code < 500, (asked, answer.text[:500])
        assert str(answer.status_code) in operation["responses"], (asked, answer.status_code, answer.text[:500])
        if answer.status_code != 200:
            assert answer.json()["detail"], asked


def test_odd_values_of_every_parameter_are_answered_or_refused(published: TestClient) -> None:
    questions = Questions(published)
    assert len(questions.parameters) >= 40
    for path, operation, parameter in questions.parameters:
        for encoded in ODD:
            questions.ask(path, operation, parameter, encoded)


def test_any_text_in_any_parameter_is_answered_or_refused(published: TestClient) -> None:
    questions = Questions(published)

    @settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(questions.parameters), st.binary(max_size=12) | st.text(max_size=12).map(str.encode))
    def check(described: tuple[str, dict[str, Any], dict[str, Any]], value: bytes) -> None:
        questions.ask(*described, quote(value, safe=""))

    check()
