"""The store as the pipeline sees it; every call is one short unit of work."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pandas as pd

from demand.calendar import step_of
from demand.errors import Unavailable
from demand.history import Panel
from service.jobs.workflows import Stopping
from service.store.engine import Store
from service.store.run import SeriesOutcome, SeriesState
from training.ports import Known, Partition, SeriesForecast
from training.recipe import Choice

logger = logging.getLogger(__name__)

REPORT_SECONDS = 1.0


@dataclass(frozen=True)
class StoredHistory:
    """History as it was when the run began."""

    store: Store
    as_of: datetime | None

    def panel(self, partition: Partition, context: int) -> Panel:
        """The last `context` buckets up to the cut-off, one row per series in the order of the partition."""
        with self.store.read() as unit:
            panel = unit.observations.panel(partition.series_ids, partition.granularity, as_of=self.as_of, last=context)
        return ending_at(panel, partition.cut_off, context)


@dataclass(frozen=True)
class StoredForecasts:
    """The forecasts of one run; they are served once the run is published."""

    store: Store
    run_id: str

    def save(self, forecasts: Sequence[SeriesForecast], left_out: Mapping[int, str]) -> None:
        """Keep the forecasts, and why there is none of the series left out; saving the same again changes nothing."""
        noted = [
            SeriesOutcome(each.series_id, _state(each.choice), each.choice, "; ".join(each.choice.notes))
            for each in forecasts
            if each.choice.notes
        ]
        skipped = [
            SeriesOutcome(series_id, SeriesState.SKIPPED, reason=reason) for series_id, reason in left_out.items()
        ]
        with self.store.begin() as unit:
            unit.forecasts.save(self.run_id, forecasts)
            unit.runs.save_series(self.run_id, [*noted, *skipped])


@dataclass(frozen=True)
class PublishedForecasts:
    """What is served at the moment, and what was before."""

    store: Store

    def known(self, partition: Partition) -> dict[int, Known]:
        """What was learned about each series that has a published forecast, and what was issued."""
        with self.store.read() as unit:
            return unit.forecasts.known(partition.series_ids, partition.granularity)


class Report:
    """Tells the store how far a partition is, about once a second at most.

    Args:
        tell: keeps phase, done and total.
        stopping: set when the work has to end.
        clock: seconds that only go forward.
    """

    def __init__(
        self,
        tell: Callable[[str, int, int], None],
        stopping: threading.Event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell = tell
        self._stopping = stopping
        self._clock = clock
        self._due_seconds = clock()

    def __call__(self, phase: str, done: int, total: int) -> None:
        """`done` of `total` pieces of the named phase are finished.

        Raises:
            Stopping: the work has to end here.
        """
        if self._stopping.is_set():
            raise Stopping
        now = self._clock()
        if now < self._due_seconds:
            return
        self._due_seconds = now + REPORT_SECONDS
        try:
            self._tell(phase, done, total)
        except Unavailable as error:
            logger.warning("progress is not shown: %s", error)


def _state(choice: Choice) -> SeriesState:
    """What there is to know of a history or its weights does not make a forecast the work of a simpler model."""
    return SeriesState.DONE if choice.served_by is None else SeriesState.FALLBACK


def ending_at(panel: Panel, cut_off: pd.Timestamp, context: int) -> Panel:
    """The last `context` buckets of a history up to the one at `cut_off`, missing where the history ends earlier."""
    stop = int(step_of(pd.DatetimeIndex([cut_off]), panel.start, panel.granularity)[0]) + 1
    lacking = max(stop - panel.n_steps, 0)
    longer = np.pad(panel.values, ((0, 0), (0, lacking)), constant_values=np.nan)
    return replace(panel, values=longer).between(stop - context, stop)
