"""What blocks of the ledger of supply look like when they are sent and shown."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from demand.tidy import LARGEST_VALUE, LONGEST_NAME
from demand.units import ACCELERATORS
from planning.ledger import Block, Exit, Phase
from planning.states import TRANSITIONS, CommitmentState
from service.api import capacity_examples as examples
from service.api.instants import Instant
from service.capacity import Outcome, changed_fields
from service.store.capacity_blocks import Change, StoredBlock
from service.store.capacity_documents import Document, to_block, to_document
from service.store.capacity_entries import LONGEST_DAYS, LONGEST_TEXT, MOST_AWAITED, MOST_MONTHS

_STRICT = ConfigDict(extra="forbid", str_strip_whitespace=True)

Amount = Annotated[FiniteFloat, Field(ge=0, le=LARGEST_VALUE)]
Days = Annotated[FiniteFloat, Field(ge=-LONGEST_DAYS, le=LONGEST_DAYS)]
Label = Annotated[str, Field(max_length=LONGEST_NAME)]
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]


class SlipDays(BaseModel):
    """How much later than planned something comes, by quantiles; equal numbers are a certainty."""

    model_config = _STRICT

    p10: Days = Field(description="In nine cases of ten it is more.")
    p50: Days = Field(description="As often more as less.")
    p90: Days = Field(description="In nine cases of ten it is less.")


class Milestone(BaseModel):
    """When a phase is to be complete, and what it costs."""

    model_config = _STRICT

    completes: Instant | None = Field(default=None, description="The planned date.")
    cost: Amount = Field(default=0.0, description="Of the phase, due when it completes.")


class WayOut(BaseModel):
    """What can still be done about a block, until when, and what it costs."""

    model_config = _STRICT

    kind: Exit = Field(description="Cancel for good, pause to take it up later, or slow down.")
    until: Instant = Field(description="The last moment at which it can be decided.")
    charge: Amount = Field(default=0.0, description="Due when it is decided.")
    refund: Amount = Field(default=0.0, description="Of what was paid, what comes back.")
    charge_per_month: Amount = Field(default=0.0, description="Of a pause or a delay, beside the charge.")
    months: int = Field(
        default=0, ge=0, le=MOST_MONTHS, description="The longest pause or delay; 0 for a cancellation."
    )


class FirstRefusal(BaseModel):
    """A right to take more before others may."""

    model_config = _STRICT

    until: Instant = Field(description="The last moment to exercise it.")
    quantity: Amount = Field(description="How much more, in the unit of the block.")
    price: Amount = Field(default=0.0, description="Of taking it.")
    lead_days: Days = Field(default=0.0, ge=0, description="From taking it to having it.")


class ShownWayOut(WayOut):
    """A way out, and whether it can still be taken."""

    available: bool = Field(description="False when its last moment has passed, or the block has ended.")


class ShownFirstRefusal(FirstRefusal):
    """A right of first refusal, and whether it can still be exercised."""

    available: bool = Field(description="False when its last moment has passed, or the block has ended.")


class BlockFields(BaseModel):
    """What a block has, sent or shown."""

    model_config = _STRICT

    name: Label = Field(min_length=1, description="What it is called, unique in the ledger.")
    quantity: Amount = Field(description="How much, in `unit`.")
    online: Instant = Field(description="When it is planned to serve.")
    unit: Label = Field(default=ACCELERATORS, description="`accelerators` or `megawatts`.")
    provider: Label = Field(default="", description="Who provides it.")
    region: Label = Field(default="", description="Where.")
    accelerator: Label = Field(default="", description="Which; empty for power or room that any can fill.")
    phase: Phase = Field(default=Phase.EXPLORATORY, description="The phase that it is in.")
    state: CommitmentState = Field(default=CommitmentState.PROPOSED, description="Of the commitment (FOCUS 1.4).")
    slip_days: SlipDays = Field(
        default=SlipDays(p10=0, p50=0, p90=0), description="How much later than planned it comes, in days."
    )
    conversion: FiniteFloat = Field(default=1.0, ge=0, le=1, description="The chance that it is ever there.")
    end: Instant | None = Field(default=None, description="When it is no longer there; never if not given.")
    milestones: dict[Phase, Milestone] = Field(default={}, description="The phases that are planned.")
    running_cost_per_month: Amount = Field(default=0.0, description="For all of it, once online.")
    currency: str = Field(default="USD", pattern="^[A-Z]{3}$", description="Of all its amounts, ISO 4217.")
    after: list[Label] = Field(
        default=[], max_length=MOST_AWAITED, description="Blocks that must be online before it can be."
    )
    notes: Text = Field(default="", description="Free text.")
    source: Text = Field(default="", description="Where this is known from.")


class BlockOrder(BlockFields):
    """A block to be entered, or what one is to become."""

    model_config = ConfigDict(
        extra="forbid", str_strip_whitespace=True, json_schema_extra={"examples": [*examples.BLOCK_ORDERS]}
    )

    ways_out: list[WayOut] = Field(default=[], max_length=10, description="At most one of each kind.")
    first_refusal: FirstRefusal | None = Field(default=None, description="A right to more.")

    def block(self) -> Block:
        """The block that is meant.

        Raises:
            Invalid: it makes no sense.
        """
        return to_block(self.model_dump(mode="json"))


class BlockPatch(BaseModel):
    """Some fields of a block; those that are not given stay, null goes back to what is where nothing is stated."""

    model_config = ConfigDict(
        extra="forbid", str_strip_whitespace=True, json_schema_extra={"examples": [*examples.PATCHES]}
    )

    quantity: Amount | None = None
    online: Instant | None = None
    unit: Label | None = None
    provider: Label | None = None
    region: Label | None = None
    accelerator: Label | None = None
    phase: Phase | None = None
    state: CommitmentState | None = None
    slip_days: SlipDays | None = None
    conversion: Annotated[FiniteFloat, Field(ge=0, le=1)] | None = None
    end: Instant | None = None
    milestones: dict[Phase, Milestone] | None = Field(default=None, description="All of them, as it replaces all.")
    running_cost_per_month: Amount | None = None
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    after: Annotated[list[Label], Field(max_length=MOST_AWAITED)] | None = None
    ways_out: Annotated[list[WayOut], Field(max_length=10)] | None = Field(
        default=None, description="All of them, as it replaces all."
    )
    first_refusal: FirstRefusal | None = None
    notes: Text | None = None
    source: Text | None = None

    def fields(self) -> Document:
        """What is to be another, as the document of a block has it."""
        return self.model_dump(mode="json", exclude_unset=True)


class BlockContent(BlockOrder):
    """A block in one of its versions."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.BLOCK_ORDER]})


class BlockEntry(BlockFields):
    """A stored block."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.BLOCK]})

    ways_out: list[ShownWayOut]
    first_refusal: ShownFirstRefusal | None
    version: int = Field(description="One more with every change; send it back as `expected_version`.")
    changed_at: datetime
    changed_by: str

    @classmethod
    def of(cls, stored: StoredBlock, at: datetime) -> Self:
        """The block as it is shown, with what can be done about it at an instant."""
        block = stored.block
        document = to_document(block)
        has_ended = not TRANSITIONS[block.state]
        ways = zip(document["ways_out"], block.ways_out, strict=True)
        document["ways_out"] = [{**each, "available": not has_ended and way.until >= at} for each, way in ways]
        if block.first_refusal is not None:
            document["first_refusal"]["available"] = not has_ended and block.first_refusal.until >= at
        return cls(**document, version=stored.version, changed_at=stored.changed_at, changed_by=stored.changed_by)


class ChangeEntry(BaseModel):
    """A change of a block."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.CHANGE]})

    id: int
    version: int = Field(description="That the block has since.")
    changed_at: datetime
    changed_by: str
    note: str
    outcome: str = Field(description="`created`, `changed` or `removed`.")
    fields: list[str] = Field(description="What has become another; empty where it was created or removed.")
    before: BlockContent | None
    after: BlockContent | None

    @classmethod
    def of(cls, change: Change) -> Self:
        """The change as it is shown."""
        outcome: str = Outcome.CHANGED
        fields: tuple[str, ...] = ()
        if change.before is None or change.after is None:
            outcome = Outcome.CREATED if change.before is None else "removed"
        else:
            fields = changed_fields(change.before, change.after)
        return cls(
            id=change.id,
            version=change.version,
            changed_at=change.changed_at,
            changed_by=change.signature.by,
            note=change.signature.note,
            outcome=outcome,
            fields=list(fields),
            before=_content(change.before),
            after=_content(change.after),
        )


def _content(block: Block | None) -> BlockContent | None:
    document: Mapping[str, Any] | None = None if block is None else to_document(block)
    return None if document is None else BlockContent.model_validate(document)
