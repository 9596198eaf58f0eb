"""The unit that demand and supply of pools are told in: one that all accelerators of a pool agree on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from demand.accelerators import AcceleratorNotFound
from demand.errors import Invalid
from demand.history import FloatArray
from demand.paths import DemandPaths
from demand.series import SeriesKey
from demand.units import ACCELERATORS
from planning.conversion import Converter
from planning.pools import Topology
from planning.supply import SupplyPaths


@dataclass(frozen=True)
class Scale:
    """What the numbers of each pool are multiplied by to be told in a unit, path by path.

    Attributes:
        unit: that they are told in.
        supply: one accelerator of each pool in that unit; shape (n_pools, n_paths, n_steps), where an axis along which
            nothing differs may be 1.
        demand: one of what demand is counted in, at home in each pool; of the same shape.
    """

    unit: str
    supply: FloatArray
    demand: FloatArray

    def of_classes(self, topology: Topology) -> FloatArray:
        """The factors of demand by class, in the order of the topology."""
        names = [pool.name for pool in topology.pools]
        return self.demand[[names.index(each.home) for each in topology.classes]]


@dataclass(frozen=True)
class Teller:
    """Turns what is counted by the pools into another unit.

    Demand that is counted in accelerators of one kind, or in what they deliver, becomes accelerators of its pool by the
    rate of the pool, and these become the unit by what is known of them. So supply, demand, and what is between them
    stay comparable, and a use of one half stays one half.

    Attributes:
        unit: to tell in.
        topology: the pools, with their rates and the unit that demand is counted in.
        n_paths: how many paths there are.
        converter: into the unit; None only where the unit is what demand is counted in.
    """

    unit: str
    topology: Topology
    n_paths: int
    converter: Converter | None

    def scale(self, held: Sequence[Iterable[str]]) -> Scale:
        """The factors of all pools.

        Args:
            held: the accelerators of demand and supply in each pool; none in one that has neither.

        Raises:
            Invalid: what it takes is not known of an accelerator, or those of a pool are not alike.
        """
        each = [self._of_pool(row, sorted(set(names))) for row, names in enumerate(held)]
        supply = np.stack(np.broadcast_arrays(*each))
        rates = np.array([pool.rate for pool in self.topology.pools])
        return Scale(self.unit, supply, supply / rates[:, None, None])

    def told(self, demand: DemandPaths) -> DemandPaths:
        """Demand by series, each by its own accelerator, as it is told for pools; series of no pool have no rate.

        Raises:
            Invalid: what it takes is not known of the accelerator of a series.
        """
        if self.unit == self.topology.unit:
            return demand
        values = np.empty_like(demand.values)
        for row, label in enumerate(demand.labels):
            values[row] = demand.values[row]
            if isinstance(label, SeriesKey) and values[row].any():
                values[row] *= self._of_series(label)
        return replace(demand, values=values)

    def _of_series(self, key: SeriesKey) -> FloatArray:
        pool = self.topology.pool_of(key.region, key.accelerator)
        try:
            if pool is None:
                return self._each(key.accelerator, self.topology.unit)
            return self._each(key.accelerator) / self.topology.pools[pool].rate
        except (Invalid, AcceleratorNotFound) as error:
            raise Invalid(f"demand of {key} cannot be told in {self.unit}: {error}") from error

    def _of_pool(self, row: int, names: Sequence[str]) -> FloatArray:
        pool = self.topology.pools[row]
        if self.unit == self.topology.unit:
            return np.full((1, 1), 1.0 if self.unit == ACCELERATORS else pool.rate)
        try:
            each = [self._each(name) for name in names]
        except (Invalid, AcceleratorNotFound) as error:
            raise Invalid(f"pool {pool.name!r} cannot be told in {self.unit}: {error}") from error
        if any(not np.array_equal(other, each[0]) for other in each[1:]):
            raise Invalid(
                f"pool {pool.name!r} cannot be told in {self.unit}: it holds {', '.join(names)}, which are not alike; "
                "tell them apart by pool_by=region,accelerator or in PUT /v1/pools, or ask for another unit"
            )
        return each[0] if each else np.ones((1, 1))

    def _each(self, accelerator: str, counted: str = ACCELERATORS) -> FloatArray:
        """What one of what is counted is in the unit, broadcastable to (n_paths, n_steps)."""
        if self.converter is None:
            raise Invalid(f"nothing turns accelerators into {self.unit}")
        return self.converter.convert(np.ones((self.n_paths, 1)), counted, accelerator)


def held_by_pools(topology: Topology, demand: DemandPaths, supply: SupplyPaths) -> list[set[str]]:
    """The accelerators of all demand and supply that each pool has, empty names for what names none."""
    held: list[set[str]] = [set() for _ in topology.pools]
    for label, values in zip(demand.labels, demand.values, strict=True):
        if isinstance(label, SeriesKey) and values.any():
            row = topology.pool_of(label.region, label.accelerator)
            if row is not None:
                held[row].add(label.accelerator)
    for block, row in zip(supply.blocks, supply.pool_rows, strict=True):
        held[row].add(block.accelerator)
    return held
