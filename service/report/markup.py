"""HTML that cannot be broken by what it shows: texts are escaped unless they are markup already."""

from collections.abc import Iterable
from html import escape


class Markup(str):
    """Text that is markup, and stands as it is."""

    __slots__ = ()


Content = str | Iterable[str]

_VOID = frozenset({"br", "meta"})
"""Elements that hold nothing and have no end."""


def element(tag: str, *content: Content, **attributes: object) -> Markup:
    """An element with what is in it, text escaped.

    Args:
        tag: its name.
        content: texts and elements, or lists of them.
        attributes: whose names may end in an underscore, and hold one for a hyphen; those that are None are left out.
    """
    told = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{tag}{told}>" if tag in _VOID else f"<{tag}{told}>{joined(*content)}</{tag}>")


def joined(*content: Content) -> Markup:
    """Texts and elements one after the other, text escaped."""
    parts: list[str] = []
    for each in content:
        parts += [each] if isinstance(each, str) else each
    return Markup("".join(part if isinstance(part, Markup) else escape(part) for part in parts))


def table(
    head: Iterable[Content], rows: Iterable[Iterable[Content]], numeric: Iterable[int] = (), **named: object
) -> Markup:
    """A table; columns of numbers are aligned to the right.

    Args:
        head: of each column.
        rows: of the body, cells in the order of the columns.
        numeric: columns of numbers, from 0.
        named: attributes of the table.
    """
    right = set(numeric)

    def line(tag: str, cells: Iterable[Content]) -> Markup:
        told = [element(tag, cell, class_="number" if at in right else None) for at, cell in enumerate(cells)]
        return element("tr", told)

    return element(
        "table", element("thead", line("th", head)), element("tbody", [line("td", row) for row in rows]), **named
    )
