"""Request bodies that may be larger than memory."""

from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from fastapi import Request

from demand.errors import TooLarge

_IN_MEMORY_BYTES = 1 << 20


async def spool(request: Request, limit_bytes: int) -> BinaryIO:
    """The whole body as a file at its start, on disk where it is large.

    It is read in whole before anything is done with it, so a slow or broken upload never holds the database.

    Raises:
        TooLarge: the body is announced or turns out to be larger than the limit.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit_bytes:
        raise _too_large(int(announced), limit_bytes)
    body = SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 - the caller closes it
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit_bytes:
                raise _too_large(size, limit_bytes)
            body.write(chunk)
    except BaseException:
        body.close()
        raise
    body.seek(0)
    return cast(BinaryIO, body)


def _too_large(size_bytes: int, limit_bytes: int) -> TooLarge:
    return TooLarge(
        f"the body has {size_bytes:,} bytes or more, over the limit of {limit_bytes:,}; send it in parts "
        "(repeating rows is harmless), compress it, or use `computecast ingest`, which has no limit"
    )
