"""Numbers, dates and selections of events as they are sent and shown."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from demand.series import Workload
from demand.tidy import LONGEST_NAME
from planning.ledger import Phase
from planning.scenarios.provenance import Confidence
from service.api.instants import Instant
from service.api.queries import Name

STRICT = ConfigDict(extra="forbid", str_strip_whitespace=True)

LONGEST_TEXT = 10_000
LARGEST = 1e15

Label = Annotated[Name, Field(max_length=LONGEST_NAME)]
Labels = Annotated[list[Label], Field(max_length=1000)]
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]
Number = Annotated[FiniteFloat, Field(ge=-LARGEST, le=LARGEST)]
Days = Annotated[FiniteFloat, Field(ge=0, le=100_000)]


class Quantiles(BaseModel):
    """A number by its 10 %, 50 % and 90 % quantiles."""

    model_config = STRICT

    low: Number = Field(description="In nine cases of ten it is more.")
    mid: Number = Field(description="As often more as less.")
    high: Number = Field(description="In nine cases of ten it is less.")

    @model_validator(mode="after")
    def _ascend(self) -> Self:
        if not self.low <= self.mid <= self.high:
            raise ValueError(f"{self.low:g}, {self.mid:g}, {self.high:g} are not in ascending order")
        return self


Estimated = Annotated[Number | Quantiles, Field(description="A number, or its low, mid and high.")]


class UncertainDate(BaseModel):
    """A date that is not known exactly."""

    model_config = STRICT

    date: Instant = Field(description="The date.")
    shift_days: Estimated = Field(description="How much later it may be, in days; negative for earlier.")


When = Annotated[Instant | UncertainDate, Field(description="An instant, or a date and the days around it.")]


class DemandPart(BaseModel):
    """Some series of demand; several values of one dimension are alternatives, none means all."""

    model_config = STRICT

    provider: Labels = []
    region: Labels = []
    accelerator: Labels = []
    workload: Annotated[list[Workload], Field(max_length=10)] = []
    stage: Labels = []
    tenant: Labels = []


class OneSeries(BaseModel):
    """One series of demand."""

    model_config = STRICT

    provider: Label = ""
    region: Label = ""
    accelerator: Label = ""
    workload: Workload = Workload.UNATTRIBUTED
    stage: Label = ""
    tenant: Label = ""


class LedgerPart(BaseModel):
    """Some blocks of the ledger; several values of one field are alternatives, none means all."""

    model_config = STRICT

    names: Labels = []
    provider: Labels = []
    region: Labels = []
    accelerator: Labels = []
    phase: Annotated[list[Phase], Field(max_length=10)] = []
    unit: Labels = []


class EventSource(BaseModel):
    """Where an assumption is from."""

    model_config = STRICT

    text: Text = Field(default="", description="Who said what, and what was concluded from it.")
    link: Annotated[str, Field(max_length=2000)] = Field(default="", description="Where that can be read.")
    confidence: Confidence = Field(default=Confidence.LOW, description="How far it can be trusted.")
