"""Demand ahead as planning takes it: joint paths in accelerators, by the month where months are forecast."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pandas as pd

from demand.accelerators import AcceleratorNotFound
from demand.calendar import Granularity, buckets
from demand.errors import Invalid, NotFound
from demand.history import FloatArray
from demand.limits import Measure
from demand.paths import DemandPaths
from demand.series import Selection, SeriesKey
from demand.units import ACCELERATORS, CONVERTIBLE, TOKENS_PER_SECOND
from forecasting.dependence import SHARED_SEED
from planning.conversion import Converter
from planning.pools import PLACE
from service import published
from service.measures import answered
from service.store.forecasts import PublishedForecast
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
        unit: that all series are turned into.
        model_class: of language models, where tokens per second are turned into something or out of it.
        strict: whether series that cannot be told in the unit are refused, and not left out.
        as_of: the instant whose published forecasts are asked for, None for those that are served now.
        by: the dimensions, beside the workload, that tell series apart; those that differ in others only are summed.
    """

    selection: Selection = EVERYTHING
    granularity: Granularity | None = None
    horizon: int | None = None
    end: pd.Timestamp | None = None
    measure: Measure = Measure.DEMAND
    n_paths: int = 500
    unit: str = ACCELERATORS
    model_class: str = ""
    strict: bool = False
    as_of: datetime | None = None
    by: tuple[str, ...] = PLACE


@dataclass(frozen=True)
class DemandAhead:
    """Joint paths of demand, and what they are made of.

    Attributes:
        paths: labelled by `SeriesKey`, in which dimensions that were summed over are empty.
        view: the published forecasts.
        unit: of the paths.
        catalogue: the version of what was known of accelerators; None where it was not needed.
    """

    paths: DemandPaths
    view: published.Window
    unit: str = ACCELERATORS
    catalogue: str | None = None

    @property
    def edges(self) -> pd.DatetimeIndex:
        """The starts of all buckets and the end of the last one."""
        return buckets(self.view.start, self.view.horizon + 1, self.view.granularity)

    @property
    def hours(self) -> FloatArray:
        """Hours in each bucket."""
        return hours_of(self.view)


def demand_ahead(question: DemandQuestion, unit: UnitOfWork, most: int) -> DemandAhead:
    """Joint paths of demand rebuilt from what is published.

    Series that cannot be told in the unit that is asked for are left out, with the reason, or refused if so asked.

    Args:
        question: what is asked.
        unit: the store.
        most: how many series one answer holds.

    Raises:
        NotFound: no series is selected, or none has a forecast.
        Invalid: too many series are selected, none can be told in the unit, one cannot and that is refused, or the
            window reaches beyond what is published.
    """
    granularity = question.granularity or _coarsest(question, unit)
    asked = WindowQuestion(question.selection, granularity, question.horizon, question.end, question.as_of)
    view = open_window(asked, unit, most)
    convert = _Converting(view, question, unit)
    view = convert.told()
    given = answered(question.measure, view, unit, question.n_paths)
    labels = [_label(forecast.series.key, question.by) for forecast in view.forecasts]
    paths = published.paths(view, question.n_paths, labels, given.rationing, convert.change)
    return DemandAhead(paths, view, question.unit, convert.catalogue)


class _Converting:
    """Turns series into one unit, as far as they convert."""

    def __init__(self, view: published.Window, question: DemandQuestion, unit: UnitOfWork) -> None:
        self._view, self._wanted, self._strict = view, question.unit, question.strict
        foreign = any(forecast.series.unit != self._wanted for forecast in view.forecasts)
        known = self._wanted in CONVERTIBLE and (self._wanted != TOKENS_PER_SECOND or bool(question.model_class))
        self._converter = (
            Converter(unit.accelerators.catalogue(), self._wanted, hours_of(view), question.model_class, SHARED_SEED)
            if foreign and (known or question.strict)
            else None
        )

    @property
    def catalogue(self) -> str | None:
        """The version of what is known of accelerators; None where nothing is turned into another unit."""
        return None if self._converter is None else self._converter.catalogue.version

    def change(self, forecast: PublishedForecast, drawn: FloatArray) -> FloatArray:
        """Paths of a series in the unit that is wanted."""
        series = forecast.series
        if series.unit == self._wanted:
            return drawn
        if self._converter is None:
            raise Invalid(f"{series.unit} do not convert into {self._wanted}")
        return self._converter.convert(drawn, series.unit, series.key.accelerator)

    def told(self) -> published.Window:
        """The window without the series that do not convert."""
        view, kept, others = self._view, [], []
        for forecast in view.forecasts:
            try:
                self.change(forecast, np.ones((1, view.horizon)))
                kept.append(forecast)
            except (Invalid, AcceleratorNotFound) as error:
                if self._strict:
                    series = forecast.series
                    raise Invalid(f"series {series.id} ({series.key}) cannot be told so: {error}") from error
                others.append(published.LeftOut(forecast.series.key, f"it cannot be told in {self._wanted}: {error}"))
        if not kept:
            raise Invalid(f"no selected series can be planned with: {others[0].key}: {others[0].reason}")
        return replace(view, forecasts=tuple(kept), left_out=(*view.left_out, *others))


def hours_of(view: published.Window) -> FloatArray:
    """Hours in each bucket of a window."""
    edges = buckets(view.start, view.horizon + 1, view.granularity)
    return np.asarray(np.diff(edges.as_unit("ns").asi8) / 3_600_000_000_000)


def _coarsest(question: DemandQuestion, unit: UnitOfWork) -> Granularity:
    selection, as_of = question.selection, question.as_of
    for granularity in COARSEST_FIRST:
        if unit.forecasts.published(selection, granularity, steps=1, as_of=as_of):
            return granularity
    if not unit.series.find(selection, limit=1):
        raise NotFound(f"no series is stored for {selection}; GET /v1/series lists what there is")
    if as_of is not None:
        raise NotFound(f"no forecast had been published for {selection} at {as_of.isoformat()}; ask as of a later time")
    raise NotFound(
        f'no forecast is published for {selection}; start a run with POST /v1/training-runs {{"granularity": "month"}}'
    )


def _label(key: SeriesKey, by: Sequence[str]) -> SeriesKey:
    return SeriesKey(workload=key.workload, **{name: key.dimension(name) for name in by})
