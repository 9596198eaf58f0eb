"""What planning knows of supply: the ledger, the pools in force and the power of accelerators."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from demand.accelerators import AcceleratorNotFound, Catalogue
from demand.errors import Invalid
from demand.history import FloatArray
from demand.series import Selection, SeriesKey
from demand.units import ACCELERATORS, MEGAWATTS
from forecasting.dependence import SHARED_SEED
from planning.conversion import Converter
from planning.ledger import Block, Commitment
from planning.pools import PLACE, Topology, default_topology
from planning.telling import Teller
from service.store.topologies import StoredTopology
from service.store.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Told:
    """The unit of an answer.

    Attributes:
        unit: that levels are told in; None for what they are counted in.
        model_class: of language models, for tokens per second.
    """

    unit: str | None = None
    model_class: str = ""


AS_COUNTED = Told()


@dataclass(frozen=True)
class SupplyAhead:
    """What is stored of supply.

    Attributes:
        blocks: of the ledger, as far as they are selected.
        pools: the pools in force; None where none are stored, or others are asked for.
        pool_by: what tells pools apart where none are given.
        catalogue: what is known of accelerators.
    """

    blocks: tuple[Block, ...]
    pools: StoredTopology | None
    pool_by: tuple[str, ...]
    catalogue: Catalogue

    @property
    def unit(self) -> str:
        """The unit that demand is counted in."""
        return ACCELERATORS if self.pools is None else self.pools.topology.unit

    @property
    def currency(self) -> str:
        """The currency of the ledger; empty if it holds no block."""
        return next((block.currency for block in self.blocks), "")

    def topology(self, demand: Sequence[SeriesKey]) -> Topology:
        """The pools in force, or those that follow from demand and supply."""
        if self.pools is not None:
            return self.pools.topology
        counted = [block for block in self.blocks if Commitment.EVERYTHING.counts(block)]
        return default_topology(demand, [(block.region, block.accelerator) for block in counted], self.pool_by)

    def megawatts_each(self, n_paths: int) -> dict[str, FloatArray]:
        """Power of one accelerator of each kind that blocks in megawatts are of, path by path, where it is known."""
        return self.power_of({block.accelerator for block in self.blocks if block.unit == MEGAWATTS}, n_paths)

    def teller(self, told: "Told", topology: Topology, hours: FloatArray, n_paths: int) -> Teller | None:
        """What turns levels of these pools into a unit; None where they are to be left as they are counted.

        Raises:
            Invalid: the unit does not convert, or the class of models that it needs is not given.
        """
        if told.unit is None or told.unit == topology.unit == ACCELERATORS:
            return None
        if told.unit == topology.unit:
            return Teller(told.unit, topology, n_paths, None)
        converter = Converter(self.catalogue, told.unit, hours, told.model_class, SHARED_SEED)
        return Teller(told.unit, topology, n_paths, converter)

    def power_of(self, accelerators: Iterable[str], n_paths: int) -> dict[str, FloatArray]:
        """Megawatts of one accelerator of each kind, path by path, where it is known; arrays of shape (n_paths,)."""
        converter = Converter(self.catalogue, MEGAWATTS, np.ones(1), seed=SHARED_SEED)
        known = {}
        for name in accelerators:
            try:
                known[name] = converter.convert(np.ones((n_paths, 1)), ACCELERATORS, name)[:, 0]
            except (AcceleratorNotFound, Invalid):
                continue
        return known


def supply_ahead(
    unit: UnitOfWork,
    selection: Selection,
    pool_by: tuple[str, ...] | None = None,
    *,
    as_of: datetime | None = None,
) -> SupplyAhead:
    """What is stored of supply for a part of the fleet.

    Args:
        unit: the store.
        selection: blocks are selected by provider, region and accelerator; what a block leaves open is.
        pool_by: what tells pools apart; None for the pools in force.
        as_of: the ledger and the pools as they were at this instant, None for now; what is known of accelerators is
            what is known now.

    Raises:
        Invalid: nothing was in the ledger yet at that instant, or it is still to come.
    """
    if as_of is not None:
        _check_instant(unit, as_of)
    pools = unit.topologies.newest(as_of=as_of) if pool_by is None else None
    blocks = tuple(ledger(unit, selection, as_of=as_of))
    return SupplyAhead(blocks, pools, PLACE if pool_by is None else pool_by, unit.accelerators.catalogue())


def _check_instant(unit: UnitOfWork, as_of: datetime) -> None:
    now, first = unit.now(), unit.capacity.first_changed_at()
    if as_of > now:
        raise Invalid(
            f"as_of={as_of.isoformat()} is still to come (it is {now.isoformat(timespec='seconds')}), and nobody knows "
            "what the ledger says then; name a past instant, or compare scenarios"
        )
    if first is None:
        raise Invalid("the ledger never held a block, so it has no past; leave as_of out, or enter blocks")
    if as_of < first:
        raise Invalid(
            f"as_of={as_of.isoformat()} is before the first entry of the ledger, of {first.isoformat()}; name an "
            "instant from then on"
        )


def ledger(unit: UnitOfWork, selection: Selection, *, as_of: datetime | None = None) -> list[Block]:
    """The blocks, now or then, whose provider, region and accelerator are selected; what a block leaves open is."""
    wanted = {name: values for name, values in selection.conditions().items() if name in ("provider", *PLACE)}
    return [
        stored.block
        for stored in unit.capacity.find(as_of=as_of)
        if all(getattr(stored.block, name) in ("", *accepted) for name, accepted in wanted.items())
    ]
