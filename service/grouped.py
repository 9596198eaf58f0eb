"""Published series answered in groups, workloads apart."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from demand.paths import DemandPaths
from demand.series import Workload
from service import published
from service.conversion import Conversion
from service.rationing import Rationing

TOTAL = "total"


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


def grouped(
    view: published.Window, group_by: Sequence[str], n_paths: int, rationing: Rationing, told: Conversion
) -> list[Group]:
    """The groups of an answer, by ascending labels and unit.

    Args:
        view: the published forecasts.
        group_by: the dimensions that tell groups apart; units do so too.
        n_paths: how many joint paths.
        rationing: what limits leave of the demand of each series.
        told: the unit that series are turned into.
    """
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
