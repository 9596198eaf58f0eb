"""What regressors and events look like when they are sent and shown."""

from datetime import datetime
from typing import Annotated, Any, Self

import numpy as np
import pandas as pd
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from demand import covariates
from demand.calendar import EARLIEST
from demand.covariates import Operation, Treatment, evenly_spaced
from demand.errors import Invalid
from demand.series import Selection
from service.api import covariate_examples as examples
from service.api.queries import Name, SelectionQuery
from service.connectors.covariate_files import LATEST
from service.connectors.holiday_calendar import HolidayCalendar
from service.store.covariates import HolidayOrder, StoredEvent, StoredRegressor

MOST_VALUES = 100_000

Label = Annotated[str, Field(min_length=1, max_length=covariates.LONGEST_NAME)]
_STRICT = ConfigDict(extra="forbid")


class Effect(BaseModel):
    """An effect that is stated and not learned."""

    model_config = _STRICT

    operation: Operation = Field(description="Whether `size` is added to each series or multiplies it.")
    size: FiniteFloat = Field(description="In the unit of demand, or a factor.")

    def known(self) -> covariates.Effect:
        """The effect as the forecast takes it."""
        return covariates.Effect(self.operation, self.size)

    @classmethod
    def of(cls, effect: covariates.Effect | None) -> Self | None:
        """The effect as it is shown."""
        return None if effect is None else cls(operation=effect.operation, size=effect.size)


class Value(BaseModel):
    """One value of a regressor."""

    model_config = _STRICT

    timestamp: AwareDatetime
    value: FiniteFloat


class Holidays(BaseModel):
    """Whose public holidays."""

    model_config = _STRICT

    country: Annotated[str, Field(max_length=10)] = Field(description="ISO 3166-1 code of two letters.")
    subdivision: Annotated[str, Field(max_length=20)] = Field(default="", description="Code of a state or province.")
    time_zone: Annotated[str, Field(max_length=64)] = Field(
        description="A holiday lasts from midnight to midnight there."
    )

    def calendar(self) -> HolidayCalendar:
        """The calendar that is meant."""
        return HolidayCalendar(self.country, self.time_zone, self.subdivision)


class RegressorOrder(BaseModel):
    """A regressor to be stored: its values, or holidays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [*examples.REGRESSOR_ORDERS]})

    name: Label
    selection: SelectionQuery = Field(default=SelectionQuery(), description="Which series; all if not given.")
    values: list[Value] = Field(
        default=[],
        max_length=MOST_VALUES,
        description="Evenly spaced, each for one bucket; with `until`, each until the next.",
    )
    until: AwareDatetime | None = Field(default=None, description="How long the last value is known to hold.")
    effect: Effect | None = Field(default=None, description="What a value of one does; learned if not given.")
    holidays: Holidays | None = Field(default=None, description="Holidays in place of values.")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if bool(self.values) == (self.holidays is not None):
            raise ValueError("give either values or holidays")
        if self.holidays is not None and (self.until is not None or self.effect is not None):
            raise ValueError("holidays are known for good and their effect is learned; leave out until and effect")
        return self

    def content(self) -> covariates.Regressor | HolidayOrder:
        """What is to be stored.

        Raises:
            Invalid: it has a gap or is constant, or its holidays are not known.
        """
        selection = self.selection.selection()
        if self.holidays is not None:
            covariates.check_name(self.name)
            return HolidayOrder(self.name, selection, str(self.holidays.calendar()))
        ordered = sorted(self.values, key=lambda each: each.timestamp)
        starts = pd.DatetimeIndex([instant(each.timestamp) for each in ordered])
        values = np.array([each.value for each in ordered], dtype=np.float64)
        effect = None if self.effect is None else self.effect.known()
        if self.until is None and effect is None:
            return evenly_spaced(self.name, selection, starts, list(values))
        until = None if self.until is None else instant(self.until)
        return covariates.Regressor(self.name, selection, starts, values, until, effect)


class Regressor(BaseModel):
    """A stored regressor."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REGRESSOR]})

    id: int
    name: str
    selection: dict[str, list[str]] = Field(description="The filters; empty means all series.")
    created_at: datetime
    holidays: str = Field(description="The calendar of holidays that it is made from, empty if it has values.")
    first: datetime | None = Field(default=None, description="From when on it is known; holidays are known always.")
    until: datetime | None = Field(default=None, description="Until when it is known; without end if not given.")
    effect: Effect | None = None
    values: list[Value] = Field(description="When it takes which value; only where one regressor is asked for.")

    @classmethod
    def of(cls, stored: StoredRegressor, *, with_values: bool = False) -> Self:
        """The regressor as it is shown."""
        content = stored.content
        shared: dict[str, Any] = {
            "id": stored.id,
            "name": content.name,
            "selection": _conditions(content.selection),
            "created_at": stored.created_at,
        }
        if isinstance(content, HolidayOrder):
            return cls(**shared, holidays=content.calendar, first=None, until=None, effect=None, values=[])
        steps = zip(content.starts, content.values, strict=True) if with_values else ()
        return cls(
            **shared,
            holidays="",
            first=content.starts[0],
            until=content.until,
            effect=Effect.of(content.effect),
            values=[Value(timestamp=start, value=value) for start, value in steps],
        )


class EventOrder(BaseModel):
    """An event to be stored."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [*examples.EVENT_ORDERS]})

    name: Label = Field(description="Events of one name have one effect.")
    selection: SelectionQuery = Field(default=SelectionQuery(), description="Which series; all if not given.")
    start: AwareDatetime
    end: AwareDatetime | None = Field(
        default=None, description="The first instant after it; without it the event is for good and needs an effect."
    )
    treatment: Treatment | None = Field(
        default=None,
        description="`mask` leaves its hours out, `model` learns its effect; `mask` unless an effect is stated.",
    )
    effect: Effect | None = Field(default=None, description="What it does; learned if not given.")
    note: Annotated[Name, Field(max_length=1000)] = ""

    def event(self) -> covariates.Event:
        """What is to be stored.

        Raises:
            Invalid: it ends before it starts, or is masked and has an effect.
        """
        usual = Treatment.MASK if self.effect is None else Treatment.MODEL
        return covariates.Event(
            name=self.name,
            selection=self.selection.selection(),
            start=instant(self.start),
            end=None if self.end is None else instant(self.end),
            treatment=self.treatment or usual,
            effect=None if self.effect is None else self.effect.known(),
            note=self.note,
        )


class Event(BaseModel):
    """A stored event."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.EVENT]})

    id: int
    name: str
    selection: dict[str, list[str]] = Field(description="The filters; empty means all series.")
    created_at: datetime
    start: datetime
    end: datetime | None = None
    treatment: Treatment
    effect: Effect | None = None
    note: str

    @classmethod
    def of(cls, stored: StoredEvent) -> Self:
        """The event as it is shown."""
        event = stored.event
        return cls(
            id=stored.id,
            name=event.name,
            selection=_conditions(event.selection),
            created_at=stored.created_at,
            start=event.start,
            end=event.end,
            treatment=event.treatment,
            effect=Effect.of(event.effect),
            note=event.note,
        )


def instant(moment: datetime) -> pd.Timestamp:
    """The instant in UTC.

    Raises:
        Invalid: it lies outside of what calendars here reach.
    """
    if not EARLIEST <= moment < LATEST:
        raise Invalid(f"{moment.isoformat()} is not between {EARLIEST.year} and {LATEST.year}; correct the year")
    return pd.Timestamp(moment).tz_convert("UTC").as_unit("ns")


def _conditions(selection: Selection) -> dict[str, list[str]]:
    return {name: list(values) for name, values in selection.conditions().items()}
