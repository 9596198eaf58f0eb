"""Where an assumption comes from, and how far it can be trusted."""

from dataclasses import dataclass
from enum import StrEnum


class Confidence(StrEnum):
    """How far an assumption can be trusted."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True)
class Provenance:
    """Where an assumption comes from.

    Attributes:
        text: who said what, and what was concluded from it.
        link: where that can be read.
        confidence: how far it can be trusted.
    """

    text: str = ""
    link: str = ""
    confidence: Confidence = Confidence.LOW


UNSOURCED = Provenance()
