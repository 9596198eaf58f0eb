"""Demand ahead, training and inference apart."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from pydantic import Field

from demand.errors import Invalid, NotFound
from demand.paths import DemandPaths
from demand.series import Workload
from service import published
from service.api.dependencies import SettingsDep, UnitDep
from service.api.forecast_query import ForecastQuery
from service.api.forecast_schemas import DemandAhead, Forecast, GroupForecast, GroupPaths, LeftOut, SamplePaths, Source
from service.api.problems import problems
from service.conversion import Conversion, conversion
from service.measures import answered
from service.rationing import Rationing
from service.settings import Settings
from service.store.unit_of_work import UnitOfWork
from service.windows import WindowQuestion, open_window

router = APIRouter(prefix="/v1/forecasts", tags=["forecasts"])

TOTAL = "total"


class PathsQuery(ForecastQuery):
    """As for forecasts, with the number of paths in place of quantiles."""

    paths: int = Field(
        default=100, ge=1, description="How many of the joint sample paths to return, from the first.", examples=[10]
    )


@router.get("", responses=problems(NotFound, Invalid))
def read_forecast(query: Annotated[ForecastQuery, Query()], unit: UnitDep, settings: SettingsDep) -> Forecast:
    """Demand ahead of the selected part of the fleet: training, inference and total, with quantiles.

    The total of every group is the sum of its parts path by path, so means add up exactly and quantiles are those of
    the sum. Units are never mixed: series in different units are answered in different groups, unless `unit` turns
    them into one.
    """
    view = _window(query, unit, settings)
    given = answered(query.measure, view, unit, settings.paths)
    told = conversion(query.unit, query.model_class, view, unit)
    groups = _groups(view, query.group_by, settings.paths, given.rationing, told)
    _check_size(len(groups) * len(query.quantiles) * view.horizon, settings)
    return Forecast(
        granularity=query.granularity,
        start=view.start,
        timestamps=list(view.index),
        measure=given.measure,
        catalogue=told.catalogue,
        quantiles=query.quantiles,
        groups=[group.forecast(query.quantiles) for group in groups],
        sources=[
            Source.of(each, view.lineage(each), limited=each.series.id in given.limited) for each in view.forecasts
        ],
        left_out=[LeftOut.of(left) for left in view.left_out],
    )


@router.get("/paths", responses=problems(NotFound, Invalid))
def read_paths(query: Annotated[PathsQuery, Query()], unit: UnitDep, settings: SettingsDep) -> SamplePaths:
    """The joint sample paths behind the quantiles: path i of one group belongs to path i of every other."""
    if query.paths > settings.paths:
        raise Invalid(f"{query.paths} paths are more than the {settings.paths} that are drawn; ask for fewer")
    view = _window(query, unit, settings)
    given = answered(query.measure, view, unit, settings.paths)
    told = conversion(query.unit, query.model_class, view, unit)
    groups = _groups(view, query.group_by, settings.paths, given.rationing, told)
    _check_size(len(groups) * query.paths * view.horizon, settings)
    return SamplePaths(
        granularity=query.granularity,
        start=view.start,
        timestamps=list(view.index),
        measure=given.measure,
        catalogue=told.catalogue,
        groups=[group.sample(query.paths) for group in groups],
        left_out=[LeftOut.of(left) for left in view.left_out],
    )


@dataclass(frozen=True)
class Group:
    """Series that are answered together.

    Attributes:
        labels: the values of the dimensions that they share.
        unit: their unit.
        series: how many there are of each workload, and in total.
        paths: joint paths of each workload and of their total, labelled by workload.
    """

    labels: dict[str, str]
    unit: str
    series: dict[str, int]
    paths: DemandPaths

    def forecast(self, levels: Sequence[float]) -> GroupForecast:
        """Means and quantiles of the group."""
        means, quantiles = self.paths.mean(), self.paths.quantiles(levels)
        ahead = {
            str(workload): DemandAhead(
                series=self.series[str(workload)],
                mean=means[row].tolist(),
                quantiles={repr(level): quantiles[row, :, at].tolist() for at, level in enumerate(levels)},
            )
            for row, workload in enumerate(self.paths.labels)
        }
        return GroupForecast(group=self.labels, unit=self.unit, **ahead)

    def sample(self, count: int) -> GroupPaths:
        """The first paths of the group."""
        rows = zip(self.paths.labels, self.paths.values, strict=True)
        drawn = {str(workload): values[:count].tolist() for workload, values in rows}
        return GroupPaths(group=self.labels, unit=self.unit, workloads=drawn)


def _window(query: ForecastQuery, unit: UnitOfWork, settings: Settings) -> published.Window:
    question = WindowQuestion(query.selection(), query.granularity, query.horizon, query.end)
    return open_window(question, unit, settings.max_series_per_answer)


def _check_size(numbers: int, settings: Settings) -> None:
    if numbers > settings.max_numbers_per_answer:
        raise Invalid(
            f"the answer would hold {numbers:,} numbers per workload, more than {settings.max_numbers_per_answer:,}; "
            "ask for fewer groups, quantiles or paths, or for a shorter horizon"
        )


def _groups(
    view: published.Window, group_by: Sequence[str], n_paths: int, rationing: Rationing, told: Conversion
) -> list[Group]:
    own = [(*(f.series.key.dimension(name) for name in group_by), told.unit_of(f)) for f in view.forecasts]
    workloads = [forecast.series.key.workload for forecast in view.forecasts]
    drawn = published.paths(view, n_paths, list(zip(own, workloads, strict=True)), rationing, told.change)
    counts: dict[tuple[str, ...], Counter[Workload]] = {label: Counter() for label in sorted(set(own))}
    for label, workload in zip(own, workloads, strict=True):
        counts[label][workload] += 1
    return [_group(label, group_by, counts[label], drawn) for label in counts]


def _group(label: tuple[str, ...], group_by: Sequence[str], counts: Counter[Workload], drawn: DemandPaths) -> Group:
    present = [workload for workload in Workload if counts[workload]]
    rows = [drawn.labels.index((label, workload)) for workload in present]
    parts = replace(drawn, labels=tuple(present), values=drawn.values[rows])
    total = parts.sums([TOTAL] * len(present))
    together = replace(parts, labels=(*present, TOTAL), values=np.concatenate([parts.values, total.values]))
    series = {workload.value: counts[workload] for workload in present} | {TOTAL: counts.total()}
    return Group(dict(zip(group_by, label[:-1], strict=True)), label[-1], series, together)
