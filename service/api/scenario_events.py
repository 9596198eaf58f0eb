"""The events of scenarios as they are sent and shown; the fields are those of the classes in `planning.scenarios`."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from service.api.capacity_schemas import BlockOrder
from service.api.instants import Instant
from service.api.scenario_values import (
    STRICT,
    Days,
    DemandPart,
    Estimated,
    EventSource,
    Label,
    LedgerPart,
    Number,
    OneSeries,
    When,
)


class EventFields(BaseModel):
    """What all events have."""

    model_config = STRICT

    name: Annotated[Label, Field(min_length=1)] = Field(
        description="Unique in a scenario; events of the same name share their draws, in whatever scenario they are."
    )
    provenance: EventSource = Field(default=EventSource(), description="Where it is known from.")


class TenantLeaves(EventFields):
    """Demand goes elsewhere: 1 - share x ramp of what is selected stays."""

    type: Literal["tenant_leaves"]
    selection: DemandPart = Field(description="Whose; name the tenant where tenants are told apart.")
    at: When = Field(description="When it begins to leave.")
    share: Estimated = Field(default=1.0, description="How much of it leaves.")
    ramp_days: Days = Field(default=0.0, description="Until all of that has left.")


class AdditionFields(EventFields):
    """Demand that is added, as a share of what is there or of a level of its own."""

    at: When = Field(description="When it begins.")
    share: Estimated | None = Field(default=None, description="Of the selected demand, how much is added to it.")
    selection: DemandPart = Field(default=DemandPart(), description="What the share is of.")
    level: Estimated | None = Field(default=None, description="In place of a share: a level in the unit of demand.")
    key: OneSeries | None = Field(default=None, description="The series that the level is added to.")
    ramp_days: Days = Field(default=0.0, description="Until all of it is there.")


class TenantArrives(AdditionFields):
    """A tenant comes; what is added belongs to it."""

    type: Literal["tenant_arrives"]
    tenant: Annotated[Label, Field(min_length=1)] = Field(description="Who comes.")


class Launch(AdditionFields):
    """Something new is launched that has no history."""

    type: Literal["launch"]


class EfficiencyGain(EventFields):
    """Demand is multiplied by 1 - a + a x factor ** (rebound - 1), with a the share that has adopted it."""

    type: Literal["efficiency_gain"]
    selection: DemandPart = Field(description="Whose work.")
    middle: When = Field(description="When one half of those who ever will have adopted it.")
    factor: Estimated = Field(description="The work of an accelerator with it, relative to one without; at least 1.")
    adoption_days: Days = Field(default=0.0, description="From one tenth to nine tenths of those who ever will.")
    reach: Estimated = Field(default=1.0, description="The share that ever adopts it.")
    rebound: Estimated = Field(
        default=0.0, description="Elasticity of work: 0 for none, 1 where more work takes back the whole gain."
    )


class PriceChange(EventFields):
    """Demand is multiplied by (1 + change_of_price) ** elasticity in the end."""

    type: Literal["price_change"]
    selection: DemandPart = Field(description="Whose price.")
    at: When = Field(description="When it changes.")
    change_of_price: Estimated = Field(description="Relative; -0.3 for a price that falls by 30 %.")
    elasticity: Estimated = Field(description="Negative where a lower price is answered by more demand.")
    ramp_days: Days = Field(default=0.0, description="Until demand has answered in full.")


class GrowthOverride(EventFields):
    """Stated growth replaces that of the paths, which keep their seasons and their variation."""

    type: Literal["growth_override"]
    selection: DemandPart = Field(description="Whose growth.")
    begins: When = Field(description="From when on.")
    annual_growth: Estimated = Field(description="Relative; 0.4 for 40 % a year.")
    ends: When | None = Field(default=None, description="Until when; to the end if not given.")


class LeaseCancelled(EventFields):
    """Blocks are let go, in whole or in part."""

    type: Literal["lease_cancelled"]
    blocks: LedgerPart = Field(description="Which.")
    at: When = Field(description="From when on they are not there.")
    share: Estimated | None = Field(default=None, description="How much of each; all of it if not given.")
    amount: Estimated | None = Field(default=None, description="In place of a share: of all together, pro rata.")


class Slip(EventFields):
    """Blocks come later than the ledger expects, all by the same time."""

    type: Literal["slip"]
    blocks: LedgerPart = Field(description="Which; those that are live are left out.")
    days: Estimated = Field(description="Added to their dates; negative where they come earlier.")


class ConversionChange(EventFields):
    """Blocks convert with another chance than the ledger says: fail where it is 0."""

    type: Literal["conversion_change"]
    blocks: LedgerPart = Field(description="Which; those that are live are left out.")
    chance: Estimated = Field(description="Of ever converting.")


class CapacityReleased(EventFields):
    """Others let capacity go, and it is taken into the ledger."""

    type: Literal["capacity_released"]
    block: BlockOrder = Field(description="What is gained, under a new name.")
    quantity: Estimated | None = Field(default=None, description="How much of it, in place of the block's own.")


class CapacityTaken(EventFields):
    """Others take up capacity that was not fixed."""

    type: Literal["capacity_taken"]
    blocks: LedgerPart = Field(description="Which.")
    at: When = Field(description="From when on it is theirs.")
    share: Estimated = Field(default=1.0, description="How much of each they take.")


class FirstRefusalExercised(EventFields):
    """More is taken by the rights of first refusal that the selected blocks give."""

    type: Literal["first_refusal_exercised"]
    blocks: LedgerPart = Field(description="Those that give the rights.")
    at: Instant = Field(description="When they are exercised; not after they end.")


class PowerCap(EventFields):
    """Regions may together draw so much power and no more; supply is capped, not demand."""

    type: Literal["power_cap"]
    at: When = Field(description="From when on.")
    megawatts: Estimated = Field(description="The most that they may draw.")
    regions: list[Label] = Field(default=[], max_length=1000, description="Which; all if none is named.")
    megawatts_per_accelerator: dict[Label, Number] = Field(
        default={}, max_length=1000, description="What one draws with its host and cooling, by accelerator."
    )
    until: When | None = Field(default=None, description="When it ends; it stays if not given.")


AnyEvent = Annotated[
    TenantLeaves
    | TenantArrives
    | EfficiencyGain
    | Launch
    | PriceChange
    | GrowthOverride
    | LeaseCancelled
    | Slip
    | ConversionChange
    | CapacityReleased
    | CapacityTaken
    | FirstRefusalExercised
    | PowerCap,
    Field(discriminator="type"),
]
