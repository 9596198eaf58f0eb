"""The window of published forecasts that a question about the fleet opens."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import pandas as pd

from demand.calendar import Granularity, number
from demand.errors import Invalid, NotFound
from demand.series import Selection
from service import published
from service.reconciled import lineages, steps_to_read
from service.store.series import StoredSeries
from service.store.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class WindowQuestion:
    """A part of the fleet and a stretch of time ahead.

    Attributes:
        selection: the part.
        granularity: width of the buckets.
        horizon: buckets ahead, None to go by `end`.
        end: the end of the window, exclusive; all that is published where neither is given.
        as_of: the instant whose published forecasts are asked for, None for those that are served now.
    """

    selection: Selection
    granularity: Granularity
    horizon: int | None = None
    end: pd.Timestamp | None = None
    as_of: datetime | None = None


def open_window(question: WindowQuestion, unit: UnitOfWork, most: int) -> published.Window:
    """The published forecasts that answer a question, with what they are reconciled with.

    Args:
        question: what is asked.
        unit: the store.
        most: how many series one answer holds.

    Raises:
        NotFound: no series is selected, or none has a forecast, or had one then.
        Invalid: too many series are selected, or the window is empty or reaches beyond what is published.
    """
    width = question.granularity
    found = selected_series(question.selection, unit, most)
    steps = None
    if question.horizon is not None:
        steps = steps_to_read(width, min(question.horizon, width.rhythm.horizon_limit))
    to_read = None if steps is None else steps[width]
    forecasts = unit.forecasts.published(question.selection, width, steps=to_read, as_of=question.as_of)
    if not forecasts:
        raise NotFound(_nothing(question, unit))
    view = _reconciled(published.window(forecasts, width, question.horizon, question.end), question, unit, steps)
    known = {forecast.series.id for forecast in forecasts}
    reason = _without(question)
    without = tuple(published.LeftOut(series.key, reason) for series in found if series.id not in known)
    return replace(view, left_out=(*view.left_out, *without))


def window_up_to(question: WindowQuestion, end: pd.Timestamp, unit: UnitOfWork) -> published.Window | None:
    """What was served for a selection up to a bucket, and no bucket beyond is read.

    Args:
        question: what is asked; the horizon and the end of it do not count.
        end: the end of the last bucket that is wanted, UTC. The window ends earlier where what was served does.
        unit: the store.

    Returns:
        None where nothing was served, or where it began after that end.
    """
    width = question.granularity
    start = unit.forecasts.newest_start(question.selection, width, question.as_of)
    if start is None or start >= end:
        return None
    wanted = number(end, width) - number(start, width)
    steps = steps_to_read(width, min(wanted, width.rhythm.horizon_limit))
    forecasts = unit.forecasts.published(question.selection, width, steps=steps[width], as_of=question.as_of)
    view = published.window(forecasts, width, None, None)
    return _reconciled(replace(view, horizon=min(view.horizon, wanted)), question, unit, steps)


def selected_series(selection: Selection, unit: UnitOfWork, most: int) -> list[StoredSeries]:
    """The series of a selection.

    Raises:
        NotFound: there is none.
        Invalid: there are more than one answer holds.
    """
    found = unit.series.find(selection, limit=most + 1)
    if not found:
        raise NotFound(f"no series is stored for {selection}; GET /v1/series lists what there is")
    if len(found) > most:
        raise Invalid(f"more than {most} series are selected, which is what one answer holds; narrow the filters")
    return found


def _reconciled(
    view: published.Window, question: WindowQuestion, unit: UnitOfWork, steps: Mapping[Granularity, int] | None
) -> published.Window:
    known = unit.forecasts.relatives(question.selection, view.granularity, steps, as_of=question.as_of)
    return replace(view, lineages=lineages(view.forecasts, view.granularity, known), as_of=question.as_of)


def _nothing(question: WindowQuestion, unit: UnitOfWork) -> str:
    """Why there is no forecast at all, and what to do."""
    selection, width = question.selection, question.granularity
    first = unit.publications.first_at(selection, width)
    if question.as_of is None or first is None:
        return (
            f"no {width} forecast is published for {selection}; start a run with POST /v1/training-runs "
            f'{{"granularity": "{width}"}}'
        )
    return (
        f"no {width} forecast had been published for {selection} at {question.as_of.isoformat()}; the first was at "
        f"{first.isoformat()}, so ask as of then or later"
    )


def _without(question: WindowQuestion) -> str:
    """Why a selected series is no part of an answer that others are part of."""
    if question.as_of is not None:
        return f"no {question.granularity} forecast of it had been published at {question.as_of.isoformat()}"
    return (
        f"no {question.granularity} forecast of it is published: it is new since the last run, or that run left it "
        "out, for a reason that GET /v1/training-runs/{run_id}/series tells"
    )
