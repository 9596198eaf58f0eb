"""Parts of the fleet and moments, as options of commands name them."""

from typing import Annotated

import pandas as pd
import typer

from demand.errors import Invalid
from demand.series import DIMENSIONS, Selection

Select = Annotated[list[str] | None, typer.Option(help="As in region=eu,us; may be repeated; everything if not given.")]


def read_selection(parts: list[str] | None) -> Selection:
    """The part of the fleet that the options name.

    Raises:
        Invalid: one of them selects nothing.
    """
    named: dict[str, tuple[str, ...]] = {}
    for part in parts or []:
        name, found, values = part.partition("=")
        if not found or name not in DIMENSIONS:
            raise Invalid(
                f"--select {part!r} selects nothing; write one of {', '.join(DIMENSIONS)}, as in region=eu,us"
            )
        named[name] = (*named.get(name, ()), *values.split(","))
    return Selection(**named)


def read_instant(text: str) -> pd.Timestamp | None:
    """The moment that an option names, None where it is empty.

    Raises:
        Invalid: it is no time.
    """
    if not text:
        return None
    try:
        instant = pd.Timestamp(text)
    except ValueError as error:
        raise Invalid(f"{text!r} is no time; write it like 2025-01-06T00:00:00Z") from error
    return instant if instant.tz is None else instant.tz_convert("UTC")
