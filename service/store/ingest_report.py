"""What became of the rows of a request."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime

from demand.errors import Invalid
from demand.tidy import Rejection

REJECTIONS_KEPT = 1000
"""How many rejections a report lists; it counts them all."""


@dataclass(frozen=True)
class IngestReport:
    """What became of the rows of a request.

    Attributes:
        inserted: rows of buckets of which nothing was stored.
        updated: rows that replaced another value, which is kept as a revision.
        unchanged: rows that said what was stored, or what another row of the request said.
        rejected: rows that were refused.
        duplicates: of the unchanged rows, those that repeat another row of the same request.
        rejections: why, for the first `REJECTIONS_KEPT` of them, by line.
        recorded_at: the instant from which on the rows are part of history; None if nothing was stored.
    """

    inserted: int
    updated: int
    unchanged: int
    rejected: int
    duplicates: int
    rejections: tuple[Rejection, ...]
    recorded_at: datetime | None


class IngestRejected(Invalid):
    """Rows of a request were refused, and so nothing of it was stored.

    Args:
        report: which rows and why.
    """

    def __init__(self, report: IngestReport) -> None:
        first = report.rejections[0]
        where = f"line {first.line}, {first.column}" if first.column else f"line {first.line}"
        count = "1 row was" if report.rejected == 1 else f"{report.rejected} rows were"
        super().__init__(
            f"nothing is stored, because {count} refused; the first is {where}: {first.value!r} {first.reason}; "
            "correct what is listed, or store the other rows with on_error=skip",
            [asdict(rejection) for rejection in report.rejections],
        )
        self.report = report


@dataclass
class RejectionLog:
    """Collects rejections, of which only the first are kept."""

    count: int = 0
    kept: list[Rejection] = field(default_factory=list)

    def add(self, rejections: Iterable[Rejection]) -> None:
        """Count these, and keep them while there is room."""
        for rejection in rejections:
            self.count += 1
            if len(self.kept) < REJECTIONS_KEPT:
                self.kept.append(rejection)

    def by_line(self) -> tuple[Rejection, ...]:
        """Those kept, by line."""
        return tuple(sorted(self.kept, key=lambda rejection: rejection.line))
