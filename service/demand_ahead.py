"""Demand ahead as planning takes it: joint paths in accelerators, by the month where months are forecast."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from demand.calendar import Granularity, buckets
from demand.errors import Invalid, NotFound
from demand.limits import Measure
from demand.paths import DemandPaths
from demand.series import Selection, SeriesKey
from demand.units import ACCELERATORS
from planning.pools import PLACE
from service import published
from service.measures import answered
from service.store.unit_of_work import UnitOfWork
from service.windows import WindowQuestion, open_window

EVERYTHING = Selection()

COARSEST_FIRST = tuple(reversed(Granularity))


@dataclass(frozen=True)
class DemandQuestion:
    """Demand ahead of a part of the fleet.

    Attributes:
        selection: the part.
        granularity: width of the buckets; None for the coarsest that is forecast.
        horizon: buckets ahead, None to go by `end`.
        end: the end of the window, exclusive; all that is published where neither is given.
        measure: what would be asked for, or what can be in use of it.
        n_paths: how many joint paths.
        by: the dimensions, beside the workload, that tell series apart; those that differ in others only are summed.
    """

    selection: Selection = EVERYTHING
    granularity: Granularity | None = None
    horizon: int | None = None
    end: pd.Timestamp | None = None
    measure: Measure = Measure.DEMAND
    n_paths: int = 500
    by: tuple[str, ...] = PLACE


@dataclass(frozen=True)
class DemandAhead:
    """Joint paths of demand, and what they are made of.

    Attributes:
        paths: labelled by `SeriesKey`, in which dimensions that were summed over are empty.
        view: the published forecasts.
    """

    paths: DemandPaths
    view: published.Window

    @property
    def edges(self) -> pd.DatetimeIndex:
        """The starts of all buckets and the end of the last one."""
        return buckets(self.view.start, self.view.horizon + 1, self.view.granularity)


def demand_ahead(question: DemandQuestion, unit: UnitOfWork, most: int) -> DemandAhead:
    """Joint paths of demand rebuilt from what is published.

    Series in other units than accelerators are left out, with the reason.

    Args:
        question: what is asked.
        unit: the store.
        most: how many series one answer holds.

    Raises:
        NotFound: no series is selected, or none has a forecast.
        Invalid: too many series are selected, none is in accelerators, or the window reaches beyond what is published.
    """
    granularity = question.granularity or _coarsest(question.selection, unit)
    asked = WindowQuestion(question.selection, granularity, question.horizon, question.end)
    view = _in_accelerators(open_window(asked, unit, most))
    given = answered(question.measure, view, unit, question.n_paths)
    labels = [_label(forecast.series.key, question.by) for forecast in view.forecasts]
    return DemandAhead(published.paths(view, question.n_paths, labels, given.rationing), view)


def _coarsest(selection: Selection, unit: UnitOfWork) -> Granularity:
    for granularity in COARSEST_FIRST:
        if unit.forecasts.published(selection, granularity, steps=1):
            return granularity
    if not unit.series.find(selection, limit=1):
        raise NotFound(f"no series is stored for {selection}; GET /v1/series lists what there is")
    raise NotFound(
        f'no forecast is published for {selection}; start a run with POST /v1/training-runs {{"granularity": "month"}}'
    )


def _in_accelerators(view: published.Window) -> published.Window:
    kept = tuple(forecast for forecast in view.forecasts if forecast.series.unit == ACCELERATORS)
    others = tuple(
        published.LeftOut(
            forecast.series.key, f"it is in {forecast.series.unit}, and capacity is planned in accelerators"
        )
        for forecast in view.forecasts
        if forecast.series.unit != ACCELERATORS
    )
    if not kept:
        raise Invalid(f"no selected series is in accelerators: {others[0].key} {others[0].reason}; select others")
    return replace(view, forecasts=kept, left_out=(*view.left_out, *others))


def _label(key: SeriesKey, by: Sequence[str]) -> SeriesKey:
    return SeriesKey(workload=key.workload, **{name: key.dimension(name) for name in by})
