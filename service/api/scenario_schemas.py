"""What scenarios look like when they are sent and shown."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from planning.scenarios.scenario import Scenario
from service.api import scenario_examples as examples
from service.api.scenario_events import AnyEvent
from service.api.scenario_values import Text
from service.store.scenario_documents import to_document, to_scenario
from service.store.scenarios import StoredScenario

MOST_EVENTS = 200

ScenarioName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", min_length=1, max_length=100)]


class ScenarioOrder(BaseModel):
    """A scenario to be stored, or what one is to become; also the format of a file."""

    model_config = ConfigDict(
        extra="forbid",
        str_strip_whitespace=True,
        json_schema_extra={"examples": [examples.ORDER, examples.PARTNER_LEAVES]},
    )

    name: ScenarioName = Field(description="Lower-case letters, digits, dots, dashes and underscores.")
    description: Text = Field(default="", description="What it is about.")
    based_on: list[ScenarioName] = Field(
        default=[], max_length=100, description="Names of scenarios whose events come before its own."
    )
    events: list[AnyEvent] = Field(
        default=[], max_length=MOST_EVENTS, description="What may happen, one after the other."
    )

    def scenario(self) -> Scenario:
        """The scenario that is meant.

        Raises:
            Invalid: an event makes no sense, or events contradict each other.
        """
        return to_scenario(self.model_dump(mode="json", exclude_none=True))

    @classmethod
    def of(cls, scenario: Scenario) -> Self:
        """The scenario as it would be sent."""
        return cls.model_validate(to_document(scenario))


class ScenarioEntry(BaseModel):
    """A version of a stored scenario."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ENTRY]})

    name: str
    description: str
    based_on: list[str]
    events: list[AnyEvent]
    version: int = Field(description="One more with every change; send it back as `expected_version`.")
    recorded_at: datetime
    recorded_by: str
    note: str
    archived_at: datetime | None = Field(default=None, description="When it was archived; null if it was not.")

    @classmethod
    def of(cls, stored: StoredScenario) -> Self:
        """The version as it is shown."""
        return cls(
            **to_document(stored.scenario),
            version=stored.scenario.version,
            recorded_at=stored.recorded_at,
            recorded_by=stored.signature.by,
            note=stored.signature.note,
            archived_at=stored.archived_at,
        )
