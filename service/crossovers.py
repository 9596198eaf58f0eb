"""When inference passes training, for groups of published series."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from demand.errors import Invalid
from demand.series import SeriesKey, Workload
from planning.crossover import Crossover, crossover
from service.demand_ahead import DemandAhead, DemandQuestion, demand_ahead
from service.store.unit_of_work import UnitOfWork
from service.supply_ahead import Told


@dataclass(frozen=True)
class Crossing:
    """When inference passes training, group by group.

    Attributes:
        demand: the paths that were compared.
        groups: the values of the dimensions that tell groups apart, in the order of the rows.
        series: how many series each group has of each workload.
        found: one row per group.
    """

    demand: DemandAhead
    groups: tuple[tuple[str, ...], ...]
    series: tuple[dict[Workload, int], ...]
    found: Crossover


def told_in(asked: DemandQuestion, told: Told) -> DemandQuestion:
    """The question in the unit that is asked for, with series that cannot be told in it refused; else as it is."""
    known = replace(asked, model_class=told.model_class)
    return known if told.unit is None else replace(known, unit=told.unit, strict=True)


def compare_workloads(
    asked: DemandQuestion, group_by: Sequence[str], levels: Sequence[float], unit: UnitOfWork, most: int
) -> Crossing:
    """When inference demand passes training and stays above, to the end of the horizon.

    Demand that nobody has classified counts for neither.

    Args:
        asked: the demand.
        group_by: the dimensions that tell groups apart.
        levels: of the quantiles.
        unit: the store.
        most: how many series one answer holds.

    Raises:
        NotFound, Invalid: as for `demand_ahead`; all of the demand is unattributed.
    """
    demand = demand_ahead(replace(asked, by=tuple(group_by)), unit, most)
    counts: dict[tuple[str, ...], Counter[Workload]] = {}
    for forecast in demand.view.forecasts:
        counts.setdefault(_group(forecast.series.key, group_by), Counter())[forecast.series.key.workload] += 1
    told = sorted(group for group, known in counts.items() if known[Workload.TRAINING] or known[Workload.INFERENCE])
    if not told:
        raise Invalid(
            f"none of the demand of {asked.selection} is known to be training or inference; name workloads in the "
            "history, or select other series"
        )
    rows = {group: row for row, group in enumerate(told)}
    values = {each: np.zeros((len(told), *demand.paths.values.shape[1:])) for each in Workload}
    for label, paths in zip(demand.paths.labels, demand.paths.values, strict=True):
        if isinstance(label, SeriesKey) and (row := rows.get(_group(label, group_by))) is not None:
            values[label.workload][row] += paths
    found = crossover(values[Workload.TRAINING], values[Workload.INFERENCE], levels)
    series = tuple({each: counts[group][each] for each in Workload} for group in told)
    return Crossing(demand, tuple(told), series, found)


def _group(key: SeriesKey, group_by: Sequence[str]) -> tuple[str, ...]:
    return tuple(key.dimension(name) for name in group_by)
