"""Demand ahead, training and inference apart."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from pydantic import Field

from demand.errors import Invalid, NotFound
from demand.history import FloatArray
from demand.paths import DemandPaths
from demand.series import Workload
from service import published
from service.api.dependencies import SettingsDep, UnitDep
from service.api.forecast_query import ForecastQuery
from service.api.forecast_schemas import DemandAhead, Forecast, GroupForecast, GroupPaths, LeftOut, SamplePaths, Source
from service.api.problems import problems
from service.settings import Settings
from service.store.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/forecasts", tags=["forecasts"])

TOTAL = "total"


class PathsQuery(ForecastQuery):
    """As for forecasts, with the number of paths in place of quantiles."""

    paths: int = Field(default=100, ge=1, description="How many of the joint sample paths to return, from the first.")


@router.get("", responses=problems(NotFound, Invalid))
def read_forecast(query: Annotated[ForecastQuery, Query()], unit: UnitDep, settings: SettingsDep) -> Forecast:
    """Demand ahead of the selected part of the fleet: training, inference and total, with quantiles.

    The total of every group is the sum of its parts path by path, so means add up exactly and quantiles are those of
    the sum. Units are never mixed: series in different units are answered in different groups.
    """
    view = _window(query, unit, settings)
    drawn = published.paths(view, settings.paths)
    return Forecast(
        granularity=query.granularity,
        start=view.start,
        timestamps=list(view.index),
        quantiles=query.quantiles,
        groups=[_forecast_group(group, query.quantiles) for group in _groups(view, drawn, query.group_by)],
        sources=[Source.of(forecast) for forecast in view.forecasts],
        left_out=[LeftOut.of(left) for left in view.left_out],
    )


@router.get("/paths", responses=problems(NotFound, Invalid))
def read_paths(query: Annotated[PathsQuery, Query()], unit: UnitDep, settings: SettingsDep) -> SamplePaths:
    """The joint sample paths behind the quantiles: path i of one group belongs to path i of every other."""
    if query.paths > settings.paths:
        raise Invalid(f"{query.paths} paths are more than the {settings.paths} that are drawn; ask for fewer")
    view = _window(query, unit, settings)
    drawn = published.paths(view, settings.paths)
    return SamplePaths(
        granularity=query.granularity,
        start=view.start,
        timestamps=list(view.index),
        groups=[
            GroupPaths(
                group=label,
                unit=unit_name,
                workloads={name: values[: query.paths].tolist() for name, values in parts.items()},
            )
            for label, unit_name, _, parts in _groups(view, drawn, query.group_by)
        ],
    )


Group = tuple[dict[str, str], str, dict[str, int], dict[str, FloatArray]]
"""Labels, unit, number of series per workload, and paths per workload with their total."""


def _window(query: ForecastQuery, unit: UnitOfWork, settings: Settings) -> published.Window:
    selection = query.selection()
    forecasts = unit.forecasts.published(selection, query.granularity)
    if not forecasts:
        if not unit.series.find(selection, limit=1):
            raise NotFound(f"no series is stored for {selection}; GET /v1/series lists what there is")
        raise NotFound(
            f"no {query.granularity} forecast is published for {selection}; start a run with POST /v1/training-runs "
            f'{{"granularity": "{query.granularity}"}}'
        )
    if len(forecasts) > settings.max_series_per_answer:
        raise Invalid(
            f"{len(forecasts)} series are selected, more than the {settings.max_series_per_answer} that one answer "
            "holds; narrow the filters"
        )
    return published.window(forecasts, query.granularity, query.horizon, query.end)


def _groups(view: published.Window, drawn: DemandPaths, group_by: Sequence[str]) -> list[Group]:
    labels = [
        (*(forecast.series.key.dimension(name) for name in group_by), forecast.series.unit)
        for forecast in view.forecasts
    ]
    result = []
    for label in sorted(set(labels)):
        rows = [row for row, own in enumerate(labels) if own == label]
        workloads = [view.forecasts[row].series.key.workload for row in rows]
        present = [workload for workload in Workload if workload in workloads]
        parts: dict[str, FloatArray] = {
            workload: drawn.values[[r for r, w in zip(rows, workloads, strict=True) if w is workload]].sum(axis=0)
            for workload in present
        }
        parts[TOTAL] = np.sum([parts[workload] for workload in present], axis=0)
        counts = {workload.value: workloads.count(workload) for workload in present} | {TOTAL: len(rows)}
        result.append((dict(zip(group_by, label[:-1], strict=True)), label[-1], counts, parts))
    return result


def _forecast_group(group: Group, levels: Sequence[float]) -> GroupForecast:
    label, unit_name, counts, parts = group
    table = np.stack(list(parts.values()))
    means, quantiles = table.mean(axis=1), np.quantile(table, list(levels), axis=1, method="hazen")
    ahead = {
        name: DemandAhead(
            series=counts[name],
            mean=means[row].tolist(),
            quantiles={f"{level:g}": quantiles[at, row].tolist() for at, level in enumerate(levels)},
        )
        for row, name in enumerate(parts)
    }
    return GroupForecast(group=label, unit=unit_name, **ahead)
