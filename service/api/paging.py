"""Cursor paging with `Link` headers."""

from fastapi import Request, Response


def link_next(request: Request, response: Response, cursor: object) -> None:
    """Point to the page after this one."""
    url = request.url.include_query_params(after=str(cursor))
    response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
