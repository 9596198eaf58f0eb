"""The families of errors that computecast raises on purpose.

A message holds the offending value and says what to do next; it is shown to users as it is.
"""

from collections.abc import Sequence
from typing import Any


class ComputecastError(Exception):
    """Anything that computecast refuses or cannot do, in words meant for its user."""


class NotFound(ComputecastError):
    """The thing asked for does not exist."""


class Invalid(ComputecastError):
    """What was sent or asked cannot be used as it is.

    Args:
        message: what is wrong and what to do about it.
        details: one JSON-ready entry per offending part, for callers that can show more than a sentence.
    """

    def __init__(self, message: str, details: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(message)
        self.details = tuple(details)


class TooLarge(Invalid):
    """What was sent is larger than a limit allows."""


class UnsupportedFormat(Invalid):
    """What was sent is in a format that is not read."""


class Conflict(ComputecastError):
    """The request contradicts the present state."""


class Unavailable(ComputecastError):
    """The answer exists in principle but cannot be given now."""
