"""Request bodies: how large they may be, how long they may take, and where those larger than memory are kept."""

import asyncio
from collections.abc import Collection, Mapping
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demand.errors import Invalid, TooLarge, Unavailable

SMALL_BODY_BYTES = 64 * 1024
"""The largest body of a path that names no limit of its own: enough for any order, and for no upload."""

PATIENCE_SECONDS = 60.0
"""How long nothing of a body may arrive before it is given up."""

_IN_MEMORY_BYTES = 1 << 20


class Stalled(Invalid):
    """The body stopped arriving before its end."""


class Unreadable(Invalid):
    """The body is no JSON that can be read."""

    def __init__(self) -> None:
        super().__init__(
            "the body cannot be read as JSON: send UTF-8 text, without deep nesting and numbers of thousands of "
            "digits; see /docs for what is accepted"
        )


class BodyLimits:
    """Middleware that counts and times the body of every request while it is read.

    Whoever reads a body that is too large gets `TooLarge`, before anything is read where its length was announced;
    whoever reads one that stops arriving gets `Stalled`.

    Args:
        app: the application to hand requests to.
        limits: bytes per path; `SMALL_BODY_BYTES` for all others.
        patience_seconds: how long to wait for the next part of a body.
        whole: paths whose bodies cannot be sent in parts, beside those without a limit of their own.
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: Mapping[str, int],
        patience_seconds: float = PATIENCE_SECONDS,
        whole: Collection[str] = (),
    ) -> None:
        self._app = app
        self._in_parts = frozenset(limits) - frozenset(whole)
        self._limits = limits
        self._patience_seconds = patience_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, with its body guarded."""
        if scope["type"] == "http":
            limit_bytes = self._limits.get(scope["path"], SMALL_BODY_BYTES)
            in_parts = scope["path"] in self._in_parts
            receive = _Body(scope, receive, limit_bytes, self._patience_seconds, in_parts=in_parts).receive
        await self._app(scope, receive, send)


class _Body:
    """The body of one request on its way in."""

    def __init__(
        self, scope: Scope, receive: Receive, limit_bytes: int, patience_seconds: float, *, in_parts: bool
    ) -> None:
        announced = Headers(scope=scope).get("content-length", "")
        self._announced_bytes = int(announced) if announced.isdecimal() else 0
        self._receive = receive
        self._limit_bytes = limit_bytes
        self._patience_seconds = patience_seconds
        self._in_parts = in_parts
        self._size_bytes = 0
        self._is_complete = False

    async def receive(self) -> Message:
        """The next message; a part of the body only if it is within the limits."""
        if self._is_complete:
            # What is awaited after the body is the end of the connection, which may take as long as it likes.
            return await self._receive()
        self._check(self._announced_bytes)
        message = await self._next_part()
        self._size_bytes += len(message.get("body", b""))
        self._check(self._size_bytes)
        self._is_complete = not message.get("more_body", False)
        return message

    async def _next_part(self) -> Message:
        try:
            async with asyncio.timeout(self._patience_seconds):
                return await self._receive()
        except TimeoutError as error:
            raise Stalled(
                f"nothing of the body has arrived for {self._patience_seconds:g} s, after {self._size_bytes:,} bytes; "
                "nothing was stored: check the connection and send it again"
            ) from error
        except asyncio.CancelledError as error:
            # This is how the server ends what has not ended by itself, and the sender can be told.
            raise Unavailable("this server is being stopped; nothing was stored: send the body again") from error

    def _check(self, size_bytes: int) -> None:
        if size_bytes <= self._limit_bytes:
            return
        remedy = "shorten it; see /docs for what is accepted"
        if self._in_parts:
            remedy = (
                "send it in parts (repeating rows is harmless), compress it, or use `computecast ingest`, "
                "which has no limit"
            )
        raise TooLarge(f"the body has {size_bytes:,} bytes or more, over the limit of {self._limit_bytes:,}; {remedy}")


async def spool(request: Request) -> BinaryIO:
    """The whole body as a file at its start, on disk where it is large.

    It is read in whole before anything is done with it, so a slow or broken upload never holds the database.
    """
    body = SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 - the caller closes it
    try:
        async for chunk in request.stream():
            body.write(chunk)
    except BaseException:
        body.close()
        raise
    body.seek(0)
    return cast(BinaryIO, body)
