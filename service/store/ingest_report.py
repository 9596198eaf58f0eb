"""What became of the rows of a request."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TypeVar

from demand.calendar import Granularity
from demand.errors import Invalid
from demand.tidy import REJECTIONS_TOLD, Rejection
from service.store.series import StoredSeries

REJECTIONS_KEPT = REJECTIONS_TOLD
"""How many rejections a report lists; it counts them all."""

SERIES_KEPT = 1000
"""How many new series a report lists; it counts them all."""

_Fault = TypeVar("_Fault")


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
        new_series: the first `SERIES_KEPT` series that did not exist before, by id, each with the grid it was given.
        new_counts: how many series did not exist before, by their grid.
    """

    inserted: int
    updated: int
    unchanged: int
    rejected: int
    duplicates: int
    rejections: tuple[Rejection, ...]
    recorded_at: datetime | None
    new_series: tuple[StoredSeries, ...] = ()
    new_counts: Mapping[Granularity, int] = field(default_factory=dict)


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
    """Counts rejections, of which only the first are kept."""

    count: int = 0
    kept: list[Rejection] = field(default_factory=list)

    def add(self, rejections: Iterable[Rejection], unexplained: int = 0) -> None:
        """Count these and so many others, and keep these while there is room."""
        self.explain(rejections, lambda rejection: rejection)
        self.count += unexplained

    def explain(self, faults: Iterable[_Fault], why: Callable[[_Fault], Rejection]) -> None:
        """Count these, and ask why of as many as there is room for."""
        for fault in faults:
            self.count += 1
            if len(self.kept) < REJECTIONS_KEPT:
                self.kept.append(why(fault))

    def by_line(self) -> tuple[Rejection, ...]:
        """Those kept, by line."""
        return tuple(sorted(self.kept, key=lambda rejection: rejection.line))
