"""An outlook, and how a report looks at it."""

from dataclasses import dataclass

import pandas as pd

from demand.calendar import Granularity
from planning.ledger import Commitment
from planning.occurrence import Occurrence
from planning.outlook import OutlookQuestion
from service.outlooks import Prospect
from service.report import wording

LEVELS = (0.1, 0.5, 0.9)
"""Of dates and costs."""

SAID = {
    Commitment.LIVE: "live",
    Commitment.COMMITTED: "live or signed",
    Commitment.EVERYTHING: "live, signed or proposed",
}


@dataclass(frozen=True)
class OutlookView:
    """An outlook, and how it is looked at.

    Attributes:
        prospect: the outlook.
        told: what was asked of it.
        counted: the degree of commitment that numbers are told for.
    """

    prospect: Prospect
    told: OutlookQuestion
    counted: Commitment = Commitment.COMMITTED

    @property
    def index(self) -> pd.DatetimeIndex:
        """The starts of all buckets."""
        return self.prospect.demand.view.index

    @property
    def granularity(self) -> Granularity:
        """The width of the buckets."""
        return self.prospect.demand.view.granularity

    @property
    def priced(self) -> bool:
        """Whether anything is known of costs."""
        return self.prospect.short_is_priced or self.prospect.idle_is_priced

    def when(self, found: Occurrence, row: int = 0) -> list[str]:
        """The dates by which it has happened with chances of 10, 50 and 90 percent."""
        return wording.dates(found, row, self.index, self.granularity, LEVELS)
