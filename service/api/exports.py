"""Answers that are asked for as a table or as a page instead of JSON."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from fastapi import Request, Response

from service.api.negotiation import CSV, HTML, JSON, PARQUET, preferred
from service.connectors.output import csv_bytes, parquet_bytes
from service.report.page import POLICY

_SCHEMAS = {CSV: {"type": "string"}, PARQUET: {"type": "string", "format": "binary"}, HTML: {"type": "string"}}

EXPORTED: dict[int | str, dict[str, Any]] = {
    200: {"content": {media_type: {"schema": schema} for media_type, schema in _SCHEMAS.items()}}
}
"""What the OpenAPI document says of a route that exports."""


@dataclass(frozen=True)
class Export:
    """What can be made of an answer, once it is asked for.

    Attributes:
        name: of the file, without an extension.
        table: makes the tidy table.
        page: makes the page.
    """

    name: str
    table: Callable[[], pd.DataFrame]
    page: Callable[[], str]


def exported(request: Request, export: Export) -> Response | None:
    """The export that the request prefers; None where it is JSON."""
    wanted = preferred(request.headers.get("accept", ""), (JSON, *_SCHEMAS))
    headers = {"Vary": "Accept"}
    if wanted == HTML:
        return Response(export.page(), headers=headers | {"Content-Security-Policy": POLICY}, media_type=HTML)
    if wanted in (CSV, PARQUET):
        extension, as_bytes = ("csv", csv_bytes) if wanted == CSV else ("parquet", parquet_bytes)
        headers["Content-Disposition"] = f'attachment; filename="{export.name}.{extension}"'
        return Response(as_bytes(export.table()), headers=headers, media_type=wanted)
    return None
