"""Moments, as options of commands name them."""

import pandas as pd

from demand.errors import Invalid


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
