"""Demand in the classes of a topology."""

from dataclasses import dataclass

import numpy as np

from demand.history import FloatArray
from demand.paths import DemandPaths
from demand.series import SeriesKey
from planning.pools import Topology


@dataclass(frozen=True)
class ClassDemand:
    """Demand per class, path by path.

    Attributes:
        values: in the order of the classes of the topology, shape (n_classes, n_paths, n_steps).
        unplaced: labels of demand that belongs to no class.
    """

    values: FloatArray
    unplaced: tuple[SeriesKey, ...]


def class_demand(demand: DemandPaths, topology: Topology) -> ClassDemand:
    """Sums of the demand of each class: of its workload, in the regions and of the accelerators of its home.

    Args:
        demand: labelled by `SeriesKey`.
        topology: pools and classes; of several classes of one workload and home, the first takes all.
    """
    names = [pool.name for pool in topology.pools]
    rows: dict[tuple[int, str], int] = {}
    for row, each in enumerate(topology.classes):
        rows.setdefault((names.index(each.home), each.workload), row)
    values = np.zeros((len(topology.classes), *demand.values.shape[1:]))
    unplaced = []
    for label, paths in zip(demand.labels, demand.values, strict=True):
        if not isinstance(label, SeriesKey):
            raise TypeError(f"demand is labelled by {label!r}, which is no key of a series")
        pool = topology.pool_of(label.region, label.accelerator)
        at = None if pool is None else rows.get((pool, label.workload))
        if at is None:
            unplaced.append(label)
        else:
            values[at] += paths
    return ClassDemand(values, tuple(unplaced))
