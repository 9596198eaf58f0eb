"""Who changes something and why, as requests say it."""

from typing import Annotated

from fastapi import Header
from pydantic import Field

from service.api.queries import LARGEST_ID, Name, StrictQuery
from service.store.capacity_blocks import UNSIGNED, Signature

LONGEST_ACTOR = 200

ActorHeader = Annotated[
    Name,
    Header(
        alias="X-Actor",
        max_length=LONGEST_ACTOR,
        description="Who does this, where `by` does not say so; nobody checks it.",
        examples=["anna"],
    ),
]


class SignedQuery(StrictQuery):
    """Who does this, and why."""

    by: Name = Field(
        default="",
        max_length=LONGEST_ACTOR,
        description="Who does this, kept with the change; the header `X-Actor` says it too. Nobody checks it.",
        examples=["anna"],
    )
    note: Name = Field(
        default="",
        max_length=2000,
        description="Why, kept with the change; needed where a phase goes back.",
        examples=["the supplier told us of a delay"],
    )

    def signature(self, actor: str = "") -> Signature:
        """The signature of the change; unknown if nobody says who."""
        return Signature(self.by.strip() or actor.strip() or UNSIGNED.by, self.note.strip())


class EditQuery(SignedQuery):
    """Who does this, why, and on what grounds."""

    expected_version: int | None = Field(
        default=None,
        ge=0,
        le=LARGEST_ID,
        description="Refuse the change if the version is another by now, so that no change is lost.",
        examples=[3],
    )
