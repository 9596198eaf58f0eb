"""Calendars in the format of RFC 5545 as request bodies, and how they are to be taken."""

from typing import Any

from fastapi import Request
from pydantic import Field

from demand.covariates import LONGEST_NAME, Treatment
from demand.errors import UnsupportedFormat
from demand.tidy import printable
from service.api.covariate_examples import CALENDAR
from service.api.queries import Name, SelectionQuery
from service.covariates import CalendarFile

MEDIA_TYPE = "text/calendar"

LARGEST_BYTES = 2 << 20
"""Of the body of a calendar, and of a regressor: thousands of events, or tens of thousands of values."""

BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}, "example": CALENDAR}},
    }
}


class CalendarQuery(SelectionQuery):
    """Which series the calendar concerns, and where its days begin."""

    time_zone: Name = Field(
        default="UTC",
        max_length=64,
        description="Where days begin at midnight, and what times mean that name no zone.",
        examples=["Europe/Berlin"],
    )

    async def calendar(self, request: Request) -> CalendarFile:
        """The calendar in the body.

        Raises:
            UnsupportedFormat: the body is declared as something else.
        """
        declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if declared != MEDIA_TYPE:
            raise UnsupportedFormat(f"the media type {printable(declared)!r} is no calendar; send {MEDIA_TYPE}")
        return CalendarFile(await request.body(), self.time_zone, self.selection())


class EventCalendarQuery(CalendarQuery):
    """How the events of a calendar are taken."""

    treatment: Treatment = Field(
        default=Treatment.MASK,
        description="`mask` leaves their hours out of the history, `model` learns one effect per name.",
        examples=["model"],
    )


class RegressorCalendarQuery(CalendarQuery):
    """What the regressor that is made of a calendar is called."""

    name: Name = Field(
        min_length=1, max_length=LONGEST_NAME, description="The name of the regressor.", examples=["trade fairs"]
    )
