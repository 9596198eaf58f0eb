"""The report: one page of HTML that needs nothing from outside, runs nothing, and prints on a sheet of A4."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from service.report.markup import Markup, element, joined
from service.report.style import STYLE

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""The content security policy that a report can be served with."""


MOST_LINES = 6
"""Of a list."""


@dataclass(frozen=True)
class Part:
    """A part of a report.

    Attributes:
        title: of the report, if this is its first part.
        about: what it is computed from, in a line.
        body: the part itself.
    """

    title: str
    about: str
    body: Markup


def report(outlook: Part | None, plan: Part | None, made: datetime) -> str:
    """The page with an outlook, a plan, or both.

    Args:
        outlook: from `outlook_part`.
        plan: from `plan_part`.
        made: when, with its offset.
    """
    parts = [part for part in (outlook, plan) if part is not None]
    title = " and ".join([part.title for part in parts[:1]] + [part.title.lower() for part in parts[1:]])
    head = joined(
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("title", title),
        element("style", Markup(STYLE)),
    )
    body = joined(
        element("header", element("h1", title), [element("p", part.about, class_="soft") for part in parts]),
        _bodies(parts),
        element("footer", f"Made by computecast on {made.astimezone(UTC):%d %b %Y at %H:%M} UTC."),
    )
    return f"<!DOCTYPE html>\n{element('html', element('head', head), element('body', body), lang='en')}\n"


def tiles(told: Sequence[tuple[str, str, str]]) -> Markup:
    """The numbers that matter most: the name of each, its value, and what else is to be said of it."""
    shown = [
        element("div", element("small", name), element("b", value), element("small", more), class_="tile")
        for name, value, more in told
    ]
    return element("div", shown, class_="tiles")


def listed(title: str, lines: Sequence[str]) -> Markup:
    """Lines under a title, as many as fit on a page; nothing if there are none."""
    if not lines:
        return joined()
    more = [f"and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
    return joined(element("h3", title), element("ul", [element("li", line) for line in [*lines[:MOST_LINES], *more]]))


def _bodies(parts: Sequence[Part]) -> Markup:
    if len(parts) == 1:
        return parts[0].body
    return joined([element("section", element("h2", part.title), part.body) for part in parts])
