"""The window of published forecasts that a question about the fleet opens."""

from dataclasses import dataclass, replace

import pandas as pd

from demand.calendar import Granularity
from demand.errors import Invalid, NotFound
from demand.series import Selection
from service import published
from service.reconciled import lineages, steps_to_read
from service.store.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class WindowQuestion:
    """A part of the fleet and a stretch of time ahead.

    Attributes:
        selection: the part.
        granularity: width of the buckets.
        horizon: buckets ahead, None to go by `end`.
        end: the end of the window, exclusive; all that is published where neither is given.
    """

    selection: Selection
    granularity: Granularity
    horizon: int | None = None
    end: pd.Timestamp | None = None


def open_window(question: WindowQuestion, unit: UnitOfWork, most: int) -> published.Window:
    """The published forecasts that answer a question, with what they are reconciled with.

    Args:
        question: what is asked.
        unit: the store.
        most: how many series one answer holds.

    Raises:
        NotFound: no series is selected, or none has a forecast.
        Invalid: too many series are selected, or the window is empty or reaches beyond what is published.
    """
    selection, width = question.selection, question.granularity
    found = unit.series.find(selection, limit=most + 1)
    if not found:
        raise NotFound(f"no series is stored for {selection}; GET /v1/series lists what there is")
    if len(found) > most:
        raise Invalid(f"more than {most} series are selected, which is what one answer holds; narrow the filters")
    steps = None
    if question.horizon is not None:
        steps = steps_to_read(width, min(question.horizon, width.rhythm.horizon_limit))
    forecasts = unit.forecasts.published(selection, width, steps=None if steps is None else steps[width])
    if not forecasts:
        raise NotFound(
            f"no {width} forecast is published for {selection}; start a run with POST /v1/training-runs "
            f'{{"granularity": "{width}"}}'
        )
    view = published.window(forecasts, width, question.horizon, question.end)
    reconciled = lineages(view.forecasts, width, unit.forecasts.relatives(selection, width, steps))
    known = {forecast.series.id for forecast in forecasts}
    reason = (
        f"no {width} forecast of it is published: it is new since the last run, or that run left it out, "
        "for a reason that GET /v1/training-runs/{run_id}/series tells"
    )
    without = tuple(published.LeftOut(series.key, reason) for series in found if series.id not in known)
    return replace(view, left_out=(*view.left_out, *without), lineages=reconciled)
