"""The units that a level of demand is measured in."""

import re

from demand.errors import Invalid

ACCELERATORS = "accelerators"
ACCELERATOR_HOURS = "accelerator_hours"
MEGAWATTS = "megawatts"
TOKENS_PER_SECOND = "tokens_per_second"

CONVERTIBLE = (ACCELERATORS, ACCELERATOR_HOURS, MEGAWATTS, TOKENS_PER_SECOND)
"""The units that can be turned into each other, where enough is known of the accelerator."""

_UNIT = re.compile(r"[a-z][a-z0-9_]{0,63}")


def is_unit(name: str) -> bool:
    """Whether the name can stand for a unit: lower case with underscores, such as `tokens_per_second`."""
    return _UNIT.fullmatch(name) is not None


def check_convertible(unit: str) -> None:
    """Refuse a unit that nothing is known to turn into, or out of.

    Raises:
        Invalid: it is none of `CONVERTIBLE`.
    """
    if unit not in CONVERTIBLE:
        raise Invalid(f"{unit!r} converts into no other unit; those that convert are {', '.join(CONVERTIBLE)}")
