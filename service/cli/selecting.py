"""Which series a command is about, as `--select region=eu,us` says it."""

from collections.abc import Sequence

from demand.errors import Invalid
from demand.series import DIMENSIONS, Selection


def selection_of(parts: Sequence[str]) -> Selection:
    """The part of the fleet that the options name.

    Raises:
        Invalid: one of them names no dimension.
    """
    named: dict[str, tuple[str, ...]] = {}
    for part in parts:
        name, found, values = part.partition("=")
        if not found or name not in DIMENSIONS:
            raise Invalid(
                f"--select {part!r} selects nothing; write one of {', '.join(DIMENSIONS)}, as in region=eu,us"
            )
        named[name] = (*named.get(name, ()), *values.split(","))
    return Selection(**named)
