"""Which measure of the published forecasts a question is answered in, and what that does to their paths."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from demand.history import FloatArray
from demand.limits import Limit, Measure
from demand.series import Selection
from service.published import Window, covers, draws
from service.rationing import NOTHING, Rationing, Request, rationing
from service.reconciled import Lineage, lineages
from service.store.forecasts import PublishedForecast
from service.store.limits import StoredLimit
from service.store.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Answered:
    """How a question is answered.

    Attributes:
        measure: demand, or what can be in use of it.
        rationing: what is done to the paths of demand.
        limited: ids of the series that share a known limit.
    """

    measure: Measure
    rationing: Rationing
    limited: frozenset[int]


def answered(asked: Measure | None, view: Window, unit: UnitOfWork, n_paths: int) -> Answered:
    """Settle the measure of an answer.

    Unless it is asked for, it is demand where anything is known to hold the use of a selected series down, and
    utilization, which is the same then, where nothing is.

    Args:
        asked: the measure that was asked for.
        view: the selected forecasts.
        unit: to look up limits, and the forecasts of other series that share them.
        n_paths: how many paths are drawn.
    """
    stored = [each.limit for each in unit.limits.find() if each.limit.holds_use_down and _was_known(each, view.as_of)]
    limits = [limit for limit in stored if any(_applies(limit, forecast) for forecast in view.forecasts)]
    limited = frozenset(f.series.id for f in view.forecasts if any(_applies(limit, f) for limit in limits))
    is_known = bool(limits) or any(forecast.choice.latent is not None for forecast in view.forecasts)
    measure = asked or (Measure.DEMAND if is_known else Measure.UTILIZATION)
    if measure is Measure.DEMAND or not is_known:
        return Answered(measure, NOTHING, limited)
    company, reconciled = _company(view, unit, [limit.selection for limit in limits])
    everyone = (*view.forecasts, *company)
    draw = draws(replace(view, lineages={**reconciled, **view.lineages}), n_paths, everyone)
    requests = [_request(forecast, draw) for forecast in everyone]
    return Answered(measure, rationing(requests, limits, view.index), limited)


def _was_known(stored: StoredLimit, as_of: datetime | None) -> bool:
    return as_of is None or stored.recorded_at <= as_of


def _applies(limit: Limit, forecast: PublishedForecast) -> bool:
    return limit.applies_to(forecast.series.key, forecast.series.unit)


def _request(forecast: PublishedForecast, draw: Callable[[PublishedForecast], FloatArray]) -> Request:
    series = forecast.series
    return Request(series.id, series.key, series.unit, forecast.choice.latent, partial(draw, forecast))


def _company(
    view: Window, unit: UnitOfWork, selections: Sequence[Selection]
) -> tuple[list[PublishedForecast], dict[int, Lineage]]:
    """Forecasts of series that were not selected but share a limit with one that was, and their lineages."""
    selected = {forecast.series.id for forecast in view.forecasts}
    found: dict[int, PublishedForecast] = {}
    reconciled: dict[int, Lineage] = {}
    for selection in selections:
        others = [
            forecast
            for forecast in unit.forecasts.published(selection, view.granularity, as_of=view.as_of)
            if covers(forecast, view) and forecast.series.id not in selected
        ]
        if others:
            known = unit.forecasts.relatives(selection, view.granularity, as_of=view.as_of)
            reconciled |= lineages(others, view.granularity, known)
        found |= {forecast.series.id: forecast for forecast in others}
    return list(found.values()), reconciled
