"""Errors as RFC 9457 problem documents; the only module that knows HTTP statuses."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from demand.errors import (
    ComputecastError,
    Conflict,
    Invalid,
    NotFound,
    TooLarge,
    Unavailable,
    UnsupportedFormat,
)
from service.api.bodies import Stalled, Unreadable

MEDIA_TYPE = "application/problem+json"

STATUSES: Mapping[type[ComputecastError], HTTPStatus] = {
    NotFound: HTTPStatus.NOT_FOUND,
    Unreadable: HTTPStatus.BAD_REQUEST,
    Stalled: HTTPStatus.REQUEST_TIMEOUT,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedFormat: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    Conflict: HTTPStatus.CONFLICT,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""Families and their statuses, special families before those they belong to."""

_log = logging.getLogger(__name__)


class Problem(BaseModel):
    """What went wrong, in the form of RFC 9457."""

    type: str = Field(default="about:blank", description="The kind of problem, as a URI.")
    title: str = Field(description="The kind of problem in words.", examples=["Not Found"])
    status: int = Field(description="The HTTP status.", examples=[404])
    detail: str = Field(
        description="What happened and what to do about it.",
        examples=["no series is stored for region in ['mars']; GET /v1/series lists what there is"],
    )
    instance: str = Field(description="The path that was asked for.", examples=["/v1/forecasts"])
    errors: list[dict[str, Any]] = Field(default_factory=list, description="One entry per offending part, if known.")


def problems(*families: type[ComputecastError]) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI responses of a route that reads the store and may also end in these families."""
    described = {STATUSES[family]: (family.__doc__ or "").splitlines()[0] for family in (*families, Unavailable)}
    described[HTTPStatus.INTERNAL_SERVER_ERROR] = "Something failed that nobody foresaw."
    return {int(status): {"model": Problem, "description": text} for status, text in described.items()}


def install(app: FastAPI) -> None:
    """Answer every error of the application as a problem."""
    app.add_exception_handler(ComputecastError, _refused)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _unexpected)
    document = app.openapi
    app.openapi = lambda: _described(document())  # type: ignore[method-assign]  # how FastAPI says to extend it


def _described(document: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI document with every error response as what is really sent."""
    schema = {"$ref": "#/components/schemas/Problem"}
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                described = response.get("content", {}).get("application/json", {}).get("schema")
                if status.startswith("4") or described == schema:
                    response["content"] = {MEDIA_TYPE: {"schema": schema}}
    for unused in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(unused, None)
    return document


def _problem(
    request: Request,
    status: HTTPStatus,
    detail: str,
    errors: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    document = Problem(
        title=status.phrase,
        status=status,
        detail=detail,
        instance=request.url.path,
        errors=[dict(error) for error in errors],
    )
    return JSONResponse(document.model_dump(), status, dict(headers or {}), media_type=MEDIA_TYPE)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    status = next(status for family, status in STATUSES.items() if isinstance(error, family))
    return _problem(request, status, str(error), getattr(error, "details", ()))


async def _not_understood(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - the handler is installed for this class only
    parts = [
        {"where": ".".join(map(str, entry["loc"])), "what": entry["msg"].removeprefix("Value error, ")}
        for entry in error.errors()
    ]
    detail = "; ".join(f"{part['where']}: {part['what']}" for part in parts[:3])
    return _problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, f"{detail}. See /docs for what is accepted.", parts)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - the handler is installed for this class only
    cause = error.__cause__
    if isinstance(cause, ComputecastError):
        return await _refused(request, cause)
    if isinstance(cause, ClientDisconnect):
        return await _gone(request, cause)
    status = HTTPStatus(error.status_code)
    if status == HTTPStatus.BAD_REQUEST:
        return await _refused(request, Unreadable())
    detail = {
        HTTPStatus.NOT_FOUND: f"there is nothing at {request.url.path}; see /docs for what there is",
        HTTPStatus.METHOD_NOT_ALLOWED: f"{request.method} is not possible at {request.url.path}; see /docs",
    }.get(status, str(error.detail))
    return _problem(request, status, detail, headers=error.headers)


async def _gone(request: Request, error: Exception) -> Response:  # noqa: ARG001 - as all handlers
    _log.info("the client went away during %s %s", request.method, request.url.path)
    return Response(status_code=HTTPStatus.BAD_REQUEST)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    _log.error("unexpected error at %s %s", request.method, request.url.path, exc_info=error)
    detail = (
        "something failed on our side and was logged; questions can be asked and rows be sent again without harm, but "
        "look at GET /v1/training-runs before you start a run again, and tell whoever runs this service if it lasts"
    )
    return _problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, detail)
