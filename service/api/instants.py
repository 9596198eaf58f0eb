"""Moments that requests name."""

from datetime import datetime
from typing import Annotated

import pandas as pd
from pydantic import AfterValidator, AwareDatetime

from demand.calendar import EARLIEST

LATEST = pd.Timestamp("2200-01-01", tz="UTC")


def _check_time(instant: datetime) -> datetime:
    if not EARLIEST <= instant <= LATEST:
        raise ValueError(f"is not between {EARLIEST.isoformat()} and {LATEST.isoformat()}; correct the year")
    return instant


Instant = Annotated[AwareDatetime, AfterValidator(_check_time)]
"""A moment with a UTC offset, in a year that is no slip of the pen."""
