"""What is told of a series whose demand may have been higher than its use."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

NEARLY_ALWAYS = 0.6
"""Share of recent buckets at a ceiling above which little can be said of what lies over it."""


class Evidence(StrEnum):
    """How it is known that use was held down: somebody has told, a queue was counted, or the data shows it."""

    LIMIT = "limit"
    QUEUE = "queue"
    DATA = "data"


@dataclass(frozen=True)
class Latent:
    """What held use of one series below demand, in the history that a forecast was made from.

    Attributes:
        evidence: how that is known.
        censored_share: share of the known buckets at a ceiling, in which demand is an estimate.
        recent_share: the same over the last fortnight, or the last two seasons of wider buckets.
        ceiling: the ceiling that the data shows at its end, in the unit of the series; None if it shows none.
        overruns: known buckets that lie clearly above a limit, which the limit says cannot be.
    """

    evidence: Evidence
    censored_share: float
    recent_share: float
    ceiling: float | None = None
    overruns: int = 0

    @property
    def is_nearly_always_full(self) -> bool:
        """Whether the history says little of demand above the ceiling."""
        return self.recent_share > NEARLY_ALWAYS

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the forecast should know."""
        told = []
        if self.overruns:
            told.append(
                f"{self.overruns} buckets lie above a limit, so that limit is too low; correct its level, unit or time"
            )
        if self.is_nearly_always_full:
            told.append(
                f"{self.recent_share:.0%} of the recent buckets are at a ceiling, so little is known of demand above "
                "it and the upper quantiles are widened; send what queued with POST /v1/queues to know it"
            )
        return tuple(told)

    def to_json(self) -> dict[str, Any]:
        """It as a JSON object."""
        return asdict(self) | {"evidence": self.evidence.value}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Latent":
        """What `to_json` wrote."""
        return cls(**{**document, "evidence": Evidence(document["evidence"])})
