"""Scoring published forecasts with what came true, a little at a time."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from demand.calendar import Granularity, buckets, number
from demand.history import FloatArray
from demand.limits import is_full
from forecasting.quantiles import DECILES, GRID
from service.jobs.limits import can_join
from service.jobs.ports import StoredHistory
from service.store.engine import Store
from service.store.instants import from_hour, from_hours
from service.store.scores import IssuedSlice, score_row
from service.store.series import StoredSeries
from service.store.unit_of_work import UnitOfWork
from service.store.unscored import Unscored
from training.backtest import stretches
from training.watching import Baseline, Outcomes, baselines, span_starts, step_scores, sums

AT_ONCE = 20
"""Series whose scores are written in one transaction."""

SECONDS = 30.0
"""How long one round of the duty goes on; what is left waits for the next, those first that have waited longest."""

SPAN_STEPS = {Granularity.HOUR: 24, Granularity.DAY: 7, Granularity.WEEK: 1, Granularity.MONTH: 1}
"""Buckets of a span."""

STEPS_AT_ONCE = {Granularity.HOUR: 7 * 24, Granularity.DAY: 8 * 7, Granularity.WEEK: 26, Granularity.MONTH: 60}
"""Buckets that are scored together, whole spans each. All forecasts of one series that tell of them are in memory: of
hours that are forecast anew every hour some 840, with some 30 MB."""


@dataclass(frozen=True)
class _Stretch:
    """Consecutive buckets, whole spans of them."""

    granularity: Granularity
    start: pd.Timestamp
    n_steps: int

    @property
    def index(self) -> pd.DatetimeIndex:
        return buckets(self.start, self.n_steps, self.granularity)


@dataclass(frozen=True)
class _Scored:
    """New scores of one series at one granularity, and the spans that were looked at."""

    series_id: int
    granularity: Granularity
    spans: tuple[pd.Timestamp, ...]
    rows: tuple[dict[str, Any], ...]


def score_waiting(store: Store, *, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic) -> int:
    """Score the forecasts of series with new or corrected outcomes, until none waits or the time is up.

    Every score is computed from all that is stored, so what is done twice, or is cut off in the middle, does no harm.

    Args:
        store: where forecasts and outcomes are.
        seconds: after how long no other series is begun.
        clock: seconds that only go forward.

    Returns:
        How many series were scored.
    """
    until, count = clock() + seconds, 0
    while True:
        with store.read() as unit:
            waiting = unit.unscored.longest_waiting(AT_ONCE)
        done: list[Unscored] = []
        scored: list[_Scored] = []
        for each in waiting:
            if clock() >= until:
                break
            scored += _score(store, each)
            done.append(each)
        with store.begin() as unit:
            for new in scored:
                unit.scores.replace(new.series_id, new.granularity, new.spans, new.rows)
            unit.unscored.done(done)
        count += len(done)
        if len(done) < AT_ONCE or clock() >= until:
            return count


def _score(store: Store, waiting: Unscored) -> Iterator[_Scored]:
    with store.read() as unit:
        series = unit.series.get(waiting.series_id)
        starts = unit.scores.first_starts(series.id)
        newest = unit.observations.newest_hours([series.id]).get(series.id, 0)
    for granularity, first in starts.items():
        for stretch in _stretches(granularity, first, waiting, newest):
            with store.read() as unit:
                slices = unit.scores.issued(series.id, granularity, stretch.start, stretch.n_steps)
            if _complete(store, series.id, slices):
                with store.read() as unit:
                    slices = unit.scores.issued(series.id, granularity, stretch.start, stretch.n_steps)
            with store.read() as unit:
                actual = _actual(unit, series, stretch)
            spans = tuple(dict.fromkeys(span_starts(stretch.index, granularity)))
            yield _Scored(series.id, granularity, spans, tuple(_rows(series.id, stretch, slices, actual)))


def _stretches(granularity: Granularity, first: pd.Timestamp, waiting: Unscored, newest: int) -> Iterator[_Stretch]:
    """Whole spans that hold what has changed, from the first forecast to the last outcome, in pieces."""
    begin, end = max(from_hour(waiting.first_hour), first), from_hour(min(waiting.last_hour, newest))
    if end < first:
        return
    # on the grid of the forecasts, as weeks may begin on any day
    later = number(begin, granularity) - number(first, granularity) - (granularity is Granularity.WEEK)
    start = span_starts(buckets(first, max(later, 0) + 1, granularity)[-1:], granularity)[0]
    while start <= end:
        lacking = number(end, granularity) - number(start, granularity) + 1
        whole = SPAN_STEPS[granularity] * math.ceil(lacking / SPAN_STEPS[granularity])
        n_steps = min(whole, STEPS_AT_ONCE[granularity])
        yield _Stretch(granularity, start, n_steps)
        start = buckets(start, n_steps + 1, granularity)[-1]


def _complete(store: Store, series_id: int, slices: Sequence[IssuedSlice]) -> bool:
    """Make the baselines that are lacking, of all series that were trained together; whether there were any."""
    lacking = dict.fromkeys(each.run_id for each in slices if each.model is None)
    for run_id in lacking:
        with store.read() as unit:
            run = unit.runs.get(run_id)
            partition = next(
                each.partition for each in unit.runs.partitions(run_id) if series_id in each.partition.series_ids
            )
        context = partition.granularity.rhythm.context
        history = StoredHistory(store, run.as_of).panel(partition, context)
        made: dict[int, Baseline | None] = dict(zip(partition.series_ids, baselines(history), strict=True))
        with store.begin() as unit:
            unit.scores.save_baselines(run_id, made)
    return bool(lacking)


def _actual(unit: UnitOfWork, series: StoredSeries, stretch: _Stretch) -> FloatArray:
    """What was asked for in each bucket: what was in use and what queued; NaN where that is not known.

    At a known limit where nobody counted the queue, it is known only that more may have been asked for.
    """
    limits = [each.limit for each in unit.limits.find() if each.limit.applies_to(series.key, series.unit)]
    limits = [limit for limit in limits if limit.holds_use_down]
    company = {
        other.id: other
        for limit in limits
        for other in unit.series.find(limit.selection)
        if other.id != series.id and can_join(other, limit, stretch.granularity)
    }
    ids = [series.id, *company]
    used = unit.observations.stretch(ids, stretch.granularity, stretch.start, stretch.n_steps)
    queued = unit.queues.aligned([series.id], used.select([0]))[0]
    full = is_full(used, limits)[0] if limits else np.zeros(stretch.n_steps, dtype=bool)
    actual = used.values[0] + np.nan_to_num(queued)
    return np.where(full & np.isnan(queued), np.nan, actual)


def _rows(
    series_id: int, stretch: _Stretch, slices: Sequence[IssuedSlice], actual: FloatArray
) -> Iterator[dict[str, Any]]:
    usable = [(each, each.baseline) for each in slices if each.baseline is not None]
    if not usable or np.isnan(actual).all():
        return
    shape = (len(usable), stretch.n_steps)
    quantiles = np.full((*shape, len(GRID)), np.nan)
    naive, known = np.full((*shape, len(DECILES)), np.nan), np.full(shape, np.nan)
    leads = np.zeros(shape, dtype=np.int64)
    first = number(stretch.start, stretch.granularity)
    of_lead = stretches(stretch.granularity, stretch.granularity.rhythm.horizon_limit)
    for row, (each, baseline) in enumerate(usable):
        at = number(each.start, stretch.granularity) + each.first_step - first
        skipped = max(-at, 0)
        told = each.quantiles[skipped:][: stretch.n_steps - max(at, 0)]
        here = slice(max(at, 0), max(at, 0) + len(told))
        step = each.first_step + skipped
        quantiles[row, here], naive[row, here] = told, baseline.deciles(step, len(told))
        known[row, here] = each.outcomes(actual[here])
        leads[row, here] = of_lead[step : step + len(told)]
    scale = np.array([baseline.scale for _, baseline in usable])
    models = list(dict.fromkeys(each.model or "" for each, _ in usable))
    starts, spans = np.unique(span_starts(stretch.index, stretch.granularity).asi8, return_inverse=True)
    places = np.array([models.index(each.model or "") for each, _ in usable])
    found = Outcomes(step_scores(known, quantiles, naive, scale), known, spans, leads, places)
    for score in sums(found):
        start = from_hours(starts[score.span : score.span + 1] // 3_600_000_000_000)[0]
        yield score_row(series_id, stretch.granularity, start, models[score.model], score)
