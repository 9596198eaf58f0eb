"""What is known of accelerators, as it is sent and shown."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from demand.accelerators import LEAST, Accelerator, Catalogue, Figure, Source
from demand.estimates import Estimate
from demand.tidy import LARGEST_VALUE
from service.api import accelerator_examples as examples
from service.api.queries import Name
from service.store.accelerators import AcceleratorChange

ShortName = Annotated[Name, Field(min_length=1, max_length=100)]
Note = Annotated[Name, Field(max_length=500)]
Number = Annotated[float, Field(ge=0, le=LARGEST_VALUE)]


class Range(BaseModel):
    """A number that is not known exactly, by its 10 %, 50 % and 90 % quantiles."""

    model_config = ConfigDict(extra="forbid")

    low: Number
    mid: Number
    high: Number


Quantity = Number | Range


class AcceleratorOrder(BaseModel):
    """What is to be known of an accelerator in place of what is published; what is left out stays as published."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.CAP, examples.SITES]})

    maker: Note = Field(default="", description="Who makes it.")
    aliases: list[ShortName] = Field(default=[], max_length=100, description="Other names for it in your data.")
    power_watts: Quantity | None = Field(default=None, description="What it draws, without the server around it.")
    memory_gb: Quantity | None = Field(default=None, description="Its memory.")
    bf16_tflops: Quantity | None = Field(default=None, description="Dense arithmetic on bfloat16.")
    host_overhead: Quantity | None = Field(
        default=None, description="Power of the rest of the server, as a share of that of its accelerators."
    )
    pue: Quantity | None = Field(default=None, description="Power usage effectiveness of the sites where it stands.")
    tokens_per_second: dict[ShortName, Quantity] = Field(
        default={}, max_length=100, description="Output tokens per second of one accelerator, by class of model."
    )
    source: Note = Field(default="", description="Where the figures are from.")
    url: Note = Field(default="", description="Where that can be read.")
    by: Note = Field(default="", description="Who sets them.")
    note: Note = Field(default="", description="Why.")

    def accelerator(self, name: str, date: str) -> Accelerator:
        """The override that is meant.

        Args:
            name: of the accelerator.
            date: of the figures.

        Raises:
            Invalid: a figure is impossible, or its range is not in ascending order.
        """
        source = Source(self.source or self.by or "set by a user", self.url, date)
        asked = {each: getattr(self, each) for each in LEAST}
        figures = {each: _figure(quantity, source) for each, quantity in asked.items() if quantity is not None}
        throughput = {each.casefold(): _figure(found, source) for each, found in self.tokens_per_second.items()}
        return Accelerator(name, self.maker, tuple(self.aliases), tokens_per_second=throughput, **figures)


class SourceEntry(BaseModel):
    """Where a figure is from."""

    title: str
    url: str
    date: str = Field(description="Of its publication where it has one, else when it was read.")


class FigureEntry(BaseModel):
    """A figure by its 10 %, 50 % and 90 % quantiles, equal where it is known exactly."""

    low: float
    mid: float
    high: float
    source: SourceEntry

    @classmethod
    def of(cls, figure: Figure | None) -> Self | None:
        """The figure as it is shown."""
        return None if figure is None else cls._of(figure)

    @classmethod
    def _of(cls, figure: Figure) -> Self:
        value, source = figure.value, figure.source
        entry = SourceEntry(title=source.title, url=source.url, date=source.date)
        return cls(low=value.low, mid=value.mid, high=value.high, source=entry)


class AcceleratorEntry(BaseModel):
    """What is known of an accelerator; a figure that is not known is null."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ACCELERATOR]})

    name: str
    maker: str
    aliases: list[str]
    power_watts: FigureEntry | None = Field(default=None, description="The most that it is specified to draw.")
    memory_gb: FigureEntry | None = None
    bf16_tflops: FigureEntry | None = Field(default=None, description="Dense, at most.")
    host_overhead: FigureEntry | None = Field(default=None, description="The default holds where it is null.")
    pue: FigureEntry | None = Field(default=None, description="The default holds where it is null.")
    tokens_per_second: dict[str, FigureEntry] = Field(description="By class of model.")
    overridden: bool = Field(description="Whether anything of it was set by a user.")

    @classmethod
    def of(cls, accelerator: Accelerator, *, overridden: bool) -> Self:
        """The accelerator as it is shown."""
        throughput = {name: FigureEntry.of(figure) for name, figure in accelerator.tokens_per_second.items()}
        return cls(
            name=accelerator.name,
            maker=accelerator.maker,
            aliases=list(accelerator.aliases),
            tokens_per_second={name: entry for name, entry in throughput.items() if entry is not None},
            overridden=overridden,
            **{each: FigureEntry.of(getattr(accelerator, each)) for each in LEAST},
        )


class CatalogueAnswer(BaseModel):
    """All that is known of accelerators."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.CATALOGUE]})

    version: str = Field(description="The date of the published figures, and the number of the last change to them.")
    default: AcceleratorEntry = Field(description="The host overhead and PUE of accelerators that have none.")
    accelerators: list[AcceleratorEntry]

    @classmethod
    def of(cls, catalogue: Catalogue, overridden: set[str]) -> Self:
        """The catalogue as it is shown; `overridden` are the names that users set something of."""
        entries = [AcceleratorEntry.of(each, overridden=each.name in overridden) for each in catalogue.accelerators]
        default = AcceleratorEntry.of(catalogue.default, overridden=catalogue.default.name in overridden)
        return cls(version=catalogue.version, default=default, accelerators=entries)


class ChangeEntry(BaseModel):
    """A change of what is known of an accelerator."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.CHANGE]})

    id: int
    name: str
    changed_at: datetime
    changed_by: str
    note: str
    override: AcceleratorEntry | None = Field(description="What was set; null where it went back to what is published.")

    @classmethod
    def of(cls, change: AcceleratorChange) -> Self:
        """The change as it is shown."""
        override = None if change.override is None else AcceleratorEntry.of(change.override, overridden=True)
        return cls(
            id=change.id,
            name=change.name,
            changed_at=change.changed_at,
            changed_by=change.changed_by,
            note=change.note,
            override=override,
        )


def _figure(quantity: float | Range, source: Source) -> Figure:
    if isinstance(quantity, Range):
        return Figure(Estimate(quantity.low, quantity.mid, quantity.high), source)
    return Figure(Estimate.certain(quantity), source)
