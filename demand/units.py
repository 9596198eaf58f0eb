"""The units that a level of demand is measured in."""

import re

ACCELERATORS = "accelerators"

_UNIT = re.compile(r"[a-z][a-z0-9_]{0,63}")


def is_unit(name: str) -> bool:
    """Whether the name can stand for a unit: lower case with underscores, such as `tokens_per_second`."""
    return _UNIT.fullmatch(name) is not None
