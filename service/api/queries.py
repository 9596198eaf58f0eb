"""Parameters that several resources share."""

import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from demand.series import Selection, Workload

LARGEST_ID = 2**31 - 1
"""The largest id of a series that every database can hold."""

SeriesId = Annotated[int, Field(ge=1, le=LARGEST_ID, description="The id of a series.", examples=[1])]
SeriesCursor = Annotated[
    int | None, Field(ge=0, le=LARGEST_ID, description="Cursor: series with a higher id.", examples=[0])
]


def is_storable(text: str) -> bool:
    """Whether the text has neither control characters nor halves of characters, which no database takes."""
    return not any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)


def split_commas(value: Any) -> Any:
    """`a,b` and repeated parameters mean the same; what is no text is left to be refused."""
    entries = value if isinstance(value, list) else [value] if isinstance(value, str) else None
    if entries is None:
        return value
    parts = [entry.split(",") if isinstance(entry, str) else [entry] for entry in entries]
    return [part.strip() if isinstance(part, str) else part for split in parts for part in split]


def _check_name(name: str) -> str:
    if not is_storable(name):
        raise ValueError("holds a control character, which no name has; remove it")
    return name


Name = Annotated[str, AfterValidator(_check_name)]
Names = Annotated[list[Name], BeforeValidator(split_commas), Field(max_length=1000)]


class StrictQuery(BaseModel):
    """Parameters among which a misspelt one is refused; as it is, for routes that take none."""

    model_config = ConfigDict(extra="forbid")


class SelectionQuery(StrictQuery):
    """Filters on every dimension; several values of one dimension are alternatives."""

    provider: Names = Field(default=[], description="Providers, comma-separated or repeated.", examples=[["acme"]])
    region: Names = Field(default=[], description="Regions.", examples=[["eu-west", "us-east"]])
    accelerator: Names = Field(default=[], description="Accelerators, as named in the data.", examples=[["H100"]])
    workload: Annotated[list[Workload], BeforeValidator(split_commas)] = Field(
        default=[], description="Workloads.", max_length=1000, examples=[["inference"]]
    )
    stage: Names = Field(default=[], description="Stages within a workload.", examples=[["online"]])
    tenant: Names = Field(default=[], description="Tenants.", examples=[["search"]])

    def selection(self) -> Selection:
        """The part of the fleet that the filters name."""
        return Selection(
            provider=tuple(self.provider),
            region=tuple(self.region),
            accelerator=tuple(self.accelerator),
            workload=tuple(self.workload),
            stage=tuple(self.stage),
            tenant=tuple(self.tenant),
        )
