import asyncio
import json
import logging
from collections.abc import Iterator

import pytest
from fastapi import Request
from fastapi.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from demand.errors import TooLarge, Unavailable
from service.api.bodies import SMALL_BODY_BYTES, BodyLimits, Stalled, spool

SCOPE: Scope = {"type": "http", "method": "POST", "path": "/rows", "headers": []}


def part(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def read(*parts: Message, path: str = "/rows", limit: int = 10, patience_seconds: float = 5.0) -> bytes:
    """What an application behind the limits reads of a body that stops after these parts."""
    seen: list[bytes] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        with await spool(Request(scope, receive)) as body:
            seen.append(body.read())

    async def run() -> None:
        arriving = iter(parts)

        async def receive() -> Message:
            for message in arriving:
                return message
            return await asyncio.Event().wait()  # type: ignore[return-value]

        async def send(message: Message) -> None:
            raise AssertionError(message)

        await BodyLimits(app, {"/rows": limit}, patience_seconds)({**SCOPE, "path": path}, receive, send)

    asyncio.run(run())
    return seen[0]


def test_a_body_up_to_its_limit_is_read_in_whole() -> None:
    assert read(part(b"12345"), part(b"67890", more=False)) == b"1234567890"


def test_one_byte_over_the_limit_is_too_much() -> None:
    with pytest.raises(TooLarge, match=r"11 bytes or more, over the limit of 10; .*computecast ingest"):
        read(part(b"12345"), part(b"678901", more=False))


def test_a_path_without_a_limit_of_its_own_takes_a_small_body() -> None:
    whole = b"x" * SMALL_BODY_BYTES
    assert read(part(whole, more=False), path="/order") == whole
    with pytest.raises(TooLarge, match="65,536"):
        read(part(whole), part(b"x", more=False), path="/order")


def test_a_body_that_stops_arriving_is_given_up() -> None:
    with pytest.raises(Stalled, match="after 5 bytes"):
        read(part(b"12345"), patience_seconds=0.01)


def test_who_sends_to_a_server_that_stops_is_told() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        with pytest.raises(Unavailable, match="send the body again"):
            await receive()
        told.set()

    async def forever() -> Message:
        waiting.set()
        return await asyncio.Event().wait()  # type: ignore[return-value]

    async def send(message: Message) -> None:
        raise AssertionError(message)

    async def run() -> None:
        request = asyncio.create_task(BodyLimits(app, {})(SCOPE, forever, send))  # type: ignore[arg-type]
        await waiting.wait()
        request.cancel()
        await told.wait()

    waiting, told = asyncio.Event(), asyncio.Event()
    asyncio.run(run())


def test_what_is_awaited_after_the_body_may_take_its_time() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(receive(), 0.1)

    async def run() -> None:
        arriving = iter([part(b"", more=False)])

        async def receive() -> Message:
            for message in arriving:
                return message
            return await asyncio.Event().wait()  # type: ignore[return-value]

        async def send(message: Message) -> None:
            raise AssertionError(message)

        await BodyLimits(app, {}, patience_seconds=0.01)(SCOPE, receive, send)

    asyncio.run(run())


@pytest.mark.parametrize("hidden", [False, True], ids=["announced", "chunked"])
def test_an_order_of_megabytes_is_refused(client: TestClient, hidden: bool) -> None:
    whole = json.dumps({"selection": {"region": ["x" * 100] * 10_000}}).encode()

    def stream() -> Iterator[bytes]:
        for first in range(0, len(whole), 10_000):
            yield whole[first : first + 10_000]

    body = stream() if hidden else whole
    answer = client.post("/v1/training-runs", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert "65,536" in answer.json()["detail"]
    assert client.get("/v1/training-runs").json() == []


@pytest.mark.parametrize("path", ["/v1/observations", "/v1/training-runs"])
def test_an_upload_that_is_broken_off_is_noted_without_a_stack_trace(
    client: TestClient, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(b"content-type", b"text/csv" if "obs" in path else b"application/json")],
        "app": client.app,
    }
    messages = iter([part(b"timestamp,value\n"), {"type": "http.disconnect"}])

    async def receive() -> Message:
        return next(messages)

    async def send(message: Message) -> None:
        pass

    assert client.portal is not None
    caplog.set_level(logging.INFO)
    client.portal.call(client.app, scope, receive, send)
    ours = [record for record in caplog.records if record.name.startswith("service")]
    assert [record.levelname for record in ours] == ["INFO"]
    assert ours[0].exc_info is None
    assert path in ours[0].getMessage()
