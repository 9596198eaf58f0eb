"""Demand ahead, training and inference apart."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from demand.errors import Invalid, NotFound
from service import published
from service.api.dependencies import SettingsDep, UnitDep
from service.api.forecast_query import ForecastQuery
from service.api.forecast_schemas import DemandAhead, Forecast, GroupForecast, GroupPaths, LeftOut, SamplePaths, Source
from service.api.problems import problems
from service.conversion import conversion
from service.grouped import Group, grouped
from service.measures import answered
from service.settings import Settings
from service.store.unit_of_work import UnitOfWork
from service.windows import WindowQuestion, open_window

router = APIRouter(prefix="/v1/forecasts", tags=["forecasts"])


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
    them into one. With `as_of` it is what was served at that instant, with what it was reconciled with then.
    """
    view = _window(query, unit, settings)
    given = answered(query.measure, view, unit, settings.paths)
    told = conversion(query.unit, query.model_class, view, unit)
    groups = grouped(view, query.group_by, settings.paths, given.rationing, told)
    _check_size(len(groups) * len(query.quantiles) * view.horizon, settings)
    return Forecast(
        granularity=query.granularity,
        start=view.start,
        timestamps=list(view.index),
        measure=given.measure,
        catalogue=told.catalogue,
        quantiles=query.quantiles,
        groups=[_forecast(group, query.quantiles) for group in groups],
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
    groups = grouped(view, query.group_by, settings.paths, given.rationing, told)
    _check_size(len(groups) * query.paths * view.horizon, settings)
    return SamplePaths(
        granularity=query.granularity,
        start=view.start,
        timestamps=list(view.index),
        measure=given.measure,
        catalogue=told.catalogue,
        groups=[_sample(group, query.paths) for group in groups],
        left_out=[LeftOut.of(left) for left in view.left_out],
    )


def _forecast(group: Group, levels: Sequence[float]) -> GroupForecast:
    """Means and quantiles of the group."""
    means, quantiles = group.paths.mean(), group.paths.quantiles(levels)
    ahead = {
        str(workload): DemandAhead(
            series=group.series[str(workload)],
            mean=means[row].tolist(),
            quantiles={repr(level): quantiles[row, :, at].tolist() for at, level in enumerate(levels)},
        )
        for row, workload in enumerate(group.paths.labels)
    }
    return GroupForecast(group=group.labels, unit=group.unit, **ahead)


def _sample(group: Group, count: int) -> GroupPaths:
    """The first paths of the group."""
    rows = zip(group.paths.labels, group.paths.values, strict=True)
    drawn = {str(workload): values[:count].tolist() for workload, values in rows}
    return GroupPaths(group=group.labels, unit=group.unit, workloads=drawn)


def _window(query: ForecastQuery, unit: UnitOfWork, settings: Settings) -> published.Window:
    question = WindowQuestion(query.selection(), query.granularity, query.horizon, query.end, query.as_of)
    return open_window(question, unit, settings.max_series_per_answer)


def _check_size(numbers: int, settings: Settings) -> None:
    if numbers > settings.max_numbers_per_answer:
        raise Invalid(
            f"the answer would hold {numbers:,} numbers per workload, more than {settings.max_numbers_per_answer:,}; "
            "ask for fewer groups, quantiles or paths, or for a shorter horizon"
        )
