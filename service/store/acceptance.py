"""Which staged rows fit the series that they name: one unit and one grid per series."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from demand.calendar import Granularity, on_grid
from demand.series import SeriesKey
from demand.tidy import Rejection
from service.store.ingest_report import RejectionLog
from service.store.instants import from_hour, from_hours
from service.store.series import StoredSeries
from service.store.staging import WEEK_HOURS, StagedSeries, Staging

_REMEDY = "correct the timestamp, or name another series for values of another width"


class Acceptance:
    """Decides over staged rows.

    Args:
        staging: the rows; those off the grid of their series are taken out of it.
        log: told of every row that is refused.
        granularity: what the request says of all its series, None to go by what is stored or by the rows.
    """

    def __init__(self, staging: Staging, log: RejectionLog, granularity: Granularity | None) -> None:
        self._staging = staging
        self._log = log
        self._granularity = granularity
        self._counts = staging.counts()

    def decide(
        self, stored: Mapping[SeriesKey, StoredSeries], anchors: Mapping[int, int]
    ) -> list[tuple[StagedSeries, Granularity]]:
        """Those whose rows fit, at least in part, with the granularity of their series.

        Args:
            stored: the series that exist.
            anchors: any stored hour of each existing weekly series, by its id.
        """
        rivals: dict[SeriesKey, list[StagedSeries]] = defaultdict(list)
        for staged in self._staging.series:
            rivals[staged.key].append(staged)
        accepted = []
        for key, group in rivals.items():
            present = stored.get(key)
            chosen = self._one_unit(group, present)
            if chosen is None:
                continue
            granularity = present.granularity if present else self._new_granularity(chosen)
            anchor = anchors[present.id] if present and present.id in anchors else chosen.hour
            if self._one_grid(chosen, granularity, anchor):
                accepted.append((chosen, granularity))
        return accepted

    def _new_granularity(self, staged: StagedSeries) -> Granularity:
        return self._granularity or staged.granularity(self._counts[staged.number])

    def _one_unit(self, group: list[StagedSeries], stored: StoredSeries | None) -> StagedSeries | None:
        """The one whose unit is that of its series; the rows of all others are refused."""
        first = min(group, key=lambda staged: staged.line)
        unit = stored.unit if stored else first.unit
        where = "as stored" if stored else f"as in line {first.line}"
        for staged in group:
            if staged.unit != unit:
                told = (
                    f"is not the unit of its series ({staged.key}), {unit} {where}; "
                    "convert the values or name another series"
                )
                self._refuse(self._staging.rows_of(staged), "unit", told, staged.unit)
        return next((staged for staged in group if staged.unit == unit), None)

    def _one_grid(self, staged: StagedSeries, granularity: Granularity, anchor: int) -> bool:
        """Whether rows are left after those off the grid have been refused."""
        if self._granularity not in {None, granularity}:
            refused = list(self._staging.rows_of(staged))
            told = (
                f"is said to start a {self._granularity}, but its series ({staged.key}) is stored by the {granularity}"
            )
        elif _fits(staged, granularity, anchor):
            return True
        else:
            rows = list(self._staging.rows_of(staged))
            fitting = _on_grid(np.array([hour for _, hour in rows]), granularity, anchor)
            refused = [row for row, fits in zip(rows, fitting, strict=True) if not fits]
            told = f"starts no {granularity} of its series ({staged.key}), such as {from_hour(anchor).isoformat()} does"
        self._refuse(refused, "timestamp", f"{told}; {_REMEDY}")
        self._staging.remove(staged, [hour for _, hour in refused])
        return len(refused) < self._counts[staged.number]

    def _refuse(self, rows: Iterable[tuple[int, int]], column: str, told: str, value: str | None = None) -> None:
        """Refuse rows, given by line and hour; what stands in the column is the time unless it is said."""
        self._log.explain(
            rows,
            lambda row: Rejection(row[0], column, from_hour(row[1]).isoformat() if value is None else value, told),
        )


def _fits(staged: StagedSeries, granularity: Granularity, anchor: int) -> bool:
    """Whether all rows are known to lie on the grid, without looking at each."""
    if granularity is Granularity.HOUR:
        return True
    if granularity is Granularity.MONTH:
        return staged.months
    in_step = granularity is Granularity.DAY or (staged.weekly and (staged.hour - anchor) % WEEK_HOURS == 0)
    return staged.midnights and in_step


def _on_grid(hours: npt.NDArray[np.int64], granularity: Granularity, anchor: int) -> npt.NDArray[np.bool_]:
    on = on_grid(from_hours(hours), granularity)
    if granularity is Granularity.WEEK:
        on = on & ((hours - anchor) % WEEK_HOURS == 0)
    return np.asarray(on, dtype=bool)
