"""Public holidays as a regressor, from the `holidays` package."""

from dataclasses import dataclass
from datetime import date

import holidays
import pandas as pd

from demand.covariates import Regressor
from demand.errors import Invalid
from demand.series import Selection
from demand.tidy import printable
from service.connectors.days import indicator, midnight, next_day, zone_of


@dataclass(frozen=True)
class HolidayCalendar:
    """Whose holidays, and by whose clocks.

    Attributes:
        country: ISO 3166-1 code of two letters.
        zone: name of the time zone in which a holiday lasts from midnight to midnight.
        subdivision: code of a state or province, empty for the country as a whole.
    """

    country: str
    zone: str
    subdivision: str = ""

    def __post_init__(self) -> None:
        supported = holidays.list_supported_countries(include_aliases=False)
        if self.country not in supported:
            raise Invalid(
                f"no holidays are known of {printable(self.country)!r}; name a country by its code, such as US or DE"
            )
        if self.subdivision and self.subdivision not in supported[self.country]:
            known = ", ".join(supported[self.country]) or "none"
            raise Invalid(
                f"{self.country} has no subdivision {printable(self.subdivision)!r} with holidays of its own; it has "
                f"{known}"
            )
        zone_of(self.zone)

    @classmethod
    def parse(cls, text: str) -> "HolidayCalendar":
        """The calendar written as COUNTRY[-SUBDIVISION]:ZONE, such as US-CA:America/Los_Angeles.

        Raises:
            Invalid: it is not written so, or names a place that is not known.
        """
        place, _, zone = text.partition(":")
        country, _, subdivision = place.partition("-")
        if not country or not zone:
            raise Invalid(
                f"{printable(text)!r} is no calendar of holidays; write a country and a time zone, such as "
                "US:America/New_York or DE-BY:Europe/Berlin"
            )
        return cls(country, zone, subdivision)

    def __str__(self) -> str:
        return f"{self.country}{'-' if self.subdivision else ''}{self.subdivision}:{self.zone}"

    def dates(self, first: int, last: int) -> tuple[date, ...]:
        """The holidays of these years, ascending."""
        known = holidays.country_holidays(
            self.country, subdiv=self.subdivision or None, years=range(first, last + 1), observed=True
        )
        return tuple(sorted(day for day in known if first <= day.year <= last))

    def regressor(self, selection: Selection, start: pd.Timestamp, end: pd.Timestamp, name: str = "") -> Regressor:
        """One on every holiday and zero on other days, known for all years between two instants.

        Raises:
            Invalid: no holiday lies there.
        """
        zone = zone_of(self.zone)
        # A year more on either side, as a year begins at another instant there than in UTC.
        first, last = start.year - 1, end.year + 1
        spans = [(midnight(day, zone), midnight(next_day(day), zone)) for day in self.dates(first, last)]
        edges = midnight(date(first, 1, 1), zone), midnight(date(last + 1, 1, 1), zone)
        return indicator(name or f"holidays {self}"[:128], selection, spans, *edges)
